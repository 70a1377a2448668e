//! What all handles of an account share, and what they see of it.

use crate::headers::HeaderCache;
use crate::reclaim::Readers;
use crate::row::head::Head;
use crate::search::SharedTexts;
use crate::view::MailboxView;
use crate::{AccountId, MailboxId, Tree};
use arc_swap::ArcSwap;
use peregrine_kv::Engine;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use tokio::sync::{Notify, watch};

/// What handles and the writer share. The writer holds no handle, so that it ends with the last.
pub(crate) struct Core {
    pub id: AccountId,
    pub engine: Arc<dyn Engine>,
    /// Headers in memory, of all accounts.
    pub headers: Arc<HeaderCache>,
    /// What searches that run at the same time have in common.
    pub texts: SharedTexts,
    /// What is committed.
    pub state: ArcSwap<State>,
    /// Wakes at each change of the tree.
    pub tree_changes: watch::Sender<u64>,
    /// Wakes the writer when nobody looks any more at what waits to be reclaimed.
    pub unread: Arc<Notify>,
}

/// What is committed: all names and mailboxes.
#[derive(Default)]
pub(crate) struct State {
    pub tree: Arc<Tree>,
    pub slots: Arc<Slots>,
}

/// All mailboxes of an account.
pub(crate) type Slots = HashMap<MailboxId, Arc<Slot>>;

/// A mailbox, open or not.
pub(crate) struct Slot {
    pub id: MailboxId,
    pub readers: Arc<Readers>,
    head: Mutex<Head>,
    opened: Mutex<Weak<Opened>>,
    /// Whether `head` tells of claims that are not committed.
    claimed: AtomicBool,
}

impl Slot {
    pub(crate) fn new(id: MailboxId, head: Head, unread: &Arc<Notify>) -> Self {
        Self {
            id,
            readers: Arc::new(Readers::new(unread)),
            head: Mutex::new(head),
            opened: Mutex::default(),
            claimed: AtomicBool::new(false),
        }
    }

    pub(crate) fn head(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn opened(&self) -> Option<Arc<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    pub(crate) fn set_opened(&self, opened: &Arc<Opened>) {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(opened);
    }

    /// Notes that a session claimed the recent messages below `next`; tells from where on.
    pub(crate) fn claim(&self, newest: &MailboxView, next: u32) -> u32 {
        let mut head = self.head();
        let from = head.recent_from;
        if next > from {
            head.recent_from = next;
            head.recent = newest.version().recent(next);
            self.claimed.store(true, Ordering::Release);
        }
        from
    }

    /// A new version was committed by this process.
    pub(crate) fn publish(&self, view: &MailboxView) {
        let mut head = self.head();
        // A claim may have been made while the commit ran.
        *head = view.version().head(head.recent_from);
    }

    /// The head as the engine has it, after another process may have changed it.
    pub(crate) fn renew(&self, stored: Head) {
        let mut head = self.head();
        let from = head.recent_from;
        *head = stored;
        if from > stored.recent_from {
            // What was claimed here stays claimed; how many came since is counted when loaded.
            head.recent_from = from;
            head.recent = stored.recent.min(stored.uid_next.0.get().saturating_sub(from));
        }
    }

    /// Whether claims were made since this was last asked.
    pub(crate) fn take_claimed(&self) -> bool {
        self.claimed.swap(false, Ordering::AcqRel)
    }
}

/// A mailbox in memory.
pub(crate) struct Opened {
    pub slot: Arc<Slot>,
    view: RwLock<MailboxView>,
    changes: watch::Sender<u64>,
    deleted: AtomicBool,
}

impl Opened {
    pub(crate) fn new(slot: &Arc<Slot>, view: MailboxView) -> Arc<Self> {
        let opened = Arc::new(Self {
            slot: Arc::clone(slot),
            changes: watch::Sender::new(view.mod_seq().0),
            view: RwLock::new(view),
            deleted: AtomicBool::new(false),
        });
        slot.set_opened(&opened);
        opened
    }

    pub(crate) fn view(&self) -> MailboxView {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn publish(&self, view: MailboxView) {
        let mod_seq = view.mod_seq().0;
        let old = {
            let mut current = self.view.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, view)
        };
        drop(old);
        self.changes.send_replace(mod_seq);
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    pub(crate) fn delete(&self) {
        self.deleted.store(true, Ordering::Release);
        self.changes.send_modify(|_| {});
    }
}
