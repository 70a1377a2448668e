//! `peregrine migrate` as a script sees it: between servers, from files, and into a served folder.
//!
//! Other servers are skipped with a message where they are not installed. The number of messages
//! that go between each two kinds of server is small; `PEREGRINE_MESSAGES=10000` makes it large.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "migrate/mail.rs"]
mod mail;
#[path = "migrate/peer.rs"]
mod peer;
#[path = "peers/served.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod served;

use mail::{contents, fill, numbers};
use peer::{Kind, Peer};
use peregrine_client::proto::{DateTime, Flag};
use peregrine_client::{Query, all};
use serde_json::Value;
use served::{Home, PASSWORD, USER};
use std::process::{Command, Output, Stdio};

/// Messages between each two kinds of server, where nothing else is asked for.
const MESSAGES: usize = 120;

fn migrate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_peregrine"))
        .arg("migrate")
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("PEREGRINE_SOURCE_PASSWORD", PASSWORD)
        .env("PEREGRINE_TARGET_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs it with success, and tells the sum of a count over all mailboxes.
fn count(arguments: &[&str], what: &str) -> u64 {
    let output = migrate(&[arguments, &["--json"]].concat());
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let mailboxes = report["mailboxes"].as_array().unwrap();
    mailboxes.iter().map(|mailbox| mailbox[what].as_u64().unwrap()).sum()
}

/// Everything goes over once; what is missing or marked otherwise later, goes over then.
#[tokio::test]
async fn again_only_what_is_new() {
    let (source, target) = (Peer::ours(), Peer::ours());
    let (ours, theirs) = (source.client().await, target.client().await);
    fill(&ours, 150).await;
    let between = [source.url(), target.url()];
    let between = [between[0].as_str(), between[1].as_str()];

    assert_eq!(count(&[&between[..], &["--dry-run"]].concat(), "copied"), 150);
    assert!(contents(&theirs).await.is_empty(), "a dry run changes nothing");

    assert_eq!(count(&between, "copied"), 150);
    let before = contents(&ours).await;
    assert_eq!(contents(&theirs).await, before);
    assert_eq!(theirs.lsub("Work").await.unwrap().len(), 1);
    assert_eq!((count(&between, "copied"), count(&between, "flags_changed")), (0, 0));

    // As after an interruption, and a change of flags at the source.
    let inbox = theirs.select("INBOX").await.unwrap();
    let gone = inbox.search(Query::all()).await.unwrap().into_iter().step_by(3);
    let gone = gone.collect::<Vec<_>>();
    let lost = gone.len() as u64;
    inbox.add_flags(peregrine_client::uids(gone.clone()), &[Flag::Deleted]).await.unwrap();
    inbox.expunge_uids(peregrine_client::uids(gone)).await.unwrap();
    let work = ours.select("Work").await.unwrap();
    work.add_flags(all(), &[Flag::Flagged]).await.unwrap();
    assert_eq!(count(&between, "copied"), lost);
    assert_eq!(contents(&theirs).await, contents(&ours).await);
}

/// UIDs and UIDVALIDITY stay the same in a served folder, also of what comes later.
#[tokio::test]
async fn a_served_folder_keeps_uids() {
    let source = Peer::ours();
    let home = Home::new();
    let client = source.client().await;
    fill(&client, 80).await;
    let inbox = client.select("INBOX").await.unwrap();
    inbox.add_flags(all(), &[Flag::Deleted]).await.unwrap();
    inbox.expunge().await.unwrap();
    for text in ["one", "two"] {
        client.append("INBOX", format!("Subject: {text}\r\n\r\n")).await.unwrap();
    }
    let (url, folder) = (source.url(), home.path());
    let between = [url.as_str(), folder.to_str().unwrap(), "--user", USER];
    count(&between, "copied");
    client.append("INBOX", "Subject: three\r\n\r\n").await.unwrap();
    assert_eq!(count(&between, "copied"), 1);

    let served = home.serve();
    let mut connector = peregrine_client::Connector::plain("127.0.0.1");
    connector.port = served.imap;
    let copy = connector.connect().await.unwrap();
    copy.login(USER, PASSWORD).await.unwrap();
    assert_eq!(contents(&copy).await, contents(&client).await);
    for name in mail::MAILBOXES {
        assert_eq!(numbers(&copy, name).await, numbers(&client, name).await, "{name}");
    }
}

/// A message that has size, date and Message-ID of another is no proof for it in the end.
#[tokio::test]
async fn differences_are_told() {
    let (source, target) = (Peer::ours(), Peer::ours());
    let date = DateTime { unix: 1_000_000_000, offset: 0 };
    for (peer, text) in [(&source, "right"), (&target, "wrong")] {
        let message = format!("Message-ID: <a@b>\r\n\r\n{text}\r\n");
        peer.client().await.append("INBOX", message).date(date).await.unwrap();
    }
    let output = migrate(&[&source.url(), &target.url()]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("differs: INBOX, UID 1: no message there has these octets"), "{err}");
    let output = migrate(&[&source.url(), &target.url(), "--compare", "none"]);
    assert_eq!(output.status.code(), Some(0));
}

/// An mbox into a server: flags from its fields, no UIDs to keep.
#[tokio::test]
async fn an_mbox_goes_to_a_server() {
    let target = Peer::ours();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old");
    let text = "From ann@example.org Tue Jan  1 10:00:00 2019\nSubject: one\nStatus: RO\n\n>From me\n\n\
                From ann@example.org Wed Jan  2 10:00:00 2019\nSubject: two\n\nText\n\n";
    std::fs::write(&file, text).unwrap();
    let url = target.url();
    let between = [file.to_str().unwrap(), url.as_str()];
    assert_eq!(count(&between, "copied"), 2);
    assert_eq!(count(&between, "copied"), 0);
    let found = contents(&target.client().await).await;
    let old = &found["old"];
    assert_eq!(old[0].0, b"Subject: one\r\n\r\nFrom me\r\n");
    assert_eq!((old[0].1, old[0].2.as_slice()), (1_546_336_800, &["Seen".to_owned()][..]));
}

/// What could not be read of files is missing in the target: the exit code says so.
#[tokio::test]
async fn files_that_cannot_be_read_are_told() {
    let target = Peer::ours();
    let folder = tempfile::tempdir().unwrap();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
    }
    std::fs::write(folder.path().join("new/1.a.b"), "Subject: one\n\n").unwrap();
    std::os::unix::fs::symlink("1.a.b", folder.path().join("new/2.a.b")).unwrap();
    let output = migrate(&[folder.path().to_str().unwrap(), &target.url()]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("not read") && err.contains("2.a.b"), "{err}");
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert_eq!(contents(&target.client().await).await["INBOX"].len(), 1);
}

/// Flags reach their messages also where the target has these in another order than the source.
#[test]
fn flags_find_messages_that_lie_in_another_order() {
    let (home, folder) = (Home::new(), tempfile::tempdir().unwrap());
    let mail = |day: u32, status: &str| {
        format!(
            "From ann@example.org Tue Jan  {day} 10:00:00 2019\nSubject: {day}\n{status}\n{day}\n\n"
        )
    };
    let read = "Status: RO\n";
    let mboxes = [
        ("later", mail(2, ""), "copied", 1),
        ("earlier", mail(1, ""), "copied", 1),
        ("both", mail(1, read) + &mail(2, read), "flags_changed", 2),
        ("again", mail(1, read) + &mail(2, read), "flags_changed", 0),
    ];
    for (name, text, what, wanted) in mboxes {
        let mbox = folder.path().join(name).join("mbox");
        std::fs::create_dir(mbox.parent().unwrap()).unwrap();
        std::fs::write(&mbox, text).unwrap();
        let between = [mbox.to_str().unwrap(), home.path().to_str().unwrap(), "--user", USER]
            .map(str::to_owned);
        assert_eq!(count(&between.each_ref().map(String::as_str), what), wanted, "{name}");
    }
}

/// A password is in no process list, and what cannot be is told before anything is done.
#[test]
fn the_command_line_is_checked() {
    let cases = [
        (["imap://ann:secret@127.0.0.1:1", "imap://ann@127.0.0.1:2"], 2, "leave it out"),
        (["imap://ann@127.0.0.1:1", "imap://ann@127.0.0.1:1"], 2, "the same"),
        // As of all commands where a server cannot be reached.
        (["imap://ann@127.0.0.1:1", "imap://ann@127.0.0.1:2"], 69, "the source:"),
    ];
    for (between, code, wanted) in cases {
        let output = migrate(&between);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{err}");
        assert!(err.contains(wanted) && !err.contains("secret"), "{err}");
    }
}

/// Between each two kinds of server: compared octet for octet, by other code than that of
/// `migrate`; run again with nothing to do.
#[tokio::test]
async fn between_all_kinds_of_server() {
    let messages = std::env::var("PEREGRINE_MESSAGES").ok();
    let messages = messages.map_or(MESSAGES, |text| text.parse().unwrap());
    let kinds = [Kind::Ours, Kind::Dovecot, Kind::Cyrus];
    for from in kinds {
        let Some(source) = Peer::start(from) else { continue };
        let client = source.client().await;
        fill(&client, messages).await;
        let wanted = contents(&client).await;
        for to in kinds {
            let Some(target) = Peer::start(to) else { continue };
            let (source, url) = (source.url(), target.url());
            let between = [source.as_str(), url.as_str()];
            let start = std::time::Instant::now();
            assert_eq!(count(&between, "copied"), messages as u64, "{from:?} to {to:?}");
            let first = start.elapsed();
            assert_eq!(count(&between, "copied"), 0, "{from:?} to {to:?}, again");
            println!(
                "{from:?} to {to:?}: {messages} messages, {:.1} s, again {:.1} s",
                first.as_secs_f64(),
                (start.elapsed() - first).as_secs_f64()
            );
            let found = contents(&target.client().await).await;
            assert!(found == wanted, "{from:?} to {to:?}: not the same");
        }
    }
}
