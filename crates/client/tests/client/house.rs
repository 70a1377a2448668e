//! Our own server, in process and in memory.

use peregrine_client::{Client, Connector, Settings};
use peregrine_kv::MemoryEngine;
use peregrine_server::{Options, Peer, Server, TlsMode};
use peregrine_store::Store;
use std::sync::Arc;
use tokio::io::DuplexStream;

/// Octets that are under way in each direction.
const PIPE: usize = 64 << 10;

pub struct House {
    server: Server,
}

impl House {
    /// A server with the user `ann`, whose password is `secret`.
    pub async fn new() -> Self {
        let store = Store::open(Arc::new(MemoryEngine::new())).await.unwrap();
        store
            .create_account("ann", peregrine_server::credentials("secret").unwrap())
            .await
            .unwrap();
        Self { server: Server::start(Options::new(store)).await.unwrap() }
    }

    /// A new connection's end.
    pub fn stream(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let local = "127.0.0.1:143".parse().unwrap();
        let peer = Peer { remote: "127.0.0.1:9999".parse().unwrap(), local };
        tokio::spawn(self.server.serve_stream(theirs, peer, TlsMode::Off));
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
