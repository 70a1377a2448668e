//! What the server tells by itself, for whoever wants to know.

use crate::capabilities::Capabilities;
use crate::error::Lost;
use crate::message::Message;
use crate::oddity::Tolerated;
use bytestring::ByteString;
use futures_util::Stream;
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::{ListData, Progress, ResponseText, StatusData};
use peregrine_proto::{Flag, MailboxName, SequenceNumber, Status, Uid};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Something that the server told. Everything untagged is here, whether a command asked for it or
/// not, but for the octets of bodies.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Update {
    /// A mailbox was selected, or selected anew: earlier numbers mean nothing any more.
    Selected(MailboxName),
    /// No mailbox is selected any more.
    Deselected,
    /// So many messages are in the selected mailbox.
    Exists(u32),
    /// So many of them are recent.
    Recent(u32),
    /// A message is gone: all behind it are renumbered.
    Expunged {
        /// Its number until now.
        number: SequenceNumber,
        /// Its UID, where the server had told it.
        uid: Option<Uid>,
    },
    /// Messages are gone, by UID: in place of `Expunged` once QRESYNC is enabled. All behind them
    /// are renumbered. As ranges, which the server bounds by the count of messages.
    Vanished(UidRanges),
    /// What is known of a message changed or was told, such as its flags.
    Message(Box<Message>),
    /// Flags in use in the selected mailbox.
    Flags(Vec<Flag>),
    /// A mailbox.
    List(ListData),
    /// Counts of a mailbox.
    Status(StatusData),
    /// What the server can do.
    Capabilities(Arc<Capabilities>),
    /// The server says something to whoever reads logs.
    Notice {
        /// Information, warning or error.
        status: Status,
        /// Code and words, without control characters.
        text: ResponseText,
    },
    /// A command that takes long goes on (RFC 9585).
    Progress(Progress),
    /// Must be shown to the user (RFC 3501 §7.1). Only what came under TLS, or where none is
    /// wanted.
    Alert(ByteString),
    /// The server does something odd that we put up with.
    Oddity(Tolerated),
    /// You have not read for too long, and updates were left out, perhaps EXPUNGEs: forget what
    /// you know of numbers, flags and counts. What follows is whole again, beginning with the
    /// selected mailbox's count, if one is selected.
    Resynchronize {
        /// How many messages are in the selected mailbox now.
        exists: Option<u32>,
    },
    /// The connection ended. Nothing comes after it.
    Lost(Arc<Lost>),
}

/// A stream of updates, from the moment it was made. It is bounded: see
/// [`Settings::updates`](crate::Settings::updates).
#[derive(Debug)]
pub struct Updates {
    queue: Arc<Mutex<Queue>>,
}

#[derive(Debug)]
struct Queue {
    updates: VecDeque<Update>,
    limit: usize,
    /// Updates were left out: the first entry is `Resynchronize`, and none is added until it is
    /// read.
    lagging: bool,
    /// Nothing comes any more.
    ended: bool,
    waker: Option<Waker>,
}

/// The driver's end.
#[derive(Debug)]
pub(crate) struct Subscriber(Arc<Mutex<Queue>>);

impl Updates {
    pub(crate) fn new(limit: usize) -> (Subscriber, Self) {
        let queue =
            Queue { updates: VecDeque::new(), limit, lagging: false, ended: false, waker: None };
        let queue = Arc::new(Mutex::new(queue));
        (Subscriber(Arc::clone(&queue)), Self { queue })
    }

    /// The next update; `None` after [`Update::Lost`].
    pub async fn next(&mut self) -> Option<Update> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// An update that is there already.
    pub fn try_next(&mut self) -> Option<Update> {
        lock(&self.queue).take()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Update>> {
        let mut queue = lock(&self.queue);
        match queue.take() {
            Some(update) => Poll::Ready(Some(update)),
            None if queue.ended => Poll::Ready(None),
            None => {
                queue.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Stream for Updates {
    type Item = Update;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Update>> {
        self.poll(context)
    }
}

impl Queue {
    fn take(&mut self) -> Option<Update> {
        let update = self.updates.pop_front();
        if matches!(update, Some(Update::Resynchronize { .. })) {
            self.lagging = false;
        }
        update
    }
}

impl Subscriber {
    /// Whether somebody may still read.
    pub(crate) fn is_open(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Adds an update. `exists` is the selected mailbox's count after it.
    pub(crate) fn push(&self, update: &Update, exists: Option<u32>) {
        let mut queue = lock(&self.0);
        let last = matches!(update, Update::Lost(_));
        if queue.lagging && !last {
            // Its number of messages is to be the present one when it is read.
            queue.updates[0] = Update::Resynchronize { exists };
            return;
        }
        if queue.updates.len() >= queue.limit && !last {
            queue.updates.clear();
            queue.updates.push_back(Update::Resynchronize { exists });
            queue.lagging = true;
        } else {
            queue.updates.push_back(update.clone());
        }
        queue.ended |= last;
        if let Some(waker) = queue.waker.take() {
            waker.wake();
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.ended = true;
        if let Some(waker) = queue.waker.take() {
            waker.wake();
        }
    }
}

fn lock(queue: &Mutex<Queue>) -> std::sync::MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Update, Updates};

    /// What is left out is never left out in silence; break `push` to see it.
    #[test]
    fn who_lags_is_told_to_resynchronize() {
        let (subscriber, mut updates) = Updates::new(3);
        for count in 1..=9 {
            subscriber.push(&Update::Exists(count), Some(count));
        }
        assert!(matches!(updates.try_next(), Some(Update::Resynchronize { exists: Some(9) })));
        assert!(updates.try_next().is_none());
        subscriber.push(&Update::Exists(10), Some(10));
        assert!(matches!(updates.try_next(), Some(Update::Exists(10))));
    }
}
