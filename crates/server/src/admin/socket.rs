//! The admin socket of a served folder: for whoever runs the server, and nobody else.
//!
//! A Unix socket `run/admin.socket` in the folder, mode 0600 in a folder of mode 0700. A client
//! writes one [`Request`] as a line of JSON and reads lines of JSON until the end:
//!
//! - [`Request::Sessions`]: a [`SessionLine`] for each session;
//! - [`Request::Trace`]: a recording ([`record`](super::trace::record)), until either side ends it;
//! - [`Request::End`]: one line `{"done":true}`;
//! - anything that cannot be done: one line `{"error":"…"}`.
//!
//! Here is the server's side; [`client`] is the other. Clients, the time for a request and the time
//! that a client may leave what it asked for unread are bounded.

mod answer;
pub mod client;

use super::AdminError;
use crate::sessions::{SessionInfo, Sessions};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The socket's folder in that of the server.
const FOLDER: &str = "run";

/// The socket's name in its folder.
const NAME: &str = "admin.socket";

/// Only the server's own user may enter.
const PRIVATE_FOLDER: u32 = 0o700;

/// Only the server's own user may connect.
const PRIVATE_SOCKET: u32 = 0o600;

/// Clients at once: twice as many as may watch, so that one can still list sessions.
const MAX_CLIENTS: usize = 16;

/// Pause after an accept that failed for want of files or memory, so that it is no busy loop.
const PAUSE: Duration = Duration::from_millis(100);

/// What a client may ask.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// Who is connected.
    Sessions {},
    /// What the commands of some sessions do, from now on: of a user, or of one session.
    Trace {
        /// All sessions of this user, those that come later too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// This session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
    },
    /// Says BYE to a session's client and closes it.
    End {
        /// Which.
        session: String,
    },
}

/// One session, as it is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionLine {
    /// Its name, as in the log.
    pub session: String,
    /// Who is logged in.
    pub user: Option<String>,
    /// The client's address and port.
    pub from: String,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// When it connected, UTC, as RFC 3339 has it.
    pub since: String,
    /// The names of the commands that run now, in no order; IDLE is one.
    pub running: Vec<String>,
}

/// An open admin socket. Dropping it closes it and removes its file.
pub struct AdminSocket {
    path: PathBuf,
    _stop: DropGuard,
}

/// Where the socket of a served folder is.
#[must_use]
pub fn path(folder: &Path) -> PathBuf {
    folder.join(FOLDER).join(NAME)
}

/// Makes the folder that the socket lies in, private, and tells which it is.
///
/// # Errors
/// [`AdminError::File`]: it cannot be made, or is not ours alone.
pub fn prepare(folder: &Path) -> Result<PathBuf, AdminError> {
    let private = folder.join(FOLDER);
    make_private(&private).map_err(AdminError::file("cannot make private", &private))?;
    Ok(private)
}

/// Opens the socket of a served folder. One that a dead server has left is removed.
///
/// # Errors
/// [`AdminError::File`]: the folder is not ours alone to use, another server listens there, what
/// is there is no socket, or the path is longer than the system allows (some 100 octets).
pub fn open(folder: &Path, sessions: Sessions) -> Result<AdminSocket, AdminError> {
    let path = path(folder);
    prepare(folder)?;
    remove_dead(&path).map_err(AdminError::file("cannot replace", &path))?;
    let listener =
        UnixListener::bind(&path).map_err(AdminError::file("cannot listen on", &path))?;
    let stop = CancellationToken::new();
    let socket = AdminSocket { path: path.clone(), _stop: stop.clone().drop_guard() };
    let restrict = || {
        fs::set_permissions(&path, Permissions::from_mode(PRIVATE_SOCKET))?;
        fs::metadata(&path).map(|metadata| metadata.uid())
    };
    let owner = restrict().map_err(AdminError::file("cannot make private", &path))?;
    tokio::spawn(listen(listener, owner, sessions, stop));
    Ok(socket)
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // If it stays, the next server removes it.
        let _ = fs::remove_file(&self.path);
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(PRIVATE_FOLDER).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Through a link the socket would lie in somebody else's place.
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    // Fails unless it is ours.
    fs::set_permissions(folder, Permissions::from_mode(PRIVATE_FOLDER))
}

fn remove_dead(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is no socket"));
        }
        Ok(_) => {}
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there"));
    }
    fs::remove_file(path)
}

async fn listen(listener: UnixListener, owner: u32, sessions: Sessions, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_CLIENTS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) if is_allowed(&stream, owner) => stream,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the admin socket");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let place = Arc::clone(&places).try_acquire_owned().ok();
        let (sessions, stop) = (sessions.clone(), stop.clone());
        tokio::spawn(async move {
            match place {
                None => answer::refuse(stream, "too many clients of the admin socket").await,
                Some(_place) => {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = answer::serve(stream, &sessions) => {}
                    }
                }
            }
        });
    }
}

/// The permissions say it already; where a file system does not heed those of sockets, this does.
fn is_allowed(stream: &UnixStream, owner: u32) -> bool {
    let allowed = stream.peer_cred().is_ok_and(|peer| peer.uid() == owner || peer.uid() == 0);
    if !allowed {
        tracing::warn!("refused another user of this machine on the admin socket");
    }
    allowed
}

impl From<SessionInfo> for SessionLine {
    fn from(info: SessionInfo) -> Self {
        let SessionInfo { id, user, from, tls, since, running } = info;
        let since = jiff::Timestamp::try_from(since).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let (from, since) = (from.to_string(), format!("{since:.3}"));
        let running = running.into_iter().map(str::to_owned).collect();
        Self { session: id, user, from, tls, since, running }
    }
}
