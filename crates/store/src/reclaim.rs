//! Gives back what nobody can see any more: bodies and digests of messages that were expunged,
//! once no view of this process holds them, and what a crash left.
//!
//! Garbage is told by rows that the change itself wrote. Reclaiming is a commit like any other, so
//! that two processes never give back the same reference twice. An object is first marked, then
//! deleted, then its mark goes: appending expects that there is no mark.

mod release;
mod step;

use crate::account::Slot;
use crate::row::garbage::Garbage;
use peregrine_proto::ModSeq;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What was given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reclaimed {
    /// Messages that left a mailbox for good.
    pub messages: u64,
    /// Bodies that nothing referred to any more.
    pub bodies: u64,
    /// Whether there is more that a living view still holds.
    pub held: bool,
}

/// A row of garbage, and who may still look at what it names.
pub(crate) struct Waiting {
    pub number: u64,
    /// The mailbox, and the MODSEQ before which versions show it; `None` for what was left over
    /// when the account was loaded, for nobody looks at that here.
    pub seen: Option<(Arc<Slot>, ModSeq)>,
}

impl Waiting {
    /// Of a batch that was committed.
    pub(crate) fn new((number, _, slot, mod_seq): (u64, Garbage, Arc<Slot>, ModSeq)) -> Self {
        slot.readers.set_awaited(true);
        Self { number, seen: Some((slot, mod_seq)) }
    }

    /// Found when the account was loaded.
    pub(crate) fn left_over((number, _): (u64, Garbage)) -> Self {
        Self { number, seen: None }
    }

    /// Whether nobody looks any more.
    pub(crate) fn is_ready(&self) -> bool {
        let oldest = self.seen.as_ref().map(|(slot, mod_seq)| (slot.readers.oldest(), *mod_seq));
        !matches!(oldest, Some((Some(oldest), mod_seq)) if oldest < mod_seq)
    }
}

/// Which versions of a mailbox somebody looks at.
pub(crate) struct Readers {
    alive: Mutex<BTreeMap<ModSeq, usize>>,
    /// Whether garbage waits for versions to be left.
    awaited: AtomicBool,
    unread: Arc<Notify>,
}

impl Readers {
    /// Nobody looks yet; `unread` is told when somebody leaves whom garbage waits for.
    pub(crate) fn new(unread: &Arc<Notify>) -> Self {
        let unread = Arc::clone(unread);
        Self { alive: Mutex::default(), awaited: AtomicBool::new(false), unread }
    }

    /// Garbage waits, or waits no more.
    pub(crate) fn set_awaited(&self, awaited: bool) {
        self.awaited.store(awaited, Ordering::Release);
    }

    /// A version was published.
    pub(crate) fn enter(&self, mod_seq: ModSeq) {
        *self.lock().entry(mod_seq).or_default() += 1;
    }

    /// Nobody looks at it any more.
    pub(crate) fn leave(&self, mod_seq: ModSeq) {
        let mut alive = self.lock();
        if let Some(count) = alive.get_mut(&mod_seq) {
            *count -= 1;
            if *count == 0 {
                alive.remove(&mod_seq);
            }
        }
        drop(alive);
        if self.awaited.load(Ordering::Acquire) {
            self.unread.notify_one();
        }
    }

    /// The oldest version that somebody looks at.
    pub(crate) fn oldest(&self) -> Option<ModSeq> {
        self.lock().keys().next().copied()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ModSeq, usize>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
