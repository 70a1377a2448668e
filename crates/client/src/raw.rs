//! A connection as it is: octets out, whole responses in, nothing in between. For tools that show
//! the protocol; everybody else wants a [`Client`](crate::Client).

use crate::capabilities::Capabilities;
use crate::connect::{Connector, Security};
use crate::driver::Duplex;
use crate::error::{ConnectError, Error, Lost, Refusal, Result};
use crate::sasl::{Binding, Credentials, Exchange, Mechanism};
use crate::tls::ChannelBinding;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use peregrine_proto::response::{ResponseFramer, ResponseText};
use peregrine_proto::{Code, Response, Secret, Status};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

/// A connection of which only the greeting was read, and what TLS needs.
pub struct Raw {
    reader: RawReader,
    writer: RawWriter,
    greeting: Bytes,
    capabilities: Capabilities,
    binding: Option<ChannelBinding>,
    trusted: bool,
}

/// What the server says.
pub struct RawReader {
    stream: ReadHalf<Box<dyn Duplex>>,
    framer: ResponseFramer,
    buffer: Box<[u8]>,
}

/// What is said to the server.
pub struct RawWriter(WriteHalf<Box<dyn Duplex>>);

/// Octets that are read at once.
const READ: usize = 16 << 10;

impl Raw {
    /// A connection over a stream on which nothing was read yet, or nothing since STARTTLS.
    pub(crate) async fn begin(
        stream: Box<dyn Duplex>,
        connector: &Connector,
        greet: bool,
        trusted: bool,
        binding: Option<ChannelBinding>,
    ) -> Result<Self> {
        let (reader, writer) = tokio::io::split(stream);
        let framer = ResponseFramer::new(connector.settings.response);
        let buffer = vec![0; READ].into_boxed_slice();
        let mut raw = Self {
            reader: RawReader { stream: reader, framer, buffer },
            writer: RawWriter(writer),
            greeting: Bytes::new(),
            capabilities: Capabilities::default(),
            binding,
            trusted,
        };
        if greet {
            raw.greeting = raw.response("the greeting").await?;
            raw.note(&raw.greeting.clone());
        }
        Ok(raw)
    }

    /// Says STARTTLS and gives the stream back, for TLS to begin on.
    pub(crate) async fn start_tls(mut self, host: &str) -> Result<(Box<dyn Duplex>, Bytes)> {
        const TAG: &str = "tls0";
        let refused = |reason: String| {
            Error::Connect(Arc::new(ConnectError::NoTls { host: host.to_owned(), reason }))
        };
        if !self.greeting.starts_with(b"* OK") {
            return Err(refused("it does not greet with OK".to_owned()));
        }
        self.writer.send(format!("{TAG} STARTTLS\r\n").as_bytes()).await?;
        let done = self.completion(TAG, "STARTTLS").await?;
        if done.status != Status::Ok {
            return Err(refused(done.text.to_string()));
        }
        // RFC 3501 §6.2.1: what stands here was not protected.
        if self.reader.framer.buffered() > 0 {
            return Err(refused("it says more before TLS begins".to_owned()));
        }
        let stream = self.reader.stream.unsplit(self.writer.0);
        Ok((stream, self.greeting))
    }

    /// The server's first line.
    pub fn greeting(&self) -> &Bytes {
        &self.greeting
    }

    pub(crate) fn set_greeting(&mut self, greeting: Bytes) {
        self.greeting = greeting;
    }

    /// What the server has told that it can do.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Says a command's name and arguments, and gives all that the server answers, the tagged
    /// reply last. It must not hold literals that the server has to ask for.
    ///
    /// # Errors
    /// NO and BAD too.
    pub async fn ask(&mut self, tag: &str, name: &'static str, rest: &str) -> Result<Vec<Bytes>> {
        self.writer.send(format!("{tag} {name}{rest}\r\n").as_bytes()).await?;
        let mut responses = Vec::new();
        loop {
            let response = self.response(name).await?;
            let done = ended(&response, tag);
            responses.push(response);
            match done {
                Some((Status::Ok, _)) => return Ok(responses),
                Some((status, text)) => return Err(refusal(name, status, text)),
                None => {}
            }
        }
    }

    /// Logs in, in the best way that both sides know, or by `mechanism`. The commands' tags begin
    /// with `tag`.
    pub async fn log_in(
        &mut self,
        tag: &str,
        credentials: &Credentials,
        mechanism: Option<Mechanism>,
    ) -> Result<()> {
        if self.capabilities.is_empty() {
            self.ask(&format!("{tag}c"), "CAPABILITY", "").await?;
        }
        let bound = self.binding.is_some();
        let chosen = mechanism.or_else(|| credentials.choose(&self.capabilities, bound));
        let Some(mechanism) = chosen else {
            return self.login(tag, credentials).await;
        };
        if mechanism.reveals() {
            self.may_say_passwords()?;
        }
        let binding = Binding::of(self.binding, &self.capabilities);
        self.capabilities.replace(&[]);
        let exchange = Exchange::begin(mechanism, credentials, binding).await?;
        self.authenticate(tag, mechanism, exchange).await?;
        self.know_capabilities(tag).await
    }

    /// Logs in by LOGIN.
    pub async fn login(&mut self, tag: &str, credentials: &Credentials) -> Result<()> {
        self.may_say_passwords()?;
        if self.capabilities.has("LOGINDISABLED") {
            return Err(Error::Unsafe("the server forbids LOGIN here"));
        }
        let Some((user, password)) = credentials.password() else {
            return Err(Error::Unsupported("a way to log in that we know"));
        };
        let mut rest = Vec::new();
        for text in [user, password] {
            rest.push(b' ');
            peregrine_proto::write::astring(&mut rest, text.as_bytes());
        }
        if rest.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            return Err(Error::Argument("user or password cannot be sent by LOGIN"));
        }
        self.capabilities.replace(&[]);
        self.ask(tag, "LOGIN", &String::from_utf8_lossy(&rest)).await?;
        self.know_capabilities(tag).await
    }

    fn may_say_passwords(&self) -> Result<()> {
        match self.trusted {
            true => Ok(()),
            false => Err(Error::Unsafe("a password would be sent without TLS")),
        }
    }

    async fn know_capabilities(&mut self, tag: &str) -> Result<()> {
        if self.capabilities.is_empty() {
            self.ask(&format!("{tag}c"), "CAPABILITY", "").await?;
        }
        Ok(())
    }

    async fn authenticate(
        &mut self,
        tag: &str,
        mechanism: Mechanism,
        mut exchange: Exchange,
    ) -> Result<()> {
        const NAME: &str = "AUTHENTICATE";
        // Sent when the server asks: SASL-IR saves a round trip that nobody waits for here.
        let mut first = Some(exchange.first()?);
        self.writer.send(format!("{tag} {NAME} {}\r\n", mechanism.name()).as_bytes()).await?;
        loop {
            let response = self.response(NAME).await?;
            if let Some((status, text)) = ended(&response, tag) {
                return match status {
                    Status::Ok => exchange.finish(),
                    status => Err(exchange.explain(refusal(NAME, status, text))),
                };
            }
            let Some(challenge) = response.strip_prefix(b"+") else { continue };
            let answer: Secret = match first.take() {
                Some(first) => first,
                None => {
                    let decoded = STANDARD.decode(challenge.trim_ascii());
                    let decoded = decoded.map_err(|_| {
                        Error::Login("the server's challenge is not base64".to_owned())
                    })?;
                    exchange.step(&decoded)?
                }
            };
            let line = format!("{}\r\n", STANDARD.encode(answer.reveal()));
            self.writer.send(line.as_bytes()).await?;
        }
    }

    /// Both directions, for two tasks.
    pub fn split(self) -> (RawReader, RawWriter) {
        (self.reader, self.writer)
    }

    async fn completion(&mut self, tag: &str, name: &'static str) -> Result<Refusal> {
        loop {
            let response = self.response(name).await?;
            if let Some((status, text)) = ended(&response, tag) {
                return Ok(Refusal { command: name, status, code: text.code, text: text.text });
            }
        }
    }

    async fn response(&mut self, command: &'static str) -> Result<Bytes> {
        let lost = |cause| Error::Lost { command, sent: true, cause: Arc::new(cause) };
        let response = self.reader.next().await.map_err(lost)?;
        let response = response.ok_or_else(|| lost(Lost::Closed))?;
        self.note(&response);
        Ok(response)
    }

    /// Capabilities, wherever they are told.
    fn note(&mut self, response: &Bytes) {
        let text = match Response::parse(response) {
            Ok(Response::Capability(names)) => return self.capabilities.replace(&names),
            Ok(Response::Condition { text, .. }) => text,
            Ok(Response::Tagged { text, .. }) => text,
            _ => return,
        };
        if let Some(Code::Capability(names)) = text.code {
            self.capabilities.replace(&names);
        }
    }
}

impl RawReader {
    /// The next whole response without its last CRLF; `None` when the server has closed.
    ///
    /// # Errors
    /// What the operating system says, or a response beyond the limits.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Lost> {
        loop {
            if let Some(response) = self.framer.next_response()? {
                return Ok(Some(response));
            }
            match self.stream.read(&mut self.buffer).await? {
                0 => return Ok(None),
                octets => self.framer.push(&self.buffer[..octets]),
            }
        }
    }
}

impl RawWriter {
    /// Sends octets as they are.
    pub async fn send(&mut self, octets: &[u8]) -> Result<()> {
        let sent = async {
            self.0.write_all(octets).await?;
            self.0.flush().await
        };
        let lost = |error| Error::Lost {
            command: "sending",
            sent: true,
            cause: Arc::new(Lost::Io(error)),
        };
        sent.await.map_err(lost)
    }
}

impl Connector {
    /// Connects, and begins TLS as [`Connector::security`] says.
    pub async fn connect_raw(&self) -> Result<Raw> {
        let limit = self.settings.connect_timeout;
        let opened = tokio::time::timeout(limit, async {
            let failed = |error| Error::Connect(Arc::new(error));
            let (stream, local) = self.open().await.map_err(failed)?;
            let stream: Box<dyn Duplex> = Box::new(stream);
            let trusted = local || self.cleartext_passwords;
            match self.security {
                Security::None => Raw::begin(stream, self, true, trusted, None).await,
                Security::Tls => {
                    let (stream, binding) = self.secure(stream).await.map_err(failed)?;
                    Raw::begin(stream, self, true, true, binding).await
                }
                Security::StartTls => {
                    let raw = Raw::begin(stream, self, true, false, None).await?;
                    let (stream, greeting) = raw.start_tls(&self.host).await?;
                    let (stream, binding) = self.secure(stream).await.map_err(failed)?;
                    let mut raw = Raw::begin(stream, self, false, true, binding).await?;
                    raw.set_greeting(greeting);
                    Ok(raw)
                }
            }
        });
        match opened.await {
            Ok(result) => result,
            Err(_) => {
                let host = format!("{}:{}", self.host, self.port);
                Err(Error::Connect(Arc::new(ConnectError::Timeout { host, limit })))
            }
        }
    }
}

/// What a response says of this tag.
fn ended(response: &Bytes, wanted: &str) -> Option<(Status, ResponseText)> {
    match Response::parse(response) {
        Ok(Response::Tagged { tag, status, text }) if tag.as_str() == wanted => {
            Some((status, text))
        }
        _ => None,
    }
}

fn refusal(command: &'static str, status: Status, text: ResponseText) -> Error {
    let ResponseText { text, code } = crate::text::plain_text(text);
    Error::Refused(Box::new(Refusal { command, status, code, text }))
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Raw(…)")
    }
}
