//! Runs every dialogue of `scripts/` on every engine: by line, by octet, and all at once; some also
//! cut in two at every octet.

use peregrine_kv::{Engine, MemoryEngine};
use peregrine_server::tls::{TlsConfig, self_signed};
use peregrine_server::{Options, Peer, Server, TlsMode, credentials, engine};
use peregrine_store::Store;
use peregrine_testkit::script::{self, Mode, Script};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use tokio::io::DuplexStream;

const USER: &str = "alice";
const PASSWORD: &str = "wonderland";
/// Octets that fit in a connection's pipe, as in a socket's buffer.
const PIPE: usize = 64 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_on_memory() {
    every_script(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_on_sqlite() {
    every_script(true).await;
}

async fn every_script(on_disk: bool) {
    // Hashed once: it is slow on purpose.
    let secret = credentials(PASSWORD).expect("a password");
    let (certificate, key) = self_signed(&["localhost".to_owned()]).expect("a certificate");
    let tls = TlsConfig::from_pem(certificate.as_bytes(), key.as_bytes()).expect("its parts");
    let tls = Arc::new(tls);
    let (mut failures, mut runs) = (Vec::new(), 0);
    for script in scripts() {
        for mode in [Mode::Lines, Mode::Octets, Mode::Together] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let engine: Arc<dyn Engine> = if on_disk {
                engine::open(folder.path()).await.expect("an engine")
            } else {
                Arc::new(MemoryEngine::new())
            };
            let store = Store::open(engine).await.expect("a store");
            store.create_account(USER, secret.clone()).await.expect("an account");
            let mut options = Options::new(store.clone());
            options.tls = Some(Arc::clone(&tls));
            // Small, since each script makes its messages one by one.
            if script.name.starts_with("messagelimit") {
                options.limits.command_messages = NonZeroU32::new(5);
            }
            if script.name.starts_with("savelimit") {
                options.limits.save_messages = NonZeroU32::new(2);
            }
            let server = Server::start(options).await.expect("a server");
            let cuts = script.cuts && mode == Mode::Lines && !on_disk;
            let cuts = (1..script.octets()).filter(|_| cuts).map(Mode::Cut);
            // With STARTTLS where a script is of it, else as in plain.
            let tls =
                if script.name.contains("starttls-") { TlsMode::StartTls } else { TlsMode::Off };
            for mode in std::iter::once(mode).chain(cuts) {
                runs += 1;
                if let Err(failure) = script::run(&script, &InMemory(&server, tls), mode).await {
                    failures.push(failure.to_string());
                }
            }
            server.shutdown().await;
            store.close().await;
        }
    }
    println!("scripts: {runs} runs, {} failed", failures.len());
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn scripts() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let only = std::env::var("PEREGRINE_SCRIPT").unwrap_or_default();
    let mut scripts: Vec<Script> = std::fs::read_dir(folder)
        .expect("the folder of scripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "imap"))
        .filter(|path| path.to_string_lossy().contains(&only))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a text");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            Script::parse(&name, &text).expect("a script")
        })
        .collect();
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!scripts.is_empty(), "no scripts");
    scripts
}

/// Connections that never touch a socket.
struct InMemory<'a>(&'a Server, TlsMode);

impl script::Peer for InMemory<'_> {
    type Stream = DuplexStream;

    async fn connect(&self) -> std::io::Result<DuplexStream> {
        let (client, server) = tokio::io::duplex(PIPE);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 143));
        let peer = Peer { remote: loopback, local: loopback };
        tokio::spawn(self.0.serve_stream(server, peer, self.1));
        Ok(client)
    }

    fn login(&self) -> (String, String) {
        (USER.to_owned(), PASSWORD.to_owned())
    }
}
