//! Moving messages on servers that know MOVE, UIDPLUS, or neither; and rows that come some at a
//! time.

use crate::house::House;
use crate::own_server::{MAIL, uid};
use crate::played::{Played, connect, plain};
use peregrine_client::{Client, Error, Items, Query, all};

/// A client in INBOX on a server with these capabilities, that then does what `play` says.
async fn with<F>(capabilities: &'static str, play: impl FnOnce(Played) -> F) -> Client
where
    F: Future<Output = ()> + Send + 'static,
{
    let (ours, mut server) = Played::new();
    let greeting = format!("* PREAUTH [CAPABILITY IMAP4rev1 {capabilities}] in\r\n");
    server.says(greeting).await;
    tokio::spawn(play(server));
    connect(&plain(), ours).await.unwrap()
}

#[tokio::test]
async fn a_server_with_move_is_asked_to() {
    let client = with("MOVE", |mut server| async move {
        server.answers("SELECT INBOX", "* 3 EXISTS\r\n").await;
        server.answers("UID MOVE 1:* Archive", "* OK [COPYUID 7 1:3 4:6] so\r\n").await;
        server.line().await;
    });
    let client = client.await;
    let inbox = client.select("INBOX").await.unwrap();
    let copied = inbox.move_messages(all(), "Archive").await.unwrap();
    assert_eq!(copied.unwrap().uid_validity.0.get(), 7);
}

/// What comes between COPY and STORE is not in the set any more, and is not lost.
#[tokio::test]
async fn a_server_without_move_copies_and_expunges_by_uid() {
    let client = with("UIDPLUS", |mut server| async move {
        server.answers("SELECT INBOX", "* 2 EXISTS\r\n").await;
        server.answers("UID SEARCH UID 1:*", "* SEARCH 5 3\r\n").await;
        server.answers("UID COPY 3,5 Archive", "* 3 EXISTS\r\n").await;
        server.answers("UID STORE 3,5 +FLAGS.SILENT (\\Deleted)", "").await;
        server.answers("UID EXPUNGE 3,5", "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n").await;
        server.answers("UID SEARCH UID 9", "* SEARCH\r\n").await;
        server.answers("NOOP", "").await;
        server.line().await;
    });
    let client = client.await;
    let inbox = client.select("INBOX").await.unwrap();
    assert_eq!(inbox.move_messages(all(), "Archive").await.unwrap(), None);
    // Nothing there, nothing to copy.
    assert_eq!(inbox.move_messages(uid(9), "Archive").await.unwrap(), None);
    client.noop().await.unwrap();
}

/// EXPUNGE alone would remove what others have marked: never sent, and said so.
#[tokio::test]
async fn a_server_with_neither_marks_only_where_that_was_asked_for() {
    let client = with("IDLE", |mut server| async move {
        server.answers("SELECT INBOX", "* 2 EXISTS\r\n").await;
        server.answers("UID SEARCH UID 3", "* SEARCH 3\r\n").await;
        server.answers("UID COPY 3 Archive", "").await;
        server.answers("UID STORE 3 +FLAGS.SILENT (\\Deleted)", "").await;
        server.answers("NOOP", "").await;
        server.line().await;
    });
    let client = client.await;
    let inbox = client.select("INBOX").await.unwrap();
    let error = inbox.move_messages(uid(3), "Archive").await.unwrap_err();
    assert!(matches!(error, Error::Unsupported("MOVE or UIDPLUS")), "{error}");
    assert_eq!(inbox.move_messages(uid(3), "Archive").or_mark().await.unwrap(), None);
    client.noop().await.unwrap();
}

/// A copy that fails leaves everything as it is.
#[tokio::test]
async fn nothing_is_marked_where_nothing_was_copied() {
    let client = with("UIDPLUS", |mut server| async move {
        server.answers("SELECT INBOX", "* 2 EXISTS\r\n").await;
        server.answers("UID SEARCH UID 3", "* SEARCH 3\r\n").await;
        let tag = server.expects("UID COPY 3 Archive").await;
        server.says(format!("{tag} NO [TRYCREATE] there is none\r\n")).await;
        server.answers("NOOP", "").await;
        server.line().await;
    });
    let client = client.await;
    let inbox = client.select("INBOX").await.unwrap();
    let error = inbox.move_messages(uid(3), "Archive").await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    client.noop().await.unwrap();
}

#[tokio::test]
async fn rows_come_some_at_a_time() {
    let house = House::new().await;
    let (client, other) = (house.client().await, house.client().await);
    let appends: Vec<_> = (0..300).map(|_| client.append("INBOX", MAIL).send()).collect();
    for append in appends {
        append.await.unwrap();
    }
    let inbox = client.select("INBOX").await.unwrap();
    let mut rows = inbox.rows(all(), Items::new().body());
    for number in 1..=10 {
        let message = rows.next().await.unwrap().unwrap();
        assert_eq!(
            (message.uid, &message.body().unwrap()[..]),
            (Some(uid(number)), MAIL.as_bytes())
        );
    }
    // What is expunged meanwhile is left out; who reads slowly holds up nobody.
    let there = other.select("INBOX").await.unwrap();
    let flags = [peregrine_client::proto::Flag::Deleted];
    there.add_flags(uid(290), &flags).await.unwrap();
    there.expunge().await.unwrap();
    client.noop().await.unwrap();
    let mut last = 10;
    while let Some(message) = rows.next().await.unwrap() {
        last += if last == 289 { 2 } else { 1 };
        assert_eq!(message.uid, Some(uid(last)));
    }
    assert_eq!(last, 300);
    assert!(rows.next().await.unwrap().is_none());
    let none = inbox.search(Query::all().uids(uid(290))).await.unwrap();
    assert!(none.is_empty());
}

/// The bound itself: while nothing is taken, two commands are asked and no third.
#[tokio::test]
async fn no_more_rows_are_asked_for_than_are_wanted() {
    let client = with("IDLE", |mut server| async move {
        server.answers("SELECT INBOX", "* 500 EXISTS\r\n").await;
        let uids: Vec<String> = (1..=500).map(|uid: u32| uid.to_string()).collect();
        server.answers("UID SEARCH UID 1:*", &format!("* SEARCH {}\r\n", uids.join(" "))).await;
        let first = server.expects("UID FETCH 1:64 UID").await;
        let second = server.expects("UID FETCH 65:128 UID").await;
        for (tag, from) in [(first, 1_u32), (second, 65)] {
            let row = |uid: u32| format!("* {uid} FETCH (UID {uid})\r\n");
            let rows: String = (from..from + 64).map(row).collect();
            server.says(format!("{rows}{tag} OK done\r\n")).await;
        }
        // The third goes out when the first has been taken as a whole.
        server.answers("NOOP", "").await;
        let tag = server.expects("UID FETCH 129:192 UID").await;
        server.says(format!("{tag} NO enough\r\n")).await;
        server.line().await;
    });
    let client = client.await;
    let inbox = client.select("INBOX").await.unwrap();
    let mut rows = inbox.rows(all(), Items::new());
    for _ in 0..64 {
        rows.next().await.unwrap().unwrap();
    }
    client.noop().await.unwrap();
    for _ in 0..64 {
        rows.next().await.unwrap().unwrap();
    }
    assert!(matches!(rows.next().await, Err(Error::Refused(_))));
    assert!(rows.next().await.unwrap().is_none());
}
