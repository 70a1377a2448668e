//! Those who watch what commands do: a bounded number, each with a bounded queue. Who does not
//! keep up loses events and is told how many; no connection ever waits for a watcher.

use super::{NoSession, Sessions};
use crate::admin::trace::record::{Event, Header, What};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};
use tokio::sync::mpsc;

/// Watchers at once: each event of a watched session is made once for each.
pub(crate) const MAX_WATCHERS: usize = 8;

/// Events that wait for one watcher: those of a thousand small commands. At most some 8 MiB.
pub(crate) const QUEUE: usize = 4096;

/// Which sessions somebody watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// All of this user, those that come later too.
    User(String),
    /// One, by its name.
    Session(String),
}

/// Why nobody more can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// There are as many as there may be.
    #[error("{MAX_WATCHERS} are watching already; end one of them first")]
    TooMany,
    /// See [`NoSession`].
    #[error(transparent)]
    NoSession(#[from] NoSession),
}

/// All watchers of a server.
#[derive(Default)]
pub(crate) struct Watchers {
    /// Grows when connections have to look anew whether they are watched.
    generation: AtomicU64,
    list: Mutex<Vec<Arc<Watcher>>>,
}

/// One watcher, seen from the connections.
pub(crate) struct Watcher {
    pub(crate) of: Watched,
    pub(super) start: Instant,
    queue: mpsc::Sender<Event>,
    lost: Arc<AtomicU64>,
}

/// Somebody's view of sessions: events as they happen. Dropping it ends the watching.
pub struct Watching {
    sessions: Sessions,
    header: Header,
    queue: mpsc::Receiver<Event>,
    lost: Arc<AtomicU64>,
    /// What comes behind the news that some were lost.
    held: Option<Event>,
}

impl Sessions {
    /// Watches the commands of some sessions from now on.
    ///
    /// # Errors
    /// [`WatchError`].
    pub fn watch(&self, of: Watched) -> Result<Watching, WatchError> {
        if let Watched::Session(id) = &of
            && !self.contains(id)
        {
            return Err(NoSession.into());
        }
        let (sender, queue) = mpsc::channel(QUEUE);
        let lost = Arc::<AtomicU64>::default();
        let header = Header::new(SystemTime::now(), &of);
        let watcher = Watcher { of, start: super::now(), queue: sender, lost: Arc::clone(&lost) };
        let mut list = self.0.watchers.list();
        if list.len() >= MAX_WATCHERS {
            return Err(WatchError::TooMany);
        }
        list.push(Arc::new(watcher));
        drop(list);
        self.0.watchers.reconsider();
        Ok(Watching { sessions: self.clone(), header, queue, lost, held: None })
    }
}

impl Watching {
    /// What a recording of it begins with.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next event; `None` when the server has ended. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.held.take() {
            return Some(event);
        }
        let next = self.queue.recv().await;
        let events = self.lost.swap(0, Ordering::Relaxed);
        if events == 0 {
            return next;
        }
        let at = next.as_ref().map_or(0, |event| event.at);
        self.held = next;
        Some(Event { at, session: String::new(), job: 0, what: What::Lost { events } })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let watchers = self.sessions.watchers();
        watchers.list().retain(|watcher| !Arc::ptr_eq(&watcher.lost, &self.lost));
        watchers.reconsider();
    }
}

impl Watched {
    pub(crate) fn matches(&self, session: &str, user: Option<&str>) -> bool {
        match self {
            Self::User(name) => user == Some(name),
            Self::Session(id) => id == session,
        }
    }
}

impl Watchers {
    /// A number that changes when connections have to look anew whether they are watched.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Makes connections look anew.
    pub(crate) fn reconsider(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    /// Everybody who watches.
    pub(crate) fn all(&self) -> Vec<Arc<Watcher>> {
        self.list().clone()
    }

    /// Ends all watching: what was told is still read, then nothing comes.
    pub(crate) fn end(&self) {
        self.list().clear();
        self.reconsider();
    }

    fn list(&self) -> MutexGuard<'_, Vec<Arc<Watcher>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    pub(super) fn push(&self, event: Event) {
        if self.queue.try_send(event).is_err() {
            self.lose(1);
        }
    }

    /// Counts events that could not be told.
    pub(crate) fn lose(&self, events: u64) {
        self.lost.fetch_add(events, Ordering::Relaxed);
    }
}
