//! The server as a whole: what all connections share, starting, and ending orderly.

use crate::Error;
use crate::admission::Admission;
use crate::authentication::Authenticator;
use crate::connection;
use crate::fair::Places;
use crate::listener::{self, Bound};
use crate::log::Peer;
use crate::options::{Options, TlsMode};
use crate::sessions::Sessions;
use peregrine_store::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// MiB of large messages that are read into memory for APPEND at once, in all connections.
pub(crate) const APPEND_MEMORY_MIB: usize = 256;

/// Connections that may wait for their TLS handshake, for each that may be under way.
const HANDSHAKES_WAITING: usize = 4;

/// A running server. Dropping it stops listening and leaves connections to end by themselves.
pub struct Server {
    shared: Arc<Shared>,
    addresses: Vec<(SocketAddr, TlsMode)>,
    listening: CancellationToken,
}

/// What the connections of a server share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) options: Options,
    pub(crate) session_limits: Arc<peregrine_session::Limits>,
    pub(crate) authenticator: Authenticator,
    pub(crate) admission: Arc<Admission>,
    pub(crate) sessions: Sessions,
    /// TLS handshakes under way, and who waits for one.
    pub(crate) handshakes: Arc<Places>,
    /// One permit a MiB; see [`APPEND_MEMORY_MIB`].
    pub(crate) append_memory: Arc<Semaphore>,
    pub(crate) tasks: TaskTracker,
    /// Tells every connection to end.
    pub(crate) closing: CancellationToken,
}

impl Server {
    /// Binds all listeners and begins to serve.
    ///
    /// # Errors
    /// [`Error`] where an address cannot be bound or TLS lacks its certificate; nothing is then
    /// served.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let bound = options.listeners.iter().map(Bound::new).collect::<Result<_, _>>()?;
        Self::start_on(bound, options).await
    }

    /// As [`Server::start`], on listeners that were bound before, instead of those of the options.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_on(bound: Vec<Bound>, options: Options) -> Result<Self, Error> {
        if let Some(listener) = bound.iter().find(|it| it.tls != TlsMode::Off)
            && options.tls.is_none()
        {
            return Err(Error::NoCertificate(listener.address));
        }
        let checks = options.limits.password_checks;
        let (store, nobody) = (options.store.clone(), options.nobody.clone());
        // Hashing a password nobody has takes 20 ms of a core.
        let authenticator =
            tokio::task::spawn_blocking(move || Authenticator::new(store, checks, nobody)).await;
        let authenticator = authenticator.map_err(|_| Error::Random)?.map_err(|_| Error::Random)?;
        let limits = &options.limits;
        let waiting = limits.handshakes * HANDSHAKES_WAITING;
        let handshakes = Places::new(limits.handshakes, waiting, limits.handshake);
        let shared = Arc::new(Shared {
            store: options.store.clone(),
            authenticator,
            admission: Admission::new(options.limits.clone()),
            sessions: Sessions::default(),
            handshakes,
            append_memory: Arc::new(Semaphore::new(APPEND_MEMORY_MIB)),
            session_limits: Arc::new(options.limits.session.clone()),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            options,
        });
        let listening = CancellationToken::new();
        let addresses = bound.iter().map(|socket| (socket.address, socket.tls)).collect();
        let sockets: Vec<_> = bound.into_iter().map(Bound::begin).collect::<Result<_, _>>()?;
        for socket in sockets {
            tokio::spawn(listener::run(Arc::clone(&shared), socket, listening.clone()));
        }
        Ok(Self { shared, addresses, listening })
    }

    /// Where the server listens, with the ports that were taken for port 0.
    pub fn addresses(&self) -> &[(SocketAddr, TlsMode)] {
        &self.addresses
    }

    /// Who is connected, to be listed, watched and ended.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.shared.sessions
    }

    /// Serves one connection over any stream, until it ends. Limits by address apply.
    ///
    /// The future is large enough to be worth a task of its own.
    pub fn serve_stream<S>(
        &self,
        stream: S,
        peer: Peer,
        tls: TlsMode,
    ) -> impl Future<Output = ()> + Send + 'static
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = connection::serve(Arc::clone(&self.shared), stream, peer, tls);
        self.shared.tasks.track_future(connection)
    }

    /// Stops listening, says BYE to every client, and waits for them to end: not longer than
    /// [`Limits::drain`](crate::options::Limits::drain). The store stays open.
    pub async fn shutdown(self) {
        self.listening.cancel();
        self.shared.closing.cancel();
        self.shared.tasks.close();
        let drain = self.shared.options.limits.drain;
        if tokio::time::timeout(drain, self.shared.tasks.wait()).await.is_err() {
            let left = self.shared.tasks.len();
            tracing::warn!(left, "connections did not end in time and are cut");
        }
        self.shared.sessions.watchers().end();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.cancel();
    }
}
