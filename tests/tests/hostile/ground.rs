//! Where attacks take place: a server on the memory engine, with mail and a canary.

use super::client::Client;
use super::panics;
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use peregrine_kv::{Engine, MemoryEngine};
use peregrine_server::{Options, Peer, Server, TlsMode};
use peregrine_store::{Credentials, Store};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::DuplexStream;

/// Octets that fit in a connection's pipe, as in a socket's buffer.
const PIPE: usize = 64 * 1024;

/// How far a connection is when the attack begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Greeted.
    Greeted,
    /// Alice is logged in.
    LoggedIn,
    /// She has INBOX open, with three messages.
    Selected,
}

/// A server with the users alice and bob.
pub struct Ground {
    pub server: Server,
    pub store: Store,
    before: Vec<String>,
}

impl Ground {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(configure: impl FnOnce(&mut Options)) -> Self {
        Self::on(Arc::new(MemoryEngine::new()), configure).await
    }

    pub async fn on(engine: Arc<dyn Engine>, configure: impl FnOnce(&mut Options)) -> Self {
        panics::count();
        let store = Store::open(engine).await.unwrap();
        for (user, password) in [("alice", "wonderland"), ("bob", "builder")] {
            store.create_account(user, cheap(password)).await.unwrap();
        }
        let mut options = Options::new(store.clone());
        // Attacks have octets of every kind in headers.
        options.eight_bit_headers = true;
        configure(&mut options);
        let server = Server::start(options).await.unwrap();
        let mut ground = Self { server, store, before: Vec::new() };
        ground.furnish().await;
        ground
    }

    /// A server on an engine that holds what an earlier one has left.
    pub async fn again(engine: Arc<dyn Engine>) -> Self {
        let store = Store::open(engine).await.unwrap();
        let server = Server::start(Options::new(store.clone())).await.unwrap();
        Self { server, store, before: Vec::new() }
    }

    async fn furnish(&mut self) {
        let mut client = self.client(Stage::LoggedIn).await;
        client.ask("a CREATE Canary").await;
        for mailbox in ["INBOX", "INBOX", "INBOX", "Canary"] {
            client.ask(&format!("a APPEND {mailbox} {{16+}}\r\nSubject: x\r\n\r\ny\n")).await;
        }
        // Nothing is recent for the sessions that follow.
        client.ask("a SELECT INBOX").await;
        client.ask("a SELECT Canary").await;
        client.close().await;
        self.before = self.view().await;
    }

    /// What must not change: every mailbox, and what is in the canary's.
    async fn view(&self) -> Vec<String> {
        let mut client = self.client(Stage::LoggedIn).await;
        let mut view = client.ask("v LIST \"\" *").await;
        view.extend(client.ask("v STATUS Canary (MESSAGES UIDNEXT UIDVALIDITY)").await);
        client.close().await;
        view
    }

    /// Opens a connection at this address without reading the greeting.
    pub fn open(&self, address: &str, tls: TlsMode) -> DuplexStream {
        let (client, stream) = tokio::io::duplex(PIPE);
        let remote = (address.parse::<IpAddr>().unwrap(), 50_000).into();
        let peer = Peer { remote, local: "127.0.0.1:143".parse().unwrap() };
        tokio::spawn(self.server.serve_stream(stream, peer, tls));
        client
    }

    /// A connection from this machine that is at this stage.
    pub async fn client(&self, stage: Stage) -> Client {
        let mut client = Client::new(self.open("127.0.0.1", TlsMode::Off));
        assert!(client.response().await.starts_with("* OK "));
        if stage != Stage::Greeted {
            client.ok("login LOGIN alice wonderland").await;
        }
        if stage == Stage::Selected {
            client.ok("select SELECT INBOX").await;
        }
        client
    }

    /// The end of every test: no mailbox was made, changed or deleted, and nothing has panicked.
    pub async fn end_unharmed(self) {
        assert_eq!(self.view().await, self.before);
        self.end().await;
    }

    /// As [`Ground::end_unharmed`], where the test itself has changed mailboxes.
    pub async fn end(self) {
        self.server.shutdown().await;
        self.store.close().await;
        assert_eq!(panics::seen(), Vec::<String>::new());
    }
}

/// What is kept of a password, hashed with so little work that thousands can log in.
fn cheap(password: &str) -> Credentials {
    let parameters = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap();
    let salt = SaltString::encode_b64(b"some sixteen oct").unwrap();
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password(password.as_bytes(), &salt)
        .unwrap();
    Credentials { password_hash: hash.to_string(), scram_sha_256: None }
}
