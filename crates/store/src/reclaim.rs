//! Gives back what nobody can see any more: bodies and digests of messages that were expunged,
//! once no view of this process holds them, and what a crash left.

use peregrine_proto::ModSeq;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reclaimed {
    /// Messages that left the store for good.
    pub messages: u64,
    /// Bodies that nothing referred to any more.
    pub bodies: u64,
    /// Whether there is more that a living view still holds.
    pub held: bool,
}

/// Which versions of a mailbox somebody looks at.
#[derive(Default)]
pub(crate) struct Readers {
    alive: Mutex<BTreeMap<ModSeq, usize>>,
}

impl Readers {
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
    }

    /// The oldest version that somebody looks at.
    pub(crate) fn oldest(&self) -> Option<ModSeq> {
        self.lock().keys().next().copied()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ModSeq, usize>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
