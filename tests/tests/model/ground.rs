//! A server in memory, and the session that looks at what there really is.

use super::client::Client;
use super::generate::LASTING;
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use peregrine_kv::MemoryEngine;
use peregrine_proto::response::{ResponseFramer, ResponseLimits};
use peregrine_proto::{Response, Status};
use peregrine_server::{Options, Peer, Server, TlsMode};
use peregrine_store::{Credentials, Store};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Octets that fit in a connection's pipe, as in a socket's buffer.
const PIPE: usize = 64 * 1024;

pub struct Ground {
    server: Server,
    store: Store,
}

impl Ground {
    pub async fn new() -> Result<Self, String> {
        let store = Store::open(Arc::new(MemoryEngine::new())).await.map_err(text)?;
        store.create_account("alice", cheap("wonderland")).await.map_err(text)?;
        let server = Server::start(Options::new(store.clone())).await.map_err(text)?;
        let ground = Self { server, store };
        let mut observer = Observer::new(&ground).await?;
        for name in &LASTING[1..] {
            observer.ask(&format!("CREATE {name}")).await?;
        }
        Ok(ground)
    }

    /// A connection that is logged in.
    async fn connect(&self) -> Result<DuplexStream, String> {
        let (mut client, stream) = tokio::io::duplex(PIPE);
        let loopback = std::net::SocketAddr::from(([127, 0, 0, 1], 143));
        let peer = Peer { remote: loopback, local: loopback };
        tokio::spawn(self.server.serve_stream(stream, peer, TlsMode::Off));
        line(&mut client).await?;
        client.write_all(b"in LOGIN alice wonderland\r\n").await.map_err(text)?;
        while !line(&mut client).await?.starts_with("in OK") {}
        Ok(client)
    }

    pub async fn client(&self, number: usize) -> Result<Client, String> {
        Ok(Client::new(number, self.connect().await?))
    }

    pub async fn end(self) {
        self.server.shutdown().await;
        self.store.close().await;
    }
}

/// Asks one thing after the other.
pub struct Observer {
    stream: DuplexStream,
    framer: ResponseFramer,
}

impl Observer {
    pub async fn new(ground: &Ground) -> Result<Self, String> {
        let framer = ResponseFramer::new(ResponseLimits::default());
        Ok(Self { stream: ground.connect().await?, framer })
    }

    /// A command that must succeed; its data.
    pub async fn ask(&mut self, command: &str) -> Result<Vec<Response>, String> {
        let mut data = Vec::new();
        self.stream.write_all(format!("o {command}\r\n").as_bytes()).await.map_err(text)?;
        let mut octets = [0; 4096];
        loop {
            while let Some(response) = self.framer.next_response().map_err(text)? {
                match Response::parse(&response).map_err(text)? {
                    Response::Tagged { status: Status::Ok, .. } => return Ok(data),
                    Response::Tagged { text: words, .. } => {
                        return Err(format!("the observer's {command}: {words:?}"));
                    }
                    other => data.push(other),
                }
            }
            let read = self.stream.read(&mut octets).await.map_err(text)?;
            if read == 0 {
                return Err(format!("the observer was cut off at {command}"));
            }
            self.framer.push(&octets[..read]);
        }
    }
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
