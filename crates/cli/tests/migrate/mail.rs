//! Mail to migrate, and all that a server holds, read without the code that is tested.

use futures_util::future::join_all;
use peregrine_client::proto::{DateTime, Flag, Keyword};
use peregrine_client::{Client, Items, Query, all};
use std::collections::BTreeMap;

/// Mailboxes that are made; one with letters that modified UTF-7 must write otherwise.
pub const MAILBOXES: [&str; 4] = ["INBOX", "Work", "Work/Größe & Maß", "Old 2019"];

/// What is compared of a message: octets, seconds since 1970, flags by name.
pub type Seen = (Vec<u8>, i64, Vec<String>);

/// Puts so many messages into a server.
pub async fn fill(client: &Client, count: usize) {
    for name in &MAILBOXES[1..] {
        client.create(*name).await.expect("a mailbox");
    }
    client.subscribe("Work").await.expect("a subscription");
    let mut sent = Vec::new();
    for number in 0..count {
        let mailbox = MAILBOXES[(number * number) % MAILBOXES.len()];
        let (message, flags, unix) = message(number);
        let date = DateTime { unix, offset: 60 * (number % 5) as i16 };
        sent.push(client.append(mailbox, message).flags(flags).date(date).send());
        // Bounded, so that ten thousand are no problem.
        if sent.len() == 200 {
            join_all(sent.drain(..)).await.into_iter().for_each(|result| drop(result.expect("OK")));
        }
    }
    join_all(sent).await.into_iter().for_each(|result| drop(result.expect("OK")));
}

/// A message: some without Message-ID, some large, some of them many times the same, and some that
/// differ in their content alone.
fn message(number: usize) -> (String, Vec<Flag>, i64) {
    let unix = 1_200_000_000 + (number as i64 * 7919) % 300_000_000;
    let keyword = |text| Flag::Keyword(Keyword::new(text).expect("an atom"));
    let flags = match number % 6 {
        0 => vec![],
        1 => vec![Flag::Seen],
        2 => vec![Flag::Seen, Flag::Answered],
        3 => vec![Flag::Flagged, keyword("$Forwarded")],
        4 => vec![Flag::Draft],
        _ => vec![Flag::Deleted, keyword("urgent")],
    };
    if number % 23 == 5 {
        return ("Subject: twin\r\n\r\nalways the same\r\n".into(), flags, 1_300_000_000);
    }
    if number % 23 == 7 {
        // Size, date and Message-ID in common.
        let text = format!("Message-ID: <same@example.org>\r\n\r\n{:08}\r\n", number);
        return (text, flags, 1_400_000_000);
    }
    let mut text = format!("From: ann@example.org\r\nSubject: number {number}\r\n");
    if !number.is_multiple_of(4) {
        text.push_str(&format!("Message-ID: <{number}@example.org>\r\n"));
    }
    text.push_str("\r\n");
    let lines = if number % 97 == 50 { 5_000 } else { number % 60 };
    for line in 0..lines {
        text.push_str(&format!("Line {line} of message {number}, with some text in it, äöü\r\n"));
    }
    (text, flags, unix)
}

/// All that a server holds, by mailbox; empty mailboxes are left out.
pub async fn contents(client: &Client) -> BTreeMap<String, Vec<Seen>> {
    let mut found = BTreeMap::new();
    for data in client.list("*").await.expect("LIST") {
        let Ok(mailbox) = client.examine(&data.mailbox).await else { continue };
        let items = Items::new().flags().internal_date().body();
        let uids = mailbox.search(Query::all()).await.expect("SEARCH");
        let mut messages = Vec::new();
        for some in uids.chunks(200) {
            let uids = peregrine_client::uids(some.iter().copied());
            for message in mailbox.fetch(uids, items.clone()).await.expect("FETCH") {
                let body = message.body().expect("a body").to_vec();
                let unix = message.internal_date.expect("a date").unix;
                let mut flags: Vec<String> = message.flags.iter().flatten().map(name).collect();
                flags.retain(|flag| flag != "Recent");
                flags.sort();
                messages.push((body, unix, flags));
            }
        }
        messages.sort();
        if !messages.is_empty() {
            found.insert(data.mailbox.as_str().to_owned(), messages);
        }
    }
    found
}

fn name(flag: &Flag) -> String {
    match flag {
        Flag::Keyword(keyword) => keyword.as_str().to_owned(),
        other => format!("{other:?}"),
    }
}

/// UIDVALIDITY and UIDs of a mailbox.
pub async fn numbers(client: &Client, name: &str) -> (u32, Vec<u32>) {
    let mailbox = client.examine(name).await.expect("EXAMINE");
    let found = mailbox.fetch(all(), Items::new()).await.expect("FETCH");
    let mut uids: Vec<u32> = found.iter().flat_map(|one| one.uid).map(|uid| uid.0.get()).collect();
    uids.sort_unstable();
    (mailbox.status().uid_validity.expect("UIDVALIDITY").0.get(), uids)
}
