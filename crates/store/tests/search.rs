//! SEARCH on one view, by hand, beside what a full look at the messages says (I21).
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;

use fixture::{account, inbox, uids};
use peregrine_proto::command::search::{SearchFlag, SearchKey};
use peregrine_proto::number::{Bound, NumberSet, UidRanges};
use peregrine_proto::{Date, DateTime, Flag, Keyword, SequenceSet, Uid};
use peregrine_store::{Account, Asked, Error, Mailbox, MailboxView, NewMessage, Query};
use std::cell::Cell;
use std::num::NonZeroU32;

const HOUR: i64 = 3600;

fn new(body: &str, flags: &[Flag], unix: i64, offset: i16) -> NewMessage {
    NewMessage {
        body: body.replace('\n', "\r\n").into(),
        flags: flags.to_vec(),
        date: DateTime { unix, offset },
    }
}

fn header(name: &str, text: &str) -> SearchKey {
    SearchKey::Header(name.into(), text.to_owned().into())
}

fn not(key: SearchKey) -> SearchKey {
    SearchKey::Not(Box::new(key))
}

fn or(one: SearchKey, other: SearchKey) -> SearchKey {
    SearchKey::Or(Box::new(one), Box::new(other))
}

async fn found(mailbox: &Mailbox, view: &MailboxView, keys: &[SearchKey]) -> Vec<u32> {
    let mut sequence = |_: &SequenceSet| Ok(uids(&[2, 3]));
    let (recent, saved) = (uids(&[4]), uids(&[1, 3, 99]));
    let asked = Asked {
        charset: Some("UTF-8"),
        recent: &recent,
        saved: &saved,
        account: mailbox.account().id(),
        now: 20 * 24 * HOUR,
        sequence: &mut sequence,
    };
    let query = Query::new(keys, view, asked).unwrap();
    let found = mailbox.search(view, query).await.unwrap();
    found.into_iter().map(|index| index + 1).collect()
}

/// INBOX with messages that differ in all that can be searched for.
async fn filled(account: &Account) -> Mailbox {
    let keyword = Keyword::new("$Label").unwrap();
    let large = format!("Subject: large\n\n{}needle at the end", "word ".repeat(20_000));
    let messages = vec![
        new(
            "Date: Wed, 1 Jan 2020 23:30:00 -0500\nFrom: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\n\
             Subject: Gr\u{fc}\u{df}e\nMessage-ID: <One@x>\nX-Thing: Some Value\n\nHello W\u{f6}rld\n",
            &[Flag::Seen],
            20 * 24 * HOUR - HOUR,
            120,
        ),
        new("From: b@example.org\nSubject:\n\nplain text\n", &[Flag::Flagged], 10 * 24 * HOUR, 0),
        new(
            "To: list@example.org\nContent-Type: text/plain; charset=iso-8859-1\n\
             Content-Transfer-Encoding: quoted-printable\n\nna=EFve caf=E9\n",
            &[Flag::Keyword(keyword)],
            30 * 24 * HOUR,
            0,
        ),
        new(&large, &[Flag::Deleted], 40 * 24 * HOUR, 0),
    ];
    account.append(&inbox(), messages).await.unwrap();
    account.open(&inbox()).await.unwrap()
}

/// Each key, alone and with others.
#[tokio::test]
async fn keys_find_what_they_say() {
    let (_store, account) = account().await;
    let mailbox = filled(&account).await;
    let keyword = Keyword::new("$LABEL").unwrap();
    let view = mailbox.view();
    let day = |day| Date { year: 1970, month: 1, day };
    let sent = |day| Date { year: 2020, month: 1, day };
    let ranges = vec![(Bound::Number(fixture_uid(3)), Bound::Largest)].into();
    let set = NumberSet { ranges };
    let cases: Vec<(SearchKey, &[u32])> = vec![
        (SearchKey::All, &[1, 2, 3, 4]),
        (SearchKey::Flag(SearchFlag::Seen), &[1]),
        (SearchKey::NotFlag(SearchFlag::Seen), &[2, 3, 4]),
        (SearchKey::Flag(SearchFlag::Recent), &[4]),
        (SearchKey::New, &[4]),
        (SearchKey::Keyword(keyword.clone()), &[3]),
        (SearchKey::Unkeyword(keyword), &[1, 2, 4]),
        (SearchKey::Keyword(Keyword::new("unknown").unwrap()), &[]),
        // INTERNALDATE counts in its own zone: 01:00 of the 21st.
        (SearchKey::On(day(21)), &[1]),
        (SearchKey::Before(day(21)), &[2]),
        (SearchKey::Since(day(21)), &[1, 3, 4]),
        (SearchKey::SentOn(sent(1)), &[1]),
        (SearchKey::SentSince(sent(2)), &[]),
        (SearchKey::SentBefore(sent(2)), &[1]),
        (SearchKey::Larger(1000), &[4]),
        (SearchKey::Smaller(1000), &[1, 2, 3]),
        (SearchKey::Sequence(SequenceSet::single(fixture_number(1))), &[2, 3]),
        (SearchKey::Uid(set), &[3, 4]),
        (SearchKey::Saved, &[1, 3]),
        // Now is 00:00 of the 21st: the first is an hour old to the second (RFC 5032 §3).
        (SearchKey::Older(seconds(HOUR)), &[1, 2]),
        (SearchKey::Older(seconds(HOUR + 1)), &[2]),
        (SearchKey::Younger(seconds(HOUR)), &[1, 3, 4]),
        (SearchKey::Younger(seconds(HOUR - 1)), &[3, 4]),
        (header("FROM", "j\u{dc}RGEN"), &[1]),
        (header("subject", "GR\u{dc}"), &[1]),
        (header("Subject", ""), &[1, 2, 4]),
        (header("message-id", "<one@x>"), &[1]),
        (header("x-thing", "VALUE"), &[1]),
        (header("x-thing", ""), &[1]),
        (SearchKey::Body("w\u{d6}RLD".into()), &[1]),
        (SearchKey::Body("CAF\u{c9}".into()), &[3]),
        (SearchKey::Body("example.org".into()), &[]),
        (SearchKey::Text("EXAMPLE.org".into()), &[1, 2, 3]),
        (SearchKey::Body("needle at".into()), &[4]),
        (not(SearchKey::Text("example".into())), &[4]),
        (or(header("from", "b@"), SearchKey::Body("na\u{ef}ve".into())), &[2, 3]),
        (or(SearchKey::Flag(SearchFlag::Seen), header("x-none", "y")), &[1]),
    ];
    for (key, expected) in cases {
        let keys = [key];
        assert_eq!(found(&mailbox, &view, &keys).await, expected, "{keys:?}");
    }
    let both = [SearchKey::Smaller(1000), not(header("from", "jürgen"))];
    assert_eq!(found(&mailbox, &view, &both).await, [2, 3]);
}

/// A character set that is not known is refused, one that is known is understood.
#[tokio::test]
async fn character_sets_are_checked() {
    let (_store, account) = account().await;
    account.append(&inbox(), vec![new("\ncaf\u{e9}\n", &[], 0, 0)]).await.unwrap();
    let mailbox = account.open(&inbox()).await.unwrap();
    let view = mailbox.view();
    let keys = [SearchKey::Body((&b"CAF\xc9"[..]).into())];
    let mut sequence = |_: &SequenceSet| Ok(UidRanges::new());
    let none = UidRanges::new();
    let mut query = |charset| {
        let sequence = &mut sequence;
        let (charset, account) = (Some(charset), account.id());
        let asked = Asked { charset, recent: &none, saved: &none, account, now: 0, sequence };
        Query::new(&keys, &view, asked)
    };
    assert!(matches!(query("X-KLINGON"), Err(Error::BadCharset)));
    let latin = query("ISO-8859-1").unwrap();
    assert_eq!(mailbox.search(&view, latin).await.unwrap(), [0]);
}

fn seconds(seconds: i64) -> NonZeroU32 {
    NonZeroU32::new(seconds.try_into().unwrap()).unwrap()
}

fn fixture_uid(number: u32) -> Uid {
    peregrine_proto::number::Number::new(number).unwrap()
}

fn fixture_number(number: u32) -> peregrine_proto::SequenceNumber {
    peregrine_proto::number::Number::new(number).unwrap()
}

/// A message of two parts, so that a text could be looked for across their border.
fn in_parts(one: &str, two: &str) -> NewMessage {
    let body = format!(
        "Subject: parts\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n{one}\n--b\n\n{two}\n--b--\n"
    );
    new(&body, &[], 0, 0)
}

/// Searches that run at the same time, and share what they read, find what each finds alone.
#[tokio::test]
async fn searches_at_the_same_time_find_what_each_finds_alone() {
    let (_store, account) = account().await;
    let text =
        |n: u32| format!("Subject: s{n}\n\nnumber {n} {}\n", "fill ".repeat(n as usize % 900));
    let mut messages: Vec<NewMessage> = (0..1_200)
        .map(|n| new(&text(n), if n % 3 == 0 { &[Flag::Seen] } else { &[] }, 0, 0))
        .collect();
    messages[700] = in_parts("alpha", "beta");
    // It lies in an object, and is no part of any page.
    messages[800] = new(&format!("\n{}number 5 ", "much ".repeat(400_000)), &[], 0, 0);
    account.append(&inbox(), messages).await.unwrap();
    let mailbox = account.open(&inbox()).await.unwrap();
    let view = mailbox.view();
    let body = |text: &str| SearchKey::Body(text.to_owned().into());
    let all = |text: &str| SearchKey::Text(text.to_owned().into());
    let keys = [
        vec![body("number 5 ")],
        vec![body("NUMBER 77")],
        vec![not(body("fill"))],
        vec![all("s99")],
        vec![or(all("s1"), all("number 4"))],
        vec![body("alpha"), body("beta")],
        vec![body("alphabeta")],
        vec![body("number 11"), SearchKey::Flag(SearchFlag::Seen)],
        vec![or(body("number 6"), header("Subject", "s12"))],
        vec![or(body("number 6"), header("X-None", "s12"))],
    ];
    let mut alone = Vec::new();
    for keys in &keys {
        alone.push(found(&mailbox, &view, keys).await);
    }
    assert_eq!(alone[5], [701]);
    assert_eq!(alone[6], [0; 0]);
    assert!(alone[0].contains(&801));
    // One is given up while others wait for what it reads.
    let given_up = found(&mailbox, &view, &keys[0]);
    let together =
        futures_util::future::join_all(keys.iter().map(|keys| found(&mailbox, &view, keys)));
    let (together, _) = tokio::join!(together, async {
        tokio::select! {
            biased;
            _ = given_up => {}
            () = async { for _ in 0..40 { tokio::task::yield_now().await } } => {}
        }
    });
    assert_eq!(together, alone);
}

/// T61: other tasks have their turn while thousands of keys are held against thousands of messages.
#[tokio::test]
async fn many_keys_keep_nobody_from_his_turn() {
    let (_store, account) = account().await;
    let messages = (0..1_000).map(|_| new("Subject: s\n\nx\n", &[], 0, 0)).collect();
    account.append(&inbox(), messages).await.unwrap();
    let mailbox = account.open(&inbox()).await.unwrap();
    let view = mailbox.view();
    // What is read for it waits for other threads, too: so it is in memory before.
    found(&mailbox, &view, &[header("From", "nobody")]).await;
    for keys in [vec![SearchKey::All; 10_000], vec![not(header("From", "nobody")); 10_000]] {
        let turns = Cell::new(0);
        let others = async {
            loop {
                turns.set(turns.get() + 1);
                tokio::task::yield_now().await;
            }
        };
        let search = found(&mailbox, &view, &keys);
        let all = tokio::select! {
            biased;
            found = search => found,
            () = others => unreachable!("it never ends"),
        };
        assert_eq!(all.len(), 1_000);
        assert!(turns.get() > 500, "{} turns", turns.get());
    }
}
