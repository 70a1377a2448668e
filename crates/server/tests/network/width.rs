//! Slow commands beside quick ones: a search that waits for the disk, a client that goes away in
//! the middle of one, a client that does not read.

use super::dialogue::{Dialogue, PIPE, ann, connect, local, server, server_on};
use super::driver::{append, message};
use peregrine_kv::fault::{Call, FaultEngine, Faults};
use peregrine_kv::{Engine, Error, MemoryEngine};
use peregrine_server::TlsMode;
use std::sync::Arc;
use std::time::Duration;

fn faulty() -> (Arc<dyn Engine>, Faults) {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    (Arc::new(engine), faults)
}

/// RFC 3501 §5.5: what does not depend on a search through bodies is answered while that waits
/// for the disk, whatever it is.
#[tokio::test]
async fn a_search_that_waits_holds_up_nothing() {
    let (engine, faults) = faulty();
    let server = server_on(engine, |_| {}).await;
    let mut client = ann(&server).await;
    append(&mut client, "Subject: one\r\n\r\nneedle\r\n").await;
    client.ask("s SELECT INBOX").await;
    let gate = faults.hold(Call::Scan, 1);
    client
        .send(
            "a UID SEARCH BODY needle\r\nb UID FETCH 1 (FLAGS)\r\nc STATUS Sent (MESSAGES)\r\n\
             d LIST \"\" *\r\ne APPEND Sent {5+}\r\nA: b\n\r\nf NOOP\r\n",
        )
        .await;
    gate.reached().await;
    let mut quick = vec!["b", "c", "d", "e", "f"];
    while !quick.is_empty() {
        let line = client.line().await;
        assert!(!line.starts_with("a "), "{line}");
        quick.retain(|tag| !line.starts_with(&format!("{tag} OK ")));
    }
    gate.open();
    let lines = client.until("a").await;
    assert_eq!(lines[0], "* SEARCH 1");
    assert!(lines[1].starts_with("a OK "), "{lines:?}");
}

/// What a search waits for when its client goes is the last that it reads.
#[tokio::test(start_paused = true)]
async fn a_search_ends_with_its_client() {
    let (engine, faults) = faulty();
    let server = server_on(Arc::clone(&engine), |_| {}).await;
    let (client, stream) = tokio::io::duplex(PIPE);
    let session = tokio::spawn(server.serve_stream(stream, local(), TlsMode::Off));
    let mut client = Dialogue::new(client);
    client.line().await;
    client.ask("l LOGIN ann secret").await;
    for _ in 0..40 {
        append(&mut client, &message(60_000)).await;
    }
    client.ask("s SELECT INBOX").await;
    // The digests, then the first of three pages of bodies.
    let gate = faults.hold(Call::Scan, 2);
    client.send("a UID SEARCH BODY nowhere\r\n").await;
    gate.reached().await;
    drop(client);
    tokio::time::timeout(Duration::from_secs(30), session).await.expect("it goes on").unwrap();
    faults.fail(Call::Read, 1, Error::Full);
    gate.open();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let next = engine.snapshot().await.unwrap().get(b"any").await;
    assert!(matches!(next, Err(Error::Full)), "the search has read on");
}

/// A client that asks for much and does not read it stops no other session of its mailbox.
#[tokio::test]
async fn a_client_that_does_not_read_holds_no_lock() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    for _ in 0..4 {
        append(&mut client, &message(200_000)).await;
    }
    client.ask("s SELECT INBOX").await;
    client.send("f FETCH 1:* BODY.PEEK[]\r\nu UID SEARCH BODY cdef\r\n".repeat(20)).await;
    let mut other = connect(&server, local()).await;
    for command in [
        "a LOGIN ann secret",
        "b SELECT INBOX",
        "c STORE 1:2 +FLAGS.SILENT (\\Deleted)",
        "d EXPUNGE",
        "e UID COPY 1:* Sent",
        "f DELETE Junk",
    ] {
        let reply = other.reply(command).await;
        assert!(reply[2..].starts_with("OK "), "{reply}");
    }
    append(&mut other, &message(1000)).await;
}

/// RFC 3501 §6.3.1: after a SELECT that failed no mailbox is selected, also where it failed only at
/// what has vanished since the client was here last.
#[tokio::test]
async fn a_select_that_is_not_whole_selects_nothing() {
    let (engine, faults) = faulty();
    let server = server_on(engine, |_| {}).await;
    let mut client = ann(&server).await;
    append(&mut client, "Subject: one\r\n\r\n").await;
    client.ask("a ENABLE QRESYNC").await;
    let opened = client.ask("b SELECT INBOX").await;
    let validity = opened.iter().find_map(|line| line.split_once("[UIDVALIDITY ")).unwrap().1;
    let validity = validity.split(']').next().unwrap();
    client.ask("c STORE 1 +FLAGS (\\Deleted)").await;
    client.ask("d EXPUNGE").await;
    let select = format!("SELECT INBOX (QRESYNC ({validity} 1))");
    assert!(client.ask(&format!("e {select}")).await.contains(&"* VANISHED (EARLIER) 1".into()));
    faults.fail(Call::Scan, 1, Error::Full);
    let refused = client.ask(&format!("f {select}")).await;
    assert!(refused.last().unwrap().starts_with("f NO "), "{refused:?}");
    assert!(refused[0].starts_with("* OK [CLOSED] "), "{refused:?}");
    assert!(client.reply("g FETCH 1 FLAGS").await.starts_with("g BAD SELECT a mailbox first"));
    assert!(client.reply(&format!("h {select}")).await.starts_with("h OK "));
}
