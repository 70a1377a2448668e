//! What waits for the writer.

use super::Batch;
use crate::operation::{Failure, Operation};
use crate::{Error, MailboxId, Reclaimed};
use tokio::sync::oneshot;

/// What the writer is asked to do.
pub(crate) enum Request {
    /// A change.
    Change(Box<dyn Pending>),
    /// Reclaim what can be, now.
    Reclaim(oneshot::Sender<Result<Reclaimed, Error>>),
    /// Answer when all that came before is done.
    Drain(oneshot::Sender<()>),
}

/// An operation of any kind with the one who waits for its answer.
pub(crate) trait Pending: Send {
    fn octets(&self) -> usize;
    /// Applies it anew, forgetting what it came to before; tells the mailbox that must be loaded
    /// first.
    fn apply(&mut self, batch: &mut Batch) -> Option<MailboxId>;
    /// It fails, whatever it came to.
    fn fail(&mut self, error: Error);
    /// Tells the caller what it came to.
    fn answer(self: Box<Self>);
}

struct Queued<O: Operation> {
    operation: O,
    outcome: Result<O::Answer, Error>,
    reply: oneshot::Sender<Result<O::Answer, Error>>,
}

/// Where an operation's answer comes.
pub(crate) type Answer<O> = oneshot::Receiver<Result<<O as Operation>::Answer, Error>>;

/// An operation ready for the queue, and where its answer comes.
pub(crate) fn pending<O: Operation>(operation: O) -> (Box<dyn Pending>, Answer<O>) {
    let (reply, answer) = oneshot::channel();
    let outcome = Err(Error::bug("the operation was not applied"));
    (Box::new(Queued { operation, outcome, reply }), answer)
}

impl<O: Operation> Pending for Queued<O> {
    fn octets(&self) -> usize {
        self.operation.octets()
    }

    fn apply(&mut self, batch: &mut Batch) -> Option<MailboxId> {
        match self.operation.apply(batch) {
            Ok(answer) => self.outcome = Ok(answer),
            Err(Failure::Error(error)) => self.outcome = Err(error),
            Err(Failure::Load(mailbox)) => return Some(mailbox),
        }
        None
    }

    fn fail(&mut self, error: Error) {
        self.outcome = Err(error);
    }

    fn answer(self: Box<Self>) {
        // The caller may have gone; the change stands.
        let _ = self.reply.send(self.outcome);
    }
}
