//! Accepting connections: one task for each listener, one for each connection.

use crate::log::Peer;
use crate::options::{ListenerConfig, TlsMode};
use crate::server::Shared;
use crate::{Error, connection};
use socket2::Socket;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Connections that the system holds until they are accepted.
const BACKLOG: i32 = 1024;

/// Octets of answers that the system holds beyond what it has sent: enough to keep a fast client
/// busy, and few, since what is answered later cannot overtake them.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 64 * 1024;

/// Pause after an accept that failed for want of files or memory, so that it is no busy loop.
const PAUSE: Duration = Duration::from_millis(100);

/// A listener that has its port, and does not accept yet.
pub struct Bound {
    listener: std::net::TcpListener,
    pub(crate) address: SocketAddr,
    pub(crate) tls: TlsMode,
}

impl Bound {
    /// Takes an address. Needs no runtime, so that a process can give up what it takes to have a
    /// port below 1024 before it has threads.
    ///
    /// # Errors
    /// [`Error::Listen`].
    pub fn new(config: &ListenerConfig) -> Result<Self, Error> {
        let listen = || -> io::Result<Self> {
            let domain = socket2::Domain::for_address(config.address);
            let socket = Socket::new(domain, socket2::Type::STREAM, None)?;
            // A restart must not wait for the old server's connections to be forgotten.
            socket.set_reuse_address(true)?;
            socket.set_nonblocking(true)?;
            socket.bind(&config.address.into())?;
            socket.listen(BACKLOG)?;
            let listener = std::net::TcpListener::from(socket);
            let address = listener.local_addr()?;
            Ok(Self { listener, address, tls: config.tls })
        };
        listen().map_err(|source| Error::Listen { address: config.address, source })
    }

    /// Makes it ready to accept; within a runtime.
    pub(crate) fn begin(self) -> Result<Listening, Error> {
        let Self { listener, address, tls } = self;
        let listener = TcpListener::from_std(listener);
        let listener = listener.map_err(|source| Error::Listen { address, source })?;
        Ok(Listening { listener, address, tls })
    }
}

/// A listener that accepts.
pub(crate) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    tls: TlsMode,
}

/// Accepts until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, socket: Listening, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = socket.listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, remote)) => {
                // The address of the socket may be a wildcard; the connection's own is wanted.
                let local = stream.local_addr().unwrap_or(socket.address);
                begin(&shared, stream, Peer { remote, local }, socket.tls);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn begin(shared: &Arc<Shared>, stream: TcpStream, peer: Peer, tls: TlsMode) {
    // Answers are gathered into large writes by the session; the system must not wait for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT) {
        tracing::debug!(%error, "cannot set TCP_NOTSENT_LOWAT");
    }
    let connection = connection::serve(Arc::clone(shared), stream, peer, tls);
    shared.tasks.spawn(connection);
}
