//! From a host's name to a [`Client`]: socket, TLS, greeting, capabilities.

use crate::client::{Client, Privacy, Shared};
use crate::driver::{Driver, Duplex, now};
use crate::error::{ConnectError, Error, Lost, Result};
use crate::log::Line;
use crate::machine::{CommandId, Event, Machine, Request, Transmit};
use crate::settings::Settings;
use crate::tls::{self, ChannelBinding, Failure, Trust};
use peregrine_proto::CommandBody;
use peregrine_proto::command::Capability;
use peregrine_proto::response::ResponseText;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How the connection is protected.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Security {
    /// TLS from the first octet on (RFC 8314).
    Tls,
    /// TLS begins with STARTTLS; without it there is no connection.
    StartTls,
    /// None at all. Passwords are not sent but to this machine itself.
    None,
}

/// Whom to connect to, and how.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Host name or address: what the certificate must be for.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// Sends passwords in clear to other machines too, where there is no TLS.
    pub cleartext_passwords: bool,
    /// How the connection behaves.
    pub settings: Settings,
}

/// The future that owns the socket, to be polled until it ends: then the connection has ended.
/// It ends by itself when all handles are dropped.
#[must_use = "nothing happens on the connection unless this is polled"]
pub struct Connection(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Connector {
    /// Port 993, under TLS from the beginning.
    pub fn tls(host: impl Into<String>) -> Self {
        Self::new(host, 993, Security::Tls)
    }

    /// Port 143, without protection: for this machine itself, and for tests.
    pub fn plain(host: impl Into<String>) -> Self {
        Self::new(host, 143, Security::None)
    }

    /// Any port.
    pub fn new(host: impl Into<String>, port: u16, security: Security) -> Self {
        Self {
            host: host.into(),
            port,
            security,
            trust: Trust::default(),
            cleartext_passwords: false,
            settings: Settings::default(),
        }
    }

    /// Connects, and leaves the connection to a task of its own.
    pub async fn connect(&self) -> Result<Client> {
        let (client, connection) = self.connect_unspawned().await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Connects; the caller polls the connection.
    pub async fn connect_unspawned(&self) -> Result<(Client, Connection)> {
        self.in_time(async {
            let (stream, loopback) = self.open().await?;
            self.establish(stream, loopback).await
        })
        .await
    }

    /// The same over any stream that is connected to the server already. `local` says that nobody
    /// else can listen to it, so that passwords may be sent without TLS.
    pub async fn connect_over<S>(&self, stream: S, local: bool) -> Result<(Client, Connection)>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        self.in_time(self.establish(stream, local)).await
    }

    async fn in_time(
        &self,
        connecting: impl Future<Output = Result<(Client, Connection), ConnectError>>,
    ) -> Result<(Client, Connection)> {
        let limit = self.settings.connect_timeout;
        let result = match tokio::time::timeout(limit, connecting).await {
            Ok(result) => result,
            Err(_) => Err(ConnectError::Timeout { host: self.place(), limit }),
        };
        result.map_err(|error| Error::Connect(Arc::new(error)))
    }

    async fn establish<S>(
        &self,
        stream: S,
        local: bool,
    ) -> Result<(Client, Connection), ConnectError>
    where
        S: Duplex + 'static,
    {
        let mut stream: Box<dyn Duplex> = Box::new(stream);
        let mut binding = None;
        if self.security == Security::Tls {
            (stream, binding) = self.secure(stream).await?;
        }
        let secured = self.security != Security::StartTls;
        let machine = Machine::new(self.settings.clone(), &prefix(), secured, now());
        let mut opening = Opening { connector: self, machine, stream, next: 0 };
        let greeting = opening.greeting().await?;
        if self.security == Security::StartTls {
            opening.start_tls().await?;
            let Opening { machine, stream, next, .. } = opening;
            let (secured, bound) = self.secure(stream).await?;
            binding = bound;
            opening = Opening { connector: self, machine, stream: secured, next };
        }
        if opening.machine.capabilities().is_empty() {
            opening.command(CommandBody::Capability(Capability)).await?;
        }
        let Opening { machine, stream, next, .. } = opening;
        let tls = self.security != Security::None;
        let trusted = tls || local || self.cleartext_passwords;
        let privacy = Privacy { trusted, tls, binding };
        let (shared, (jobs, receiver)) =
            Shared::new(&self.settings, &machine, next, greeting, privacy);
        let shared = Arc::new(shared);
        let driver = Driver::new(machine, stream, receiver, Arc::clone(&shared));
        Ok((Client::new(jobs, shared), Connection(Box::pin(driver.run()))))
    }

    /// The socket, and whether it leads to this machine itself.
    pub(crate) async fn open(&self) -> Result<(TcpStream, bool), ConnectError> {
        let address = (self.host.as_str(), self.port);
        let failed = |error| ConnectError::Io { host: self.place(), error };
        let stream = TcpStream::connect(address).await.map_err(failed)?;
        let loopback = stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
        // Commands are small and wait for answers; they are gathered before they are written.
        stream.set_nodelay(true).map_err(failed)?;
        keep_alive(&stream).map_err(failed)?;
        Ok((stream, loopback))
    }

    pub(crate) async fn secure(
        &self,
        stream: Box<dyn Duplex>,
    ) -> Result<(Box<dyn Duplex>, Option<ChannelBinding>), ConnectError> {
        match tls::handshake(stream, &self.host, &self.trust).await {
            Ok((stream, binding)) => Ok((Box::new(stream), binding)),
            Err(Failure::Setup(error)) => Err(error),
            Err(Failure::Handshake(error)) => Err(ConnectError::Tls { host: self.place(), error }),
        }
    }

    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// A connection before anybody has a handle to it.
pub(crate) struct Opening<'a> {
    connector: &'a Connector,
    pub(crate) machine: Machine,
    stream: Box<dyn Duplex>,
    next: u64,
}

impl Opening<'_> {
    async fn greeting(&mut self) -> Result<ResponseText, ConnectError> {
        loop {
            match self.event().await? {
                Event::Greeting { text, .. } => return Ok(text),
                _ => continue,
            }
        }
    }

    pub(crate) fn no_tls(&self, reason: &str) -> ConnectError {
        ConnectError::NoTls { host: self.connector.place(), reason: reason.to_owned() }
    }

    /// Sends a command and waits for its OK.
    pub(crate) async fn command(&mut self, body: CommandBody) -> Result<(), ConnectError> {
        let id = CommandId(self.next);
        self.next += 1;
        self.machine.submit(now(), id, Request { body, epoch: None });
        loop {
            match self.event().await? {
                Event::Done(done, Ok(_)) if done == id => return Ok(()),
                Event::Done(done, Err(error)) if done == id => {
                    let host = self.connector.place();
                    return Err(ConnectError::NoTls { host, reason: error.to_string() });
                }
                _ => {}
            }
        }
    }

    async fn event(&mut self) -> Result<Event, ConnectError> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(event) = self.machine.poll_event() {
                if matches!(event, Event::Lost(_)) {
                    self.check()?;
                }
                return Ok(event);
            }
            self.check()?;
            while let Some(Transmit::Octets { octets, .. }) = self.machine.poll_transmit() {
                if let Some(log) = &self.connector.settings.log {
                    log.write(Line::Sent(&octets));
                }
                self.stream.write_all(&octets).await.map_err(|error| self.broke(error))?;
                self.stream.flush().await.map_err(|error| self.broke(error))?;
            }
            match self.stream.read(&mut buffer).await {
                Ok(0) => self.machine.closed(),
                Ok(octets) => self.machine.receive(now(), &buffer[..octets]),
                Err(error) => return Err(self.broke(error)),
            }
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConnectError> {
        match self.machine.lost() {
            Some(cause) => {
                Err(ConnectError::Lost { host: self.connector.place(), cause: Arc::clone(cause) })
            }
            None => Ok(()),
        }
    }

    fn broke(&self, error: std::io::Error) -> ConnectError {
        let cause = Arc::new(Lost::Io(error));
        ConnectError::Lost { host: self.connector.place(), cause }
    }
}

/// What all tags begin with: five letters that nobody can guess, since `RandomState` is seeded by
/// the operating system.
fn prefix() -> String {
    use std::hash::{BuildHasher, RandomState};
    let mut chance = RandomState::new().hash_one(0_u8);
    let letter = |_| {
        let letter = b'a' + (chance % 26) as u8;
        chance /= 26;
        char::from(letter)
    };
    (0..5).map(letter).collect()
}

/// The operating system's own probes: they notice a dead link while nothing is sent for longer
/// than IDLE is renewed.
fn keep_alive(stream: &TcpStream) -> std::io::Result<()> {
    const SILENT: Duration = Duration::from_secs(60);
    const BETWEEN: Duration = Duration::from_secs(15);
    let probes = socket2::TcpKeepalive::new().with_time(SILENT).with_interval(BETWEEN);
    socket2::SockRef::from(stream).set_tcp_keepalive(&probes)
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection(…)")
    }
}
