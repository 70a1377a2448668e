//! A server that is played: it says and expects what the test tells it to, over a pipe.

use peregrine_client::{Client, Connector, Error, Security};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub struct Played {
    stream: DuplexStream,
    read: String,
}

impl Played {
    pub fn new() -> (DuplexStream, Self) {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        (ours, Self { stream: theirs, read: String::new() })
    }

    pub async fn says(&mut self, octets: impl AsRef<[u8]>) {
        // A client that has left is part of some tests.
        _ = self.stream.write_all(octets.as_ref()).await;
    }

    /// The next line that the client sends; empty when it has left.
    pub async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.read.find("\r\n") {
                let line = self.read[..end].to_owned();
                self.read.drain(..end + 2);
                return line;
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return String::new(),
                Ok(octets) => self.read += &String::from_utf8_lossy(&buffer[..octets]),
            }
        }
    }

    /// Waits for a command, and gives its tag.
    pub async fn expects(&mut self, command: &str) -> String {
        let line = self.line().await;
        let (tag, rest) = line.split_once(' ').unwrap_or_default();
        assert_eq!(rest, command);
        tag.to_owned()
    }

    /// Waits for a command, and answers it.
    pub async fn answers(&mut self, command: &str, untagged: &str) {
        let tag = self.expects(command).await;
        self.says(format!("{untagged}{tag} OK done\r\n")).await;
    }
}

/// Connects to a played server, without TLS unless `security` says so.
pub async fn connect(connector: &Connector, stream: DuplexStream) -> Result<Client, Error> {
    let (client, connection) = connector.connect_over(stream, true).await?;
    tokio::spawn(connection);
    Ok(client)
}

pub fn plain() -> Connector {
    Connector::plain("played.example")
}

pub fn starttls() -> Connector {
    Connector::new("played.example", 143, Security::StartTls)
}
