//! The commands in progress of one connection: futures that run in the connection's own task.

use super::link::Link;
use super::slot::Slot;
use crate::command::{self, Deed};
use crate::host::{Job, Outcome};
use crate::options::Pace;
use futures_util::future::{AbortHandle, Abortable, BoxFuture, CatchUnwind, FutureExt};
use futures_util::stream::{FuturesUnordered, Stream};
use peregrine_session::JobId;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How a command ended: its outcome, or what it panicked with.
pub(super) type Ended = Result<Box<Outcome>, Box<dyn Any + Send>>;

/// A command that has ended, with what it left to be sent.
pub(super) type Finished = (JobId, Arc<Slot>, Ended);

type Running = Abortable<Numbered>;

/// The commands in progress.
#[derive(Default)]
pub(super) struct Jobs {
    running: FuturesUnordered<Running>,
    entries: Vec<Entry>,
    changed: bool,
    /// The meeting place of a command that has ended, for the next one.
    spare: Option<Arc<Slot>>,
}

struct Entry {
    id: JobId,
    name: &'static str,
    slot: Arc<Slot>,
    abort: AbortHandle,
}

/// A command's future, which tells its number at the end.
struct Numbered {
    id: JobId,
    deed: CatchUnwind<AssertUnwindSafe<BoxFuture<'static, Box<Outcome>>>>,
}

impl Future for Numbered {
    type Output = (JobId, Ended);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.id;
        self.deed.poll_unpin(cx).map(|ended| (id, ended))
    }
}

/// A command that takes its time.
fn paced(pace: Pace, deed: BoxFuture<'static, Box<Outcome>>) -> BoxFuture<'static, Box<Outcome>> {
    let paced = async move {
        tokio::time::sleep(pace()).await;
        let outcome = deed.await;
        tokio::time::sleep(pace()).await;
        outcome
    };
    paced.boxed()
}

impl Jobs {
    /// Starts a command and runs it until it waits. Most end at once, and cost no place among those
    /// that wait.
    #[inline]
    pub(super) fn start(
        &mut self,
        cx: &mut Context<'_>,
        job: Job,
        link: &Arc<Link>,
    ) -> Option<Finished> {
        let slot = self.spare.take().unwrap_or_default();
        let Job { id, tag, body, context, enabled } = job;
        let deed = Deed { link: Arc::clone(link), slot: Arc::clone(&slot), tag, context, enabled };
        // A panic ends the session, and the command must not be polled again, so that no state
        // that it left half done is ever seen.
        let name = body.name();
        let deed = command::run(deed, *body);
        let deed = match &link.shared.options.pace {
            Some(pace) => paced(Arc::clone(pace), deed),
            None => deed,
        };
        let mut deed = AssertUnwindSafe(deed).catch_unwind();
        if let Poll::Ready(ended) = deed.poll_unpin(cx) {
            return Some((id, slot, ended));
        }
        let (abort, registration) = AbortHandle::new_pair();
        self.running.push(Abortable::new(Numbered { id, deed }, registration));
        self.entries.push(Entry { id, name, slot, abort });
        self.changed = true;
        None
    }

    /// Keeps the meeting place of a command that has ended, if it is as good as new.
    pub(super) fn take_back(&mut self, mut slot: Arc<Slot>) {
        if Arc::get_mut(&mut slot).is_some_and(Slot::is_unused) {
            self.spare = Some(slot);
        }
    }

    /// Drops a command that nobody waits for. What it gave to the store is done or not, as a
    /// whole.
    pub(super) fn cancel(&mut self, id: JobId) {
        if let Some(entry) = self.remove(id) {
            entry.abort.abort();
        }
    }

    /// Hands a command the client's line.
    pub(super) fn line(&mut self, id: JobId, line: bytes::Bytes) {
        if let Some(entry) = self.entries.iter().find(|entry| entry.id == id) {
            entry.slot.push_line(line);
        }
    }

    /// Runs the commands until one of them ends; `None` while all wait.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Option<Finished> {
        loop {
            match Pin::new(&mut self.running).poll_next(cx) {
                Poll::Ready(Some(Ok((id, ended)))) => {
                    if let Some(entry) = self.remove(id) {
                        return Some((id, entry.slot, ended));
                    }
                }
                // Cancelled.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) | Poll::Pending => return None,
            }
        }
    }

    /// Whether none is in progress.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The names of those in progress.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.entries.iter().map(|entry| entry.name)
    }

    /// Whether one has begun or ended since the last call.
    pub(super) fn changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The commands that have something to send.
    pub(super) fn slots(&self) -> impl Iterator<Item = (JobId, &Arc<Slot>)> {
        self.entries.iter().map(|entry| (entry.id, &entry.slot))
    }

    fn remove(&mut self, id: JobId) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.id == id)?;
        self.changed = true;
        Some(self.entries.swap_remove(index))
    }
}
