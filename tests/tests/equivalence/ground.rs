//! A server in memory whose commands take their time, and connections to it.

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use peregrine_check::chance::Random;
use peregrine_kv::MemoryEngine;
use peregrine_server::{Options, Peer, Server, TlsMode};
use peregrine_store::{Credentials, Store};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

/// Octets that fit in a connection's pipe, as in a socket's buffer.
const PIPE: usize = 64 * 1024;

/// Longest wait of a command, in milliseconds of simulated time.
const SLOWEST: usize = 12;

pub struct Ground {
    server: Server,
    store: Store,
}

impl Ground {
    /// Each command waits by this chance.
    pub async fn new(random: Random) -> Result<Self, String> {
        let store = Store::open(Arc::new(MemoryEngine::new())).await.map_err(text)?;
        store.create_account("alice", cheap("wonderland")).await.map_err(text)?;
        let mut options = Options::new(store.clone());
        let random = Mutex::new(random);
        options.pace = Some(Arc::new(move || {
            let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
            match random.chance(35) {
                true => Duration::ZERO,
                false => Duration::from_millis(random.below(SLOWEST) as u64),
            }
        }));
        let server = Server::start(options).await.map_err(text)?;
        Ok(Self { server, store })
    }

    /// A connection that logs in: the last octets of that are written with the first of the
    /// pipeline, and what is read begins behind the reply.
    pub async fn connect(&self, login: Login) -> Result<LoggingIn, String> {
        let (mut client, stream) = tokio::io::duplex(PIPE);
        let loopback = std::net::SocketAddr::from(([127, 0, 0, 1], 143));
        let peer = Peer { remote: loopback, local: loopback };
        tokio::spawn(self.server.serve_stream(stream, peer, TlsMode::Off));
        line(&mut client).await?;
        let plain = "in AUTHENTICATE PLAIN";
        let mut unsent = match login {
            Login::Answered | Login::Unanswered => "in LOGIN alice wonderland\r\n".to_owned(),
            Login::InitialResponse => format!("{plain} {PLAIN}\r\n"),
            Login::Continuation => format!("{PLAIN}\r\n"),
        };
        let mut reply = Some(Vec::new());
        if login == Login::Answered {
            client.write_all(unsent.as_bytes()).await.map_err(text)?;
            unsent.clear();
            std::future::poll_fn(|cx| pass_login(&mut client, &mut reply, cx))
                .await
                .map_err(text)?;
        }
        if login == Login::Continuation {
            client.write_all(format!("{plain}\r\n").as_bytes()).await.map_err(text)?;
            let prompt = line(&mut client).await?;
            assert!(prompt.starts_with("+ "), "{prompt}");
        }
        Ok(LoggingIn { stream: client, unsent: unsent.into_bytes().into(), line: reply })
    }

    pub async fn end(self) {
        self.server.shutdown().await;
        self.store.close().await;
    }
}

/// How a connection logs in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Login {
    /// LOGIN, and its reply is waited for.
    Answered,
    /// LOGIN, and the pipeline directly behind it.
    Unanswered,
    /// AUTHENTICATE PLAIN with its initial response (RFC 4959), and the pipeline behind it.
    InitialResponse,
    /// AUTHENTICATE PLAIN, whose response comes when it is asked for, and the pipeline behind it.
    Continuation,
}

impl Login {
    pub const ALL: [Self; 4] =
        [Self::Answered, Self::Unanswered, Self::InitialResponse, Self::Continuation];
}

/// NUL, user, NUL, password (RFC 4616), in base64.
const PLAIN: &str = "AGFsaWNlAHdvbmRlcmxhbmQ=";

/// A client's end of a connection that logs in, and passes over the reply to that.
pub struct LoggingIn {
    stream: DuplexStream,
    /// What comes before the first octet that is written.
    unsent: VecDeque<u8>,
    /// What has come of a line, until that reply has come whole.
    line: Option<Vec<u8>>,
}

impl AsyncRead for LoggingIn {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(pass_login(&mut this.stream, &mut this.line, cx))?;
        Pin::new(&mut this.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for LoggingIn {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        while !this.unsent.is_empty() {
            let wrote =
                ready!(Pin::new(&mut this.stream).poll_write(cx, this.unsent.as_slices().0))?;
            this.unsent.drain(..wrote);
        }
        Pin::new(&mut this.stream).poll_write(cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Reads past the reply to the login, and no further.
fn pass_login(
    stream: &mut DuplexStream,
    line: &mut Option<Vec<u8>>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while let Some(read) = line {
        let mut octet = [0];
        let mut buffer = ReadBuf::new(&mut octet);
        ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        read.push(octet[0]);
        if octet == *b"\n" {
            match read.starts_with(b"in OK ") {
                true => *line = None,
                false => read.clear(),
            }
        }
    }
    Poll::Ready(Ok(()))
}

async fn line(stream: &mut DuplexStream) -> Result<String, String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        line.push(stream.read_u8().await.map_err(text)?);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What is kept of a password, hashed with little work.
fn cheap(password: &str) -> Credentials {
    let parameters = Params::new(Params::MIN_M_COST, 1, 1, None).expect("parameters");
    let salt = SaltString::encode_b64(b"some sixteen oct").expect("salt");
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password(password.as_bytes(), &salt)
        .expect("a hash");
    Credentials { password_hash: hash.to_string(), scram_sha_256: None }
}
