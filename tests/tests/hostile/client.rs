//! One connection, seen from an attacker: octets out in any pieces, whole responses in.

use peregrine_proto::Response;
use peregrine_proto::response::{ResponseFramer, ResponseLimits};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};

/// Longer than any answer takes, in simulated time; only a hang runs into it.
const PATIENCE: Duration = Duration::from_secs(2 * 3600);

/// A connection.
pub struct Client {
    reader: Reader,
    writer: WriteHalf<DuplexStream>,
}

/// The half that reads.
pub struct Reader {
    stream: ReadHalf<DuplexStream>,
    framer: ResponseFramer,
    ended: bool,
}

impl Client {
    pub fn new(stream: DuplexStream) -> Self {
        let (stream, writer) = tokio::io::split(stream);
        let framer = ResponseFramer::new(ResponseLimits::default());
        Self { reader: Reader { stream, framer, ended: false }, writer }
    }

    /// Sends octets; whether the server takes them any longer is not asked.
    pub async fn send(&mut self, octets: impl AsRef<[u8]>) {
        let _ = self.writer.write_all(octets.as_ref()).await;
    }

    /// The next response without its CRLF; empty at the end.
    pub async fn response(&mut self) -> String {
        self.reader.response().await
    }

    /// Sends a command and takes all responses up to its reply, or to the end.
    pub async fn ask(&mut self, command: &str) -> Vec<String> {
        self.send(format!("{command}\r\n")).await;
        self.until(command.split(' ').next().unwrap()).await
    }

    /// The reply to a command.
    pub async fn reply(&mut self, command: &str) -> String {
        self.ask(command).await.pop().unwrap()
    }

    /// A command that must succeed; its responses.
    pub async fn ok(&mut self, command: &str) -> Vec<String> {
        let responses = self.ask(command).await;
        let tag = command.split(' ').next().unwrap();
        let reply = responses.last().unwrap();
        assert!(reply.starts_with(&format!("{tag} OK")), "{command}: {responses:?}");
        responses
    }

    /// All responses up to the reply with this tag, or to the end.
    pub async fn until(&mut self, tag: &str) -> Vec<String> {
        let mut responses = Vec::new();
        loop {
            let response = self.response().await;
            let last = self.reader.ended || response.starts_with(&format!("{tag} "));
            responses.push(response);
            if last {
                return responses;
            }
        }
    }

    /// All responses up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<String> {
        self.reader.rest().await
    }

    /// All octets up to the end of the connection, whatever they are.
    pub async fn octets(&mut self) -> Vec<u8> {
        let mut octets = self.reader.framer.take_rest().to_vec();
        let rest = self.reader.stream.read_to_end(&mut octets);
        let _ = tokio::time::timeout(PATIENCE, rest).await.expect("the server is silent");
        octets
    }

    /// The bare connection, of which nothing more is understood.
    pub fn stream(self) -> DuplexStream {
        self.reader.stream.unsplit(self.writer)
    }

    /// Takes the connection apart, to read and write at the same time.
    pub fn halves(self) -> (Reader, WriteHalf<DuplexStream>) {
        (self.reader, self.writer)
    }

    /// Logs out.
    pub async fn close(mut self) {
        self.ask("bye LOGOUT").await;
        let left = self.rest().await;
        assert!(left.is_empty(), "behind LOGOUT: {left:?}");
    }
}

impl Reader {
    /// The next response without its CRLF; empty at the end. It must be of the grammar: whatever
    /// an attacker has stored, what the server says can be understood (T31).
    pub async fn response(&mut self) -> String {
        loop {
            if let Some(response) = self.framer.next_response().unwrap() {
                let parsed = Response::parse(&response);
                assert!(parsed.is_ok(), "{parsed:?}: {}", response.escape_ascii());
                return String::from_utf8_lossy(&response).into_owned();
            }
            let mut octets = [0; 4096];
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut octets)).await;
            let read = read.expect("the server is silent").unwrap_or(0);
            if read == 0 {
                assert_eq!(self.framer.take_rest(), "", "cut off");
                self.ended = true;
                return String::new();
            }
            self.framer.push(&octets[..read]);
        }
    }

    /// All responses up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut responses = Vec::new();
        while !self.ended {
            responses.push(self.response().await);
        }
        responses.pop();
        responses
    }
}
