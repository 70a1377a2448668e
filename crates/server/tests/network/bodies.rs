//! Whole bodies that are sent in parts.

use super::dialogue::{ann, server, server_on};
use super::driver::{append, message};
use peregrine_kv::fault::{Call, FaultEngine};
use peregrine_kv::{Error, MemoryEngine};
use std::sync::Arc;

/// Above a few pieces.
const LARGE: usize = 3_000_000;

/// A message that cannot be read is answered with NO as long as nothing of it was said; after
/// that the connection ends, for nothing could be told from the rest of the literal.
#[tokio::test]
async fn a_literal_that_stops_too_early_ends_the_connection() {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    let server = server_on(Arc::new(engine), |_| {}).await;
    let mut client = ann(&server).await;
    append(&mut client, &message(LARGE)).await;
    client.ask("s SELECT INBOX").await;
    // The first reading is the opening.
    for reading in 1..=2 {
        faults.fail(Call::ObjectRead, reading, Error::corrupt("planned"));
        let reply = client.reply("f FETCH 1 (UID BODY.PEEK[])").await;
        assert!(reply.starts_with("f NO [CORRUPTION] "), "{reply}");
    }
    // Once it has been read and found right, only its parts are: it has rotted since. By then more
    // was given than may wait for the client.
    client.ask("g FETCH 1 (BODY.PEEK[]<0.1>)").await;
    faults.fail(Call::ObjectRead, 6, Error::corrupt("planned"));
    client.send("f FETCH 1 (UID BODY.PEEK[])\r\nn NOOP\r\n").await;
    let told = client.rest().await;
    let head = told.lines().find(|line| line.contains("FETCH")).unwrap();
    assert!(head.starts_with("* 1 FETCH (UID 1 BODY[] {"), "{head}");
    assert!(told.len() < LARGE);
    let body = told.split_once("}\r\n").unwrap().1;
    assert!(message(LARGE).starts_with(body));
}

/// Large and small sections, whole and partial, in one response and beside other commands.
#[tokio::test]
async fn sections_of_a_large_message() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    let (large, middle) = (message(1_100_000), message(30_000));
    for text in [&large, &middle, &large] {
        append(&mut client, text).await;
    }
    client.ask("s SELECT INBOX").await;
    let command = "f FETCH 1:3 (BODY.PEEK[TEXT] UID BODY.PEEK[] BODY.PEEK[]<7.1000000> \
        BODY.PEEK[HEADER] RFC822.SIZE)";
    client.send(format!("{command}\r\nn NOOP\r\n")).await;
    let told = client.until("f").await.join("\r\n");
    // It does not wait for the end of all three.
    assert!(told.contains("\r\nn OK ") || told.starts_with("n OK "));
    for (number, text) in [(1, &large), (2, &middle), (3, &large)] {
        let (header, rest) = text.split_once("\r\n\r\n").unwrap();
        let partial = &text[7..text.len().min(1_000_007)];
        let response = format!(
            "* {number} FETCH (BODY[TEXT] {{{}}}\r\n{rest} UID {number} BODY[] {{{}}}\r\n{text} \
            BODY[]<7> {{{}}}\r\n{partial} BODY[HEADER] {{{}}}\r\n{header}\r\n\r\n \
            RFC822.SIZE {})\r\n",
            rest.len(),
            text.len(),
            partial.len(),
            header.len() + 4,
            text.len(),
        );
        assert!(told.contains(&response), "{number}");
    }
}
