//! UNAUTHENTICATE (RFC 8437): nothing of one user is left for the next.

use super::dialogue::{ann, connect, local, peer, server};
use peregrine_server::sessions::Watched;
use std::time::Duration;

/// T54: mailbox, extensions, saved result, rights and name of the one before are gone.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_the_user() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    client.reply("a APPEND INBOX {12+}\r\nSubject: x\r\n").await;
    client.reply("b CREATE Private").await;
    client.reply("c ENABLE QRESYNC").await;
    client.reply("d SELECT INBOX").await;
    client.reply("e STORE 1 +FLAGS (\\Deleted)").await;
    client.reply("f SEARCH RETURN (SAVE) ALL").await;
    assert_eq!(server.sessions().list()[0].user.as_deref(), Some("ann"));
    let told = client.ask("g UNAUTHENTICATE").await;
    assert!(matches!(&told[..], [ok] if ok.starts_with("g OK ")), "{told:?}");
    assert_eq!(server.sessions().list()[0].user, None);
    assert!(client.reply("h SELECT INBOX").await.starts_with("h BAD "));
    assert!(client.ask("i CAPABILITY").await[0].contains(" AUTH=PLAIN"));
    // Sent together with the login (§3).
    client.send("j LOGIN bob secret\r\nk LIST \"\" *\r\nl FETCH $ FLAGS\r\n").await;
    let told = client.until("l").await;
    assert!(!told.concat().contains("Private"), "{told:?}");
    assert!(told.last().unwrap().starts_with("l BAD "), "{told:?}");
    assert_eq!(server.sessions().list()[0].user.as_deref(), Some("bob"));
    let told = client.ask("m SELECT INBOX").await.concat();
    assert!(told.contains("* 0 EXISTS"), "{told}");
    // QRESYNC is not enabled any more (RFC 7162 §3.2.5).
    assert!(client.reply("n SELECT INBOX (QRESYNC (1 1))").await.starts_with("n BAD "));
    // Nothing was expunged.
    assert!(ann(&server).await.ask("o SELECT INBOX").await.concat().contains("* 1 EXISTS"));
}

/// The place among a user's sessions is free at once.
#[tokio::test(start_paused = true)]
async fn the_users_place_is_free() {
    let server = server(|options| {
        options.limits.remote.per_user = 1;
        options.cleartext_login = true;
    })
    .await;
    let mut first = connect(&server, peer("192.0.2.1")).await;
    let mut second = connect(&server, peer("192.0.2.2")).await;
    assert!(first.reply("a LOGIN ann secret").await.starts_with("a OK "));
    assert!(second.reply("a LOGIN ann secret").await.starts_with("a NO [LIMIT] "));
    assert!(first.reply("b UNAUTHENTICATE").await.starts_with("b OK "));
    assert!(second.reply("c LOGIN ann secret").await.starts_with("c OK "));
    assert!(first.reply("d LOGIN bob secret").await.starts_with("d OK "));
}

/// Failed logins stay counted: who leaves and comes back gets no more guesses.
#[tokio::test(start_paused = true)]
async fn failures_stay_counted() {
    let server = server(|_| {}).await;
    let mut client = connect(&server, local()).await;
    for _ in 0..2 {
        assert!(client.reply("a LOGIN ann wrong").await.starts_with("a NO "));
    }
    assert!(client.reply("b LOGIN ann secret").await.starts_with("b OK "));
    assert!(client.reply("c UNAUTHENTICATE").await.starts_with("c OK "));
    assert!(client.reply("d LOGIN bob wrong").await.starts_with("d NO "));
    assert!(client.rest().await.starts_with("* BYE "));
}

/// RFC 8437 §8: it can be forbidden. Before login it is illegal anyway.
#[tokio::test(start_paused = true)]
async fn it_can_be_forbidden() {
    let server = server(|options| options.unauthenticate = false).await;
    let mut client = connect(&server, local()).await;
    assert!(client.reply("a UNAUTHENTICATE").await.starts_with("a BAD "));
    let login = client.reply("b LOGIN ann secret").await;
    assert!(!login.contains("UNAUTHENTICATE"), "{login}");
    assert!(client.reply("c UNAUTHENTICATE").await.starts_with("c BAD "));
    assert!(client.reply("d SELECT INBOX").await.starts_with("d OK "));
}

/// Who watches a user sees how he leaves, and nothing of the next one.
#[tokio::test(start_paused = true)]
async fn watchers_follow_the_user() {
    let server = server(|_| {}).await;
    let mut watching = server.sessions().watch(Watched::User("ann".into())).unwrap();
    let mut client = ann(&server).await;
    client.reply("x UNAUTHENTICATE").await;
    client.reply("y LOGIN bob secret").await;
    client.reply("z NOOP").await;
    client.reply("w LOGOUT").await;
    server.shutdown().await;
    let mut seen = String::new();
    let wait = Duration::from_secs(1);
    while let Ok(Some(event)) = tokio::time::timeout(wait, watching.next()).await {
        seen += &format!("{event:?}\n");
    }
    assert!(seen.contains("UNAUTHENTICATE") && !seen.contains("bob"), "{seen}");
    assert!(!seen.contains("NOOP"), "{seen}");
}
