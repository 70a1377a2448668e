//! Our own server, in process and in memory.

use peregrine_client::{Client, Connector, Settings};
use peregrine_kv::MemoryEngine;
use peregrine_server::tls::TlsConfig;
use peregrine_server::{Options, Peer, Server, TlsMode};
use peregrine_store::Store;
use std::sync::Arc;
use tokio::io::DuplexStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Octets that are under way in each direction.
const PIPE: usize = 64 << 10;

pub struct House {
    server: Server,
    tls: TlsMode,
}

impl House {
    /// A server with the user `ann`, whose password is `secret`.
    pub async fn new() -> Self {
        let store = Store::open(Arc::new(MemoryEngine::new())).await.unwrap();
        store
            .create_account("ann", peregrine_server::credentials("secret").unwrap())
            .await
            .unwrap();
        Self { server: Server::start(Options::new(store)).await.unwrap(), tls: TlsMode::Off }
    }

    /// The same with STARTTLS, and its certificate.
    pub async fn with_tls() -> (Self, CertificateDer<'static>) {
        let (certificate, key) = peregrine_server::tls::self_signed(&["localhost".into()]).unwrap();
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let store = Store::open(Arc::new(MemoryEngine::new())).await.unwrap();
        store
            .create_account("ann", peregrine_server::credentials("secret").unwrap())
            .await
            .unwrap();
        let tls = TlsConfig::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let options = Options { tls: Some(Arc::new(tls)), ..Options::new(store) };
        let server = Server::start(options).await.unwrap();
        (Self { server, tls: TlsMode::StartTls }, der)
    }

    /// The same with TLS from the first octet, and its certificate.
    pub async fn secured(configure: impl FnOnce(&mut Options)) -> (Self, CertificateDer<'static>) {
        let (certificate, key) = peregrine_server::tls::self_signed(&["localhost".into()]).unwrap();
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let store = Store::open(Arc::new(MemoryEngine::new())).await.unwrap();
        let credentials = peregrine_server::credentials("secret").unwrap();
        store.create_account("ann", credentials).await.unwrap();
        let tls = TlsConfig::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let mut options = Options { tls: Some(Arc::new(tls)), ..Options::new(store) };
        configure(&mut options);
        let server = Server::start(options).await.unwrap();
        (Self { server, tls: TlsMode::Implicit }, der)
    }

    /// A new connection's end.
    pub fn stream(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let local = "127.0.0.1:143".parse().unwrap();
        let peer = Peer { remote: "127.0.0.1:9999".parse().unwrap(), local };
        tokio::spawn(self.server.serve_stream(theirs, peer, self.tls));
        ours
    }

    /// A connection that nobody has logged in on.
    pub async fn connect(&self, settings: Settings) -> Client {
        let connector = Connector { settings, ..Connector::plain("localhost") };
        let (client, connection) = connector.connect_over(self.stream(), true).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// A connection on which `ann` has logged in.
    pub async fn client(&self) -> Client {
        let client = self.connect(Settings::default()).await;
        client.login("ann", "secret").await.unwrap();
        client
    }
}
