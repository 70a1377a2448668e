//! A server in memory whose commands take their time, and connections to it.

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use peregrine_check::chance::Random;
use peregrine_kv::MemoryEngine;
use peregrine_server::{Options, Peer, Server, TlsMode};
use peregrine_store::{Credentials, Store};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

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

    /// A connection that is logged in.
    pub async fn connect(&self) -> Result<DuplexStream, String> {
        let (mut client, stream) = tokio::io::duplex(PIPE);
        let loopback = std::net::SocketAddr::from(([127, 0, 0, 1], 143));
        let peer = Peer { remote: loopback, local: loopback };
        tokio::spawn(self.server.serve_stream(stream, peer, TlsMode::Off));
        line(&mut client).await?;
        client.write_all(b"in LOGIN alice wonderland\r\n").await.map_err(text)?;
        while !line(&mut client).await?.starts_with("in OK") {}
        Ok(client)
    }

    pub async fn end(self) {
        self.server.shutdown().await;
        self.store.close().await;
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
