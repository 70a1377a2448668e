//! Any octets are a session: each command gets one reply with its tag, whatever the cuts, the
//! server says only what our grammar reads, serves the next command or has closed, and harms nobody
//! else's mail.

#![no_main]

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use libfuzzer_sys::fuzz_target;
use peregrine_kv::MemoryEngine;
use peregrine_proto::Response;
use peregrine_proto::response::{ResponseFramer, ResponseLimits};
use peregrine_server::{Options, Peer, Server, TlsMode};
use peregrine_store::{Credentials, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::Runtime;

/// The password `p`, hashed with as little work as there can be.
static KEPT: OnceLock<Credentials> = OnceLock::new();
/// The tag of our last command.
const LAST: &[u8] = b"zy";
/// How many octets an own pipe holds.
const PIPE: usize = 64 * 1024;

thread_local! {
    /// With its threads, which take long to begin. Nothing of a server is left behind in it.
    static RUNTIME: Runtime = {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().expect("a runtime")
    };
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (stage, step, octets) = input;
    let play = |step| RUNTIME.with(|runtime| runtime.block_on(transcript(stage, octets, step)));
    let (whole, cut) = (play(octets.len()), play(usize::from(step)));
    // What is closed early answers less, and how much less depends on what was done by then. Whether
    // it was closed does not show where the input has our last tag too.
    let ours = octets.windows(LAST.len()).any(|tag| tag == LAST);
    if !ours && !whole.closed && !cut.closed {
        assert_eq!(whole.tags, cut.tags, "cut by {step}");
    }
});

/// What the server has said.
struct Transcript {
    /// How often each tag was answered.
    tags: BTreeMap<Vec<u8>, usize>,
    /// Whether it closed the connection before it was asked to.
    closed: bool,
}

async fn transcript(stage: u8, octets: &[u8], step: usize) -> Transcript {
    let store = Store::open(Arc::new(MemoryEngine::new())).await.expect("a store");
    let kept = KEPT.get_or_init(cheap).clone();
    for user in ["alice", "bob"] {
        store.create_account(user, kept.clone()).await.expect("an account");
    }
    let (id, _) = store.credentials("bob").await.expect("it reads").expect("bob");
    let bob = store.account(id).await.expect("bob");
    let before = bob.tree();
    let mut options = Options::new(store.clone());
    options.nobody = Some(kept.password_hash);
    let server = Server::start(options).await.expect("a server");
    let (client, stream) = tokio::io::duplex(PIPE);
    let peer = Peer {
        remote: "127.0.0.1:50000".parse().expect("an address"),
        local: "127.0.0.1:143".parse().expect("an address"),
    };
    let session = tokio::spawn(server.serve_stream(stream, peer, TlsMode::Off));
    let mut begin = String::new();
    if stage % 4 > 0 {
        begin.push_str("login LOGIN alice p\r\n");
    }
    if stage % 4 > 1 {
        begin.push_str("append APPEND INBOX {10+}\r\nSubject: x\r\nselect SELECT INBOX\r\n");
    }
    let said = said(client, begin.as_bytes(), octets, step.max(1)).await;
    session.await.expect("no panic");
    // Bob may have logged in by these octets, but not without them.
    if !octets.windows(3).any(|word| word.eq_ignore_ascii_case(b"bob")) {
        assert!(bob.tree() == before, "bob's mail was touched");
    }
    server.shutdown().await;
    store.close().await;
    said
}

async fn said(client: DuplexStream, begin: &[u8], octets: &[u8], step: usize) -> Transcript {
    let (mut reader, mut writer) = tokio::io::split(client);
    let write = async {
        for piece in [begin].into_iter().chain(octets.chunks(step)) {
            // A server that has closed the connection takes no more.
            let _ = writer.write_all(piece).await;
            tokio::time::sleep(Duration::from_micros(10)).await;
        }
        // Out of whatever was begun: a line, a literal, an exchange, IDLE.
        let _ = writer.write_all(b"\r\n").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _ = writer.write_all(b"DONE\r\n*\r\nzz NOOP\r\nzy LOGOUT\r\n").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _ = writer.shutdown().await;
    };
    let read = async {
        let mut all = Vec::new();
        let _ = reader.read_to_end(&mut all).await;
        all
    };
    let ((), all) = tokio::join!(write, read);
    let mut framer = ResponseFramer::new(ResponseLimits::default());
    framer.push(&all);
    let (mut tags, mut closed) = (BTreeMap::<Vec<u8>, usize>::new(), true);
    while let Some(response) = framer.next_response().expect("it frames") {
        Response::parse(&response).expect("it is of the grammar");
        let tag = response.split(|octet| *octet == b' ').next().unwrap_or_default().to_vec();
        closed &= tag != LAST;
        if tag != b"*" && tag != b"+" {
            *tags.entry(tag).or_default() += 1;
        }
    }
    assert!(framer.take_rest().is_empty(), "cut off");
    let lines = octets.iter().filter(|octet| **octet == b'\n').count() + 8;
    assert!(tags.values().sum::<usize>() <= lines, "more replies than lines");
    Transcript { tags, closed }
}

fn cheap() -> Credentials {
    let parameters = Params::new(Params::MIN_M_COST, 1, 1, None).expect("parameters");
    let salt = SaltString::encode_b64(b"some sixteen oct").expect("salt");
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password(b"p", &salt)
        .expect("a hash");
    Credentials { password_hash: hash.to_string(), scram_sha_256: None }
}
