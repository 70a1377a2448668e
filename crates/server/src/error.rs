//! Why a server could not be started.

use std::net::SocketAddr;
use std::path::PathBuf;

/// What keeps a server from starting.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, not ours, or needs a privilege.
    #[error("cannot listen on {address}: {source}{}", advice(source))]
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
    #[error("cannot open the store in {}: {source}", folder.display())]
    Engine {
        /// Where it stands.
        folder: PathBuf,
        /// What the engine said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What can be done about an address that cannot be had.
fn advice(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match source.kind() {
        ErrorKind::AddrInUse => {
            "; another program (a second peregrine?) listens there: end it, or choose another port"
        }
        ErrorKind::AddrNotAvailable => {
            "; no network interface of this machine has the address: 0.0.0.0 and [::] are every one"
        }
        ErrorKind::PermissionDenied => {
            "; ports below 1024 need root or CAP_NET_BIND_SERVICE: choose another, such as 1143"
        }
        _ => "",
    }
}
