//! Who is connected: a table of sessions that an administrator may list, watch and end.
//!
//! - [`Sessions`]: the handle. `Seat`: one connection's entry, which it gives back at its end.
//! - `watching`: those who look at what commands do. While there is none, a connection pays one
//!   load of a number for each time that it is polled.

mod watching;

pub use watching::{WatchError, Watched, Watching};
pub(crate) use watching::{Watcher, Watchers};

use crate::admin::trace::record::{Event, What};
use crate::log::{Peer, SessionId};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};
use tokio_util::sync::CancellationToken;

/// The sessions of a running server. Cheap to clone.
#[derive(Clone, Default)]
pub struct Sessions(Arc<Table>);

#[derive(Default)]
struct Table {
    seats: Mutex<BTreeMap<SessionId, Arc<Seat>>>,
    watchers: Watchers,
}

/// One session, as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its name, as in the log.
    pub id: String,
    /// Who is logged in.
    pub user: Option<String>,
    /// Where the client is.
    pub from: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// When it connected.
    pub since: SystemTime,
    /// The names of the commands that run now, in no order; IDLE is one.
    pub running: Vec<&'static str>,
}

/// No session has this name, or none any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such session")]
pub struct NoSession;

/// One connection's entry in the table.
pub(crate) struct Seat {
    id: SessionId,
    peer: Peer,
    since: SystemTime,
    tls: AtomicBool,
    user: Mutex<Option<Arc<str>>>,
    running: Mutex<Vec<&'static str>>,
    /// Commands of the time before TLS: numbers begin anew with it, those in traces go on.
    earlier: AtomicU64,
    /// Tells the connection to end.
    pub(crate) closing: CancellationToken,
    sessions: Sessions,
}

/// Keeps a seat taken; frees it when dropped.
pub(crate) struct Taken(pub(crate) Arc<Seat>);

impl Sessions {
    /// Everybody who is connected, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<SessionInfo> {
        self.seats().values().map(|seat| seat.info()).collect()
    }

    /// Says BYE to a session's client and closes it.
    ///
    /// # Errors
    /// [`NoSession`].
    pub fn end(&self, id: &str) -> Result<(), NoSession> {
        self.seats().values().find(|seat| seat.name() == id).ok_or(NoSession)?.closing.cancel();
        Ok(())
    }

    /// Whether there is a session of this name.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.seats().values().any(|seat| seat.name() == id)
    }

    pub(crate) fn seat(
        &self,
        id: SessionId,
        peer: Peer,
        tls: bool,
        closing: &CancellationToken,
    ) -> Taken {
        let seat = Arc::new(Seat {
            id,
            peer,
            since: SystemTime::now(),
            tls: tls.into(),
            user: Mutex::default(),
            running: Mutex::default(),
            earlier: AtomicU64::new(0),
            closing: closing.child_token(),
            sessions: self.clone(),
        });
        self.seats().insert(id, Arc::clone(&seat));
        Taken(seat)
    }

    pub(crate) fn watchers(&self) -> &Watchers {
        &self.0.watchers
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Seat>>> {
        // Whole entries come and go: no panic leaves one half done.
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let seat = &self.0;
        seat.sessions.seats().remove(&seat.id);
        for watcher in seat.watchers().all() {
            if watcher.of.matches(&seat.name(), seat.user().as_deref()) {
                watcher.tell(now(), &seat.name(), 0, What::Closed);
            }
        }
    }
}

impl Seat {
    /// The session's name, as in the log.
    pub(crate) fn name(&self) -> String {
        self.id.to_string()
    }

    pub(crate) fn user(&self) -> Option<Arc<str>> {
        self.named().clone()
    }

    fn named(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.user.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watchers(&self) -> &Watchers {
        self.sessions.watchers()
    }

    /// Somebody has logged in: who watches this user sees the session from now on.
    pub(crate) fn log_in(&self, user: &str) {
        *self.named() = Some(user.into());
        if !self.watchers().is_empty() {
            self.watchers().reconsider();
        }
    }

    /// UNAUTHENTICATE: who it was.
    pub(crate) fn log_out(&self) -> Option<Arc<str>> {
        self.named().take()
    }

    /// The answer to UNAUTHENTICATE is on its way: who watches the user is done with this session.
    pub(crate) fn left(&self) {
        if !self.watchers().is_empty() {
            self.watchers().reconsider();
        }
    }

    pub(crate) fn set_running(&self, commands: impl Iterator<Item = &'static str>) {
        let mut running = self.running();
        running.clear();
        running.extend(commands);
    }

    fn running(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// TLS begins, and with it a new count of commands: `commands` were counted until now.
    pub(crate) fn secured(&self, commands: u64) {
        self.tls.store(true, Ordering::Relaxed);
        self.earlier.store(commands, Ordering::Relaxed);
    }

    pub(crate) fn earlier_commands(&self) -> u64 {
        self.earlier.load(Ordering::Relaxed)
    }

    pub(crate) fn introduction(&self) -> What {
        What::Session {
            user: self.user().map(|user| user.to_string()),
            from: self.peer.remote.to_string(),
            tls: self.tls.load(Ordering::Relaxed),
        }
    }

    fn info(&self) -> SessionInfo {
        SessionInfo {
            id: self.name(),
            user: self.user().map(|user| user.to_string()),
            from: self.peer.remote,
            tls: self.tls.load(Ordering::Relaxed),
            since: self.since,
            running: self.running().clone(),
        }
    }
}

/// The present, by the clock that tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Watcher {
    /// Gives an event to whoever watches; never waits.
    pub(crate) fn tell(&self, at: Instant, session: &str, job: u64, what: What) {
        let at = at.saturating_duration_since(self.start).as_micros();
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        self.push(Event { at, session: session.to_owned(), job, what });
    }
}
