//! What is derived from messages: ready to send, and made again where it is missing.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;

use bytes::Bytes;
use fixture::{inbox, message, name, on, rows, uids};
use peregrine_kv::{Engine, MAX_VALUE, MemoryEngine, Range, Transaction};
use peregrine_proto::command::sort::{SortCriterion, SortKey};
use peregrine_store::{Account, Digest, Mailbox, NewMessage};
use std::sync::Arc;

fn engine() -> Arc<dyn Engine> {
    Arc::new(MemoryEngine::new())
}

async fn digests(mailbox: &Mailbox) -> Vec<Digest> {
    let view = mailbox.view();
    let mut digests = mailbox.digests(&view, 0..u32::MAX);
    let mut all = Vec::new();
    while let Some(page) = digests.next_page().await.unwrap() {
        assert_eq!(page.first as usize, all.len());
        all.extend(page.digests);
    }
    all
}

async fn append(account: &Account, body: impl Into<Vec<u8>>) {
    let new = NewMessage { body: body.into().into(), ..message("", &[]) };
    account.append(&inbox(), vec![new]).await.unwrap();
}

/// RFC 3501 §7.4.2: the values as they go over the wire.
#[tokio::test]
async fn values_are_ready_to_send() {
    let (_store, account) = on(engine()).await;
    append(
        &account,
        "Date: Wed, 1 Jan 2020 23:30:00 -0500\r\nFrom: Ann <ann@example.org>\r\nSubject: Hi\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n",
    )
    .await;
    let mailbox = account.open(&inbox()).await.unwrap();
    let digest = &digests(&mailbox).await[0];
    let ann = "((\"Ann\" NIL \"ann\" \"example.org\"))";
    let envelope = format!(
        "(\"Wed, 1 Jan 2020 23:30:00 -0500\" \"Hi\" {ann} {ann} {ann} NIL NIL NIL NIL NIL)"
    );
    assert_eq!(String::from_utf8_lossy(digest.envelope()), envelope);
    let body = String::from_utf8_lossy(digest.body()).into_owned();
    assert!(body.starts_with("((\"text\" \"plain\"") && body.contains("\"inner\""), "{body}");
    assert!(body.ends_with("\"mixed\")"), "{body}");
    let whole = String::from_utf8_lossy(digest.body_structure()).into_owned();
    assert!(whole.contains("(\"boundary\" \"b\")"), "{whole}");
    let sent = digest.sent().unwrap();
    assert_eq!((sent.year, sent.month, sent.day), (2020, 1, 1));
    assert_eq!(digest.structure().unwrap().parts.len(), 4);
}

/// Digests that were lost, or were never stored, are made from the bodies and stored again.
#[tokio::test]
async fn lost_digests_are_made_again() {
    let engine = engine();
    let (_store, account) = on(Arc::clone(&engine)).await;
    for number in 0..5 {
        append(&account, format!("Subject: s{number}\r\n\r\n")).await;
    }
    let mailbox = account.open(&inbox()).await.unwrap();
    let before: Vec<Vec<u8>> =
        digests(&mailbox).await.iter().map(|digest| digest.envelope().to_vec()).collect();
    let mut transaction = Transaction::new();
    let prefix = [&account.id().0.to_be_bytes()[..], b"d"].concat();
    transaction.delete_range(prefix.clone(), [&prefix[..8], b"e"].concat());
    engine.commit(transaction).await.unwrap();
    assert_eq!(rows(&engine, b'd').await, 0);
    let after: Vec<Vec<u8>> =
        digests(&mailbox).await.iter().map(|digest| digest.envelope().to_vec()).collect();
    assert_eq!(before, after);
    account.subscribe(&inbox()).await.unwrap();
    account.append(&inbox(), vec![message("behind", &[])]).await.unwrap();
    assert_eq!(rows(&engine, b'd').await, 6);
}

/// Rows that an older program wrote, without the keys of SORT, are made anew when they are read.
#[tokio::test]
async fn old_digests_are_made_anew() {
    let engine = engine();
    let (_store, account) = on(Arc::clone(&engine)).await;
    for subject in ["beta", "Re: alpha"] {
        append(&account, format!("Subject: {subject}\r\n\r\n")).await;
    }
    let prefix = [&account.id().0.to_be_bytes()[..], b"d"].concat();
    let range = Range::prefix(Bytes::from(prefix));
    let page = engine.snapshot().await.unwrap().scan(range.clone(), 10).await.unwrap();
    let mut transaction = Transaction::new();
    for (key, _) in &page.rows {
        transaction.put(key.clone(), vec![1; 30]);
    }
    engine.commit(transaction).await.unwrap();
    let mailbox = account.open(&inbox()).await.unwrap();
    let by = SortCriterion { reverse: false, key: SortKey::Subject };
    assert_eq!(mailbox.sort(&mailbox.view(), vec![0, 1], &[by]).await.unwrap(), [1, 0]);
    account.subscribe(&inbox()).await.unwrap();
    let after = engine.snapshot().await.unwrap().scan(range, 10).await.unwrap();
    assert_eq!(after.rows, page.rows);
}

/// A digest that no row can hold is made each time; messages around it are not disturbed. The
/// limits of a value are met exactly for bodies, too.
#[tokio::test]
async fn long_ones_have_no_row() {
    let (_store, account) = on(engine()).await;
    append(&account, "Subject: before\r\n\r\n").await;
    let part = "--b\r\nContent-Type: text/plain; name=x\r\n\r\n\r\n";
    append(&account, format!("Content-Type: multipart/x; boundary=b\r\n\r\n{}", part.repeat(3000)))
        .await;
    for length in [0, 1, MAX_VALUE - 34, MAX_VALUE - 33, MAX_VALUE - 32, MAX_VALUE, MAX_VALUE + 1] {
        append(&account, vec![b'x'; length]).await;
    }
    let mailbox = account.open(&inbox()).await.unwrap();
    let all = digests(&mailbox).await;
    assert_eq!(all[1].structure().unwrap().parts.len(), 3001);
    assert!(all[1].body_structure().len() > MAX_VALUE);
    let view = mailbox.view();
    let mut bodies = mailbox.bodies(&view, 0..view.exists());
    let mut lengths = Vec::new();
    while let Some((_, page)) = bodies.next_page().await.unwrap() {
        for body in page {
            assert_eq!(body.whole().await.unwrap().len() as u64, body.len());
            lengths.push((body.len() as usize, body.in_memory().is_some()));
        }
    }
    let expected = [(0, true), (1, true), (MAX_VALUE - 34, true), (MAX_VALUE - 33, true)];
    assert_eq!(lengths[2..6], expected);
    let expected = [(MAX_VALUE - 32, false), (MAX_VALUE, false), (MAX_VALUE + 1, false)];
    assert_eq!(lengths[6..], expected);
}

/// Pages follow one another without a gap, whatever lies between the rows that are wanted.
#[tokio::test]
async fn pages_fit_together() {
    let (_store, account) = on(engine()).await;
    let subjects: Vec<String> = (0..3000).map(|number| format!("{number}")).collect();
    for some in subjects.chunks(600) {
        let padding = "p".repeat(700);
        let messages = some.iter().map(|s| message(&format!("{s} {padding}"), &[])).collect();
        account.append(&inbox(), messages).await.unwrap();
    }
    let mailbox = account.open(&inbox()).await.unwrap();
    let all = digests(&mailbox).await;
    assert_eq!(all.len(), 3000);
    for (digest, subject) in all.iter().zip(subjects) {
        let envelope = String::from_utf8_lossy(digest.envelope()).into_owned();
        assert!(envelope.starts_with(&format!("(NIL \"{subject} p")), "{subject}");
    }
}

/// A copy of many messages has all their digests: those in its own commit, and those that follow.
#[tokio::test]
async fn a_large_copy_has_all_digests() {
    const MESSAGES: u32 = 6_000;
    let engine = engine();
    let (_store, account) = on(Arc::clone(&engine)).await;
    let messages = (0..MESSAGES).map(|number| message(&format!("number {number}"), &[]));
    account.append(&inbox(), messages.collect()).await.unwrap();
    let mailbox = account.open(&inbox()).await.unwrap();
    let all: Vec<u32> = (1..=MESSAGES).filter(|uid| uid % 7 != 0).collect();
    let copied = mailbox.copy(&mailbox.view(), &uids(&all), &name("Sent")).await.unwrap();
    assert_eq!(copied.target.count(), all.len() as u64);
    assert_eq!(rows(&engine, b'd').await, MESSAGES as usize + all.len());
    let sent = account.open(&name("Sent")).await.unwrap();
    let (told, source) = (digests(&sent).await, digests(&mailbox).await);
    for (digest, uid) in told.iter().zip(all) {
        assert_eq!(digest.envelope(), source[uid as usize - 1].envelope());
    }
}
