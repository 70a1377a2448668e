//! Why a server could not be started.

use std::net::SocketAddr;

/// What keeps a server from starting.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, not ours, or needs a privilege.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A listener speaks TLS and there is no certificate.
    #[error("the listener on {0} speaks TLS, but no certificate is given")]
    NoCertificate(SocketAddr),
    /// The certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] crate::tls::TlsError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
    /// The store could not be opened.
    #[error("cannot open the store: {0}")]
    Store(#[from] peregrine_store::Error),
    /// The engine below the store could not be opened.
    #[error("cannot open the store: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}
