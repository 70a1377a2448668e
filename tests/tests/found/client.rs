//! A connection that reads lines.

use peregrine_proto::response::{ResponseFramer, ResponseLimits};
use peregrine_server::{Peer, Server, TlsMode};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub struct Client {
    stream: DuplexStream,
    framer: ResponseFramer,
    tag: u32,
}

impl Client {
    pub async fn new(server: &Server) -> Self {
        let (stream, other) = tokio::io::duplex(64 * 1024);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 143));
        tokio::spawn(server.serve_stream(
            other,
            Peer { remote: loopback, local: loopback },
            TlsMode::Off,
        ));
        let framer = ResponseFramer::new(ResponseLimits::default());
        let mut client = Self { stream, framer, tag: 0 };
        client.response().await;
        client.ok("LOGIN alice wonderland").await;
        client
    }

    pub async fn send(&mut self, command: &str) {
        self.tag += 1;
        let line = format!("t{} {command}\r\n", self.tag);
        self.stream.write_all(line.as_bytes()).await.unwrap();
    }

    /// All responses up to the next reply.
    pub async fn finish(&mut self) -> Vec<String> {
        let mut responses = Vec::new();
        loop {
            let response = self.response().await;
            let ends = response.starts_with('t');
            responses.push(response);
            if ends {
                return responses;
            }
        }
    }

    /// The responses to a command that must succeed.
    pub async fn ok(&mut self, command: &str) -> Vec<String> {
        self.send(command).await;
        let told = self.finish().await;
        assert!(told.last().unwrap().contains(" OK "), "{command}: {told:?}");
        told
    }

    async fn response(&mut self) -> String {
        loop {
            if let Some(line) = self.framer.next_response().unwrap() {
                return String::from_utf8_lossy(&line).into_owned();
            }
            let mut octets = [0; 4096];
            let count = self.stream.read(&mut octets).await.unwrap();
            assert!(count > 0, "the server has closed the connection");
            self.framer.push(&octets[..count]);
        }
    }
}
