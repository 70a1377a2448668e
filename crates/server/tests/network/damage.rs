//! Stores that are damaged, and stores that have stopped.

use super::dialogue::{ann, server_on};
use super::driver::{append, message};
use peregrine_kv::fault::{Call, FaultEngine};
use peregrine_kv::{Error, MemoryEngine};
use std::sync::Arc;

/// Octets of a message that lies in an object of its own.
const LARGE: usize = 200_000;

/// One message that cannot be read costs none of the others, and who has marked it as read is told.
#[tokio::test]
async fn fetch_goes_on_past_a_damaged_message() {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    let server = server_on(Arc::new(engine), |_| {}).await;
    let mut client = ann(&server).await;
    let text = message(LARGE);
    for _ in 0..5 {
        append(&mut client, &text).await;
    }
    client.ask("s SELECT INBOX").await;
    let damaged = "NO [CORRUPTION] The message with UID 3 is damaged and was left out";
    faults.fail(Call::ObjectRead, 3, Error::corrupt("planned"));
    let told = client.ask("a UID FETCH 1:* BODY[]").await;
    assert_eq!(told.last().unwrap(), &format!("a {damaged}"));
    let told = told.join("\n");
    for uid in [1, 2, 4, 5] {
        let response = format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\n", text.len());
        assert!(told.contains(&response), "{uid}: {told:.500}");
    }
    assert!(told.contains("\n* 3 FETCH (FLAGS (\\Seen \\Recent) UID 3)\n"), "the change is told");
    let told = client.ask("b FETCH 1:* FLAGS").await;
    assert_eq!(told.iter().filter(|line| line.contains("\\Seen")).count(), 5);
    // The next time it can be read.
    assert!(client.reply("c UID FETCH 3 BODY[]").await.starts_with("c OK "));
    for reading in [1, 2] {
        faults.fail(Call::ObjectRead, reading, Error::corrupt("planned"));
    }
    let reply = client.reply("d FETCH 1:* BODY.PEEK[HEADER]").await;
    let expected = "2 messages are damaged and were left out, first UID 1";
    assert_eq!(reply, format!("d NO [CORRUPTION] {expected}"));
}

/// A page of rows that cannot be read is read row by row.
#[tokio::test]
async fn a_page_that_cannot_be_read_is_read_one_by_one() {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    let server = server_on(Arc::new(engine), |_| {}).await;
    let mut client = ann(&server).await;
    for _ in 0..5 {
        append(&mut client, &message(500)).await;
    }
    client.ask("s SELECT INBOX").await;
    for items in ["ENVELOPE", "BODY.PEEK[]"] {
        // The page, and the second message when it is read alone.
        for read in [1, 3] {
            faults.fail(Call::Scan, read, Error::corrupt("planned"));
        }
        let told = client.ask(&format!("a FETCH 1:* ({items})")).await;
        let numbers: Vec<_> = told.iter().filter(|line| line.contains(" FETCH (")).collect();
        assert_eq!(numbers.len(), 4, "{told:?}");
        assert!(!numbers.iter().any(|line| line.starts_with("* 2 ")), "{told:?}");
        let last = told.last().unwrap();
        assert!(last.starts_with("a NO [CORRUPTION] The message with UID 2 "), "{last}");
    }
}

/// RFC 9051 §7.1: mail programs show an ALERT. Once a connection, when something was refused.
#[tokio::test]
async fn a_store_that_has_stopped_is_told_once() {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    let server = server_on(Arc::new(engine), |_| {}).await;
    let mut first = ann(&server).await;
    let mut second = ann(&server).await;
    for client in [&mut first, &mut second] {
        for (tag, alerts) in [("a", 1), ("b", 0)] {
            faults.fail(Call::Commit, 1, Error::Stopped);
            let told = client.ask(&format!("{tag} CREATE Other")).await;
            let alert =
                |line: &&String| line.starts_with("* NO [ALERT] The mail store has stopped");
            assert_eq!(told.iter().filter(alert).count(), alerts, "{told:?}");
            let reply = told.last().unwrap();
            assert!(reply.starts_with(&format!("{tag} NO [UNAVAILABLE] ")), "{reply}");
        }
    }
    faults.clear();
    assert!(first.reply("c CREATE Other").await.starts_with("c OK "));
}
