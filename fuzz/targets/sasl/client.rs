//! A server with two users, and a client of it on a simulated clock.

use super::proof::{MODULUS, USERS, scram_keys};
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use peregrine_kv::MemoryEngine;
use peregrine_proto::MailboxName;
use peregrine_server::oauth::{TokenPolicy, Tokens};
use peregrine_server::tls::{TlsConfig, self_signed};
use peregrine_server::{Options, Peer, Server, TlsMode};
use peregrine_store::{Credentials, Store};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsConnector;

/// Octets that a stream in memory holds.
const PIPE: usize = 64 * 1024;
/// All that a server may say in one session, in octets.
const MOST_SAID: usize = 16 * 1024;
/// No failure is held back as long as this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Certificates take long to make.
struct Ready {
    tls: Arc<TlsConfig>,
    client: Arc<ClientConfig>,
    kept: [Credentials; 2],
    oauth: Arc<Tokens>,
}

fn ready() -> &'static Ready {
    static READY: OnceLock<Ready> = OnceLock::new();
    READY.get_or_init(|| {
        let (certificate, key) = self_signed(&["localhost".to_owned()]).expect("a certificate");
        let tls = TlsConfig::from_pem(certificate.as_bytes(), key.as_bytes()).expect("TLS");
        let mut roots = RootCertStore::empty();
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM");
        roots.add(der).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let policy = TokenPolicy {
            issuer: "https://login.example.org".into(),
            audience: "imap".into(),
            claim: "email".into(),
            domain: Some("example.org".into()),
            scope: None,
        };
        let set = format!(
            r#"{{"keys":[{{"kty":"RSA","kid":"r1","alg":"RS256","n":"{MODULUS}","e":"AQAB"}}]}}"#
        );
        let oauth = Arc::new(Tokens::new(policy, &set).expect("a key set"));
        let kept = std::array::from_fn(cheap);
        Ready { tls: Arc::new(tls), client: Arc::new(client), kept, oauth }
    })
}

/// A user's password, hashed with as little work as there can be.
fn cheap(whose: usize) -> Credentials {
    let parameters = Params::new(Params::MIN_M_COST, 1, 1, None).expect("parameters");
    let salt = SaltString::encode_b64(b"some sixteen oct").expect("salt");
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password(USERS[whose].1.as_bytes(), &salt)
        .expect("a hash");
    Credentials { password_hash: hash.to_string(), scram_sha_256: Some(scram_keys(whose)) }
}

/// A server and its store.
pub struct Site {
    server: Server,
    store: Store,
}

impl Site {
    /// Each user has one mailbox more, which is called as he is.
    pub async fn new() -> Self {
        let store = Store::open(Arc::new(MemoryEngine::new())).await.expect("a store");
        for ((user, _), kept) in USERS.iter().zip(&ready().kept) {
            store.create_account(user, kept.clone()).await.expect("an account");
            let (id, _) = store.credentials(user).await.expect("it reads").expect("a user");
            let account = store.account(id).await.expect("an account");
            let name = MailboxName::new(&format!("of-{user}")).expect("a name");
            account.create(&name).await.expect("a mailbox");
        }
        let mut options = Options::new(store.clone());
        options.tls = Some(Arc::clone(&ready().tls));
        options.nobody = Some(ready().kept[0].password_hash.clone());
        options.oauth = Some(Arc::clone(&ready().oauth));
        let server = Server::start(options).await.expect("a server");
        Self { server, store }
    }

    /// A client that has been greeted.
    pub async fn connect(&self, tls: bool) -> Client {
        let (near, far) = tokio::io::duplex(PIPE);
        let peer = Peer {
            remote: "127.0.0.1:50000".parse().expect("an address"),
            local: "127.0.0.1:143".parse().expect("an address"),
        };
        let mode = if tls { TlsMode::Implicit } else { TlsMode::Off };
        tokio::spawn(self.server.serve_stream(far, peer, mode));
        let mut client = if tls { under_tls(near).await } else { Client::new(near, None) };
        let greeting = client.line().await.expect("a greeting");
        assert!(greeting.starts_with(b"* OK [CAPABILITY "));
        client
    }

    pub async fn end(self) {
        self.server.shutdown().await;
        self.store.close().await;
    }
}

async fn under_tls(stream: DuplexStream) -> Client {
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = TlsConnector::from(Arc::clone(&ready().client));
    let stream = connector.connect(name, stream).await.expect("a handshake");
    let empty: &[u8] = &[];
    let label = b"EXPORTER-Channel-Binding";
    let binding = stream.get_ref().1.export_keying_material([0; 32], label, Some(empty));
    Client::new(stream, Some(binding.expect("it is TLS 1.3")))
}

/// Both ways of a connection.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// One connection.
pub struct Client {
    stream: Box<dyn Stream>,
    /// What SCRAM-SHA-256-PLUS is bound to here (RFC 9266).
    pub binding: Option<[u8; 32]>,
    read: Vec<u8>,
    said: usize,
}

impl Client {
    fn new(stream: impl Stream + 'static, binding: Option<[u8; 32]>) -> Self {
        Self { stream: Box::new(stream), binding, read: Vec::new(), said: 0 }
    }

    /// Sends a line.
    pub async fn send(&mut self, line: &[u8]) {
        // A server that has closed the connection takes no more.
        let _ = self.stream.write_all(&[line, b"\r\n"].concat()).await;
        let _ = self.stream.flush().await;
    }

    /// The next line without its CRLF; `None` at the end.
    pub async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\r\n") {
                return Some(self.read.drain(..end + 2).take(end).collect());
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
            let read = read.expect("the server is silent").unwrap_or(0);
            if read == 0 {
                assert!(self.read.is_empty(), "cut off");
                return None;
            }
            self.said += read;
            assert!(self.said <= MOST_SAID, "it says too much");
        }
    }

    /// Whose mail this connection has.
    pub async fn who(&mut self) -> String {
        self.send(b"who LIST \"\" of-*").await;
        let mut found = Vec::new();
        while let Some(line) = self.line().await {
            if line.starts_with(b"who ") {
                break;
            }
            found.push(String::from_utf8_lossy(&line).into_owned());
        }
        assert_eq!(found.len(), 1, "{found:?}");
        let (_, user) = found[0].rsplit_once("of-").expect("a mailbox of a user");
        user.trim_end_matches('"').to_owned()
    }
}
