//! Hints that something changed: bounded, merged, and never a promise of what changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// What is watched, for instance one mailbox: at most [`MAX_KEY`](crate::MAX_KEY) bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(pub Bytes);

impl<T: Into<Bytes>> From<T> for Topic {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Something may have changed under these topics, in their order.
    Topics(Vec<Topic>),
    /// Something may have changed under any of the watched topics: read all again.
    Lagged,
}

/// Waits for hints. Its memory is bounded by the watched topics: hints that wait are merged.
pub struct Watcher {
    topics: Vec<Topic>,
    slot: Arc<Slot>,
    registry: Arc<Registry>,
}

impl Watcher {
    /// The next hint; `None` once the engine is closed and all was told. Cancelling loses nothing.
    pub async fn changed(&mut self) -> Option<Hint> {
        loop {
            let told = self.slot.notify.notified();
            if let Some(answer) = self.slot.take() {
                return answer;
            }
            told.await;
        }
    }

    /// A hint that waits already.
    pub fn try_changed(&mut self) -> Option<Hint> {
        self.slot.take().flatten()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watched = self.registry.lock();
        for topic in &self.topics {
            if let Some(slots) = watched.slots.get_mut(topic) {
                slots.retain(|slot| !Arc::ptr_eq(slot, &self.slot));
                if slots.is_empty() {
                    watched.slots.remove(topic);
                }
            }
        }
    }
}

/// Who watches what, in one engine.
#[derive(Default)]
pub(crate) struct Registry {
    watched: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    slots: HashMap<Topic, Vec<Arc<Slot>>>,
    closed: bool,
}

impl Registry {
    /// A new watcher, and whether it is the first one.
    pub(crate) fn watch(self: &Arc<Self>, topics: &[Topic]) -> (Watcher, bool) {
        let slot = Arc::new(Slot::default());
        let mut topics = topics.iter().cloned().collect::<BTreeSet<_>>();
        if topics.is_empty() {
            // Even who watches nothing is told of the end.
            topics.insert(Topic(Bytes::new()));
        }
        let topics: Vec<Topic> = topics.into_iter().collect();
        let mut watched = self.lock();
        let first = watched.slots.is_empty();
        slot.lock().closed = watched.closed;
        for topic in &topics {
            watched.slots.entry(topic.clone()).or_default().push(Arc::clone(&slot));
        }
        drop(watched);
        (Watcher { topics, slot, registry: Arc::clone(self) }, first)
    }

    /// Tells those who watch any of `topics`.
    pub(crate) fn tell(&self, topics: &[Topic]) {
        if topics.is_empty() {
            return;
        }
        let watched = self.lock();
        for topic in topics {
            for slot in watched.slots.get(topic).into_iter().flatten() {
                slot.tell(|waiting| {
                    waiting.topics.insert(topic.clone());
                });
            }
        }
    }

    /// Tells everybody that anything may have changed.
    pub(crate) fn tell_all(&self) {
        self.each(|waiting| waiting.lagged = true);
    }

    /// Ends every watcher, those to come too.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.each(|waiting| waiting.closed = true);
    }

    /// Whether nobody watches.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().slots.is_empty()
    }

    fn each(&self, change: impl Fn(&mut Waiting)) {
        for slot in self.lock().slots.values().flatten() {
            slot.tell(&change);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one watcher has not been told yet.
#[derive(Default)]
struct Slot {
    waiting: Mutex<Waiting>,
    notify: Notify,
}

#[derive(Default)]
struct Waiting {
    topics: BTreeSet<Topic>,
    lagged: bool,
    closed: bool,
}

impl Slot {
    fn tell(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut self.lock());
        self.notify.notify_one();
    }

    fn take(&self) -> Option<Option<Hint>> {
        let mut waiting = self.lock();
        if std::mem::take(&mut waiting.lagged) {
            waiting.topics.clear();
            return Some(Some(Hint::Lagged));
        }
        if !waiting.topics.is_empty() {
            let topics = std::mem::take(&mut waiting.topics);
            return Some(Some(Hint::Topics(topics.into_iter().collect())));
        }
        waiting.closed.then_some(None)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
