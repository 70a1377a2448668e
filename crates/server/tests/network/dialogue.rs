//! A client that says lines and reads the answers, and the server that it talks to.

use peregrine_kv::{Engine, MemoryEngine};
use peregrine_server::{Options, Peer, Server, TlsMode, credentials};
use peregrine_store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

/// The password of every user here.
pub const PASSWORD: &str = "secret";

/// Octets that a stream in memory holds.
pub const PIPE: usize = 64 * 1024;

/// Longer than any answer takes; only a hang runs into it.
const PATIENCE: Duration = Duration::from_secs(600);

/// A server with the users ann and bob.
pub async fn server(configure: impl FnOnce(&mut Options)) -> Server {
    server_on(Arc::new(MemoryEngine::new()), configure).await
}

/// As [`server`], on this engine.
pub async fn server_on(engine: Arc<dyn Engine>, configure: impl FnOnce(&mut Options)) -> Server {
    let store = Store::open(engine).await.unwrap();
    let keys = credentials(PASSWORD).unwrap();
    for user in ["ann", "bob"] {
        store.create_account(user, keys.clone()).await.unwrap();
    }
    let mut options = Options::new(store);
    configure(&mut options);
    Server::start(options).await.unwrap()
}

/// A client on this machine.
pub fn local() -> Peer {
    peer("127.0.0.1")
}

/// A client at this address.
pub fn peer(address: &str) -> Peer {
    let remote = (address.parse::<std::net::IpAddr>().unwrap(), 50_000).into();
    Peer { remote, local: "127.0.0.1:143".parse().unwrap() }
}

/// Opens a connection without reading the greeting.
pub fn open(server: &Server, peer: Peer, tls: TlsMode) -> DuplexStream {
    let (client, stream) = tokio::io::duplex(PIPE);
    tokio::spawn(server.serve_stream(stream, peer, tls));
    client
}

/// A connection in plain, greeted.
pub async fn connect(server: &Server, peer: Peer) -> Dialogue<DuplexStream> {
    let mut client = Dialogue::new(open(server, peer, TlsMode::Off));
    let greeting = client.line().await;
    assert!(greeting.starts_with("* OK [CAPABILITY IMAP4rev1 "), "{greeting}");
    client
}

/// A connection of ann, logged in.
pub async fn ann(server: &Server) -> Dialogue<DuplexStream> {
    let mut client = connect(server, local()).await;
    let reply = client.ask("login LOGIN ann secret").await.pop().unwrap();
    assert!(reply.starts_with("login OK [CAPABILITY IMAP4rev1 "), "{reply}");
    client
}

/// One connection, seen from the client.
pub struct Dialogue<S> {
    pub stream: S,
    read: Vec<u8>,
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, read: Vec::new(), ended: false }
    }

    /// Sends octets as they are.
    pub async fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next line without its CRLF; empty at the end of the stream.
    pub async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.read.drain(..end + 2).take(end).collect();
                return String::from_utf8_lossy(&line).into_owned();
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
            if read.expect("the server is silent").unwrap_or(0) == 0 {
                self.ended = true;
                return String::new();
            }
        }
    }

    /// Sends a command and reads all lines up to its tagged reply.
    pub async fn ask(&mut self, command: &str) -> Vec<String> {
        self.send(format!("{command}\r\n")).await;
        self.until(command.split(' ').next().unwrap()).await
    }

    /// As [`Dialogue::ask`], only the tagged reply.
    pub async fn reply(&mut self, command: &str) -> String {
        self.ask(command).await.pop().unwrap()
    }

    /// Reads all lines up to the reply with this tag, or to the end.
    pub async fn until(&mut self, tag: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            let last = self.ended || line.starts_with(&format!("{tag} "));
            lines.push(line);
            if last {
                return lines;
            }
        }
    }

    /// All that is still sent, up to the end of the stream.
    pub async fn rest(&mut self) -> String {
        let read = self.stream.read_to_end(&mut self.read);
        let _ = tokio::time::timeout(PATIENCE, read).await.expect("the server does not close");
        String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned()
    }
}
