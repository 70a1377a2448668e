//! Each deed of `mail`, and `fetch`, in one story that every server must tell alike.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::site::{Site, err, out};

const LETTER: &str = "From: =?utf-8?q?Z=C3=BCrich?= <z@example.org>\nTo: alice@example.org\n\
    Subject: =?utf-8?b?R3LDvMOfZQ==?=\nDate: Mon, 23 Nov 2026 09:00:00 +0000\nMIME-Version: 1.0\n\
    Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\
    Content-Transfer-Encoding: quoted-printable\n\nSch=C3=B6ne Gr=C3=BC=C3=9Fe\n--b\n\
    Content-Type: application/pdf; name=\"x\"\nContent-Transfer-Encoding: base64\n\
    Content-Disposition: attachment; filename=\"../../bill.pdf\"\n\naGVsbG8=\n--b--\n";

#[test]
fn with_our_server() {
    story(&Site::ours());
}

#[test]
fn with_dovecot() {
    Site::peer("dovecot.sh").iter().for_each(story);
}

#[test]
fn with_cyrus() {
    Site::peer("cyrus.sh").iter().for_each(story);
}

fn story(site: &Site) {
    append(site);
    read(site);
    find_and_flag(site);
    fetch(site);
    move_away(site);
    watch(site);
}

fn append(site: &Site) {
    let file = site.path("letter.eml");
    std::fs::write(&file, LETTER).unwrap();
    let file = file.to_str().unwrap();
    let appended = site.json(&["mail", "append", "home", "INBOX", file, file, "--json"]);
    assert_eq!(appended[1]["uid"], 2);
    let plain = "From: bob@example.org\nSubject: Hello\n\nA small text\n";
    let piped = site.run_with(&["mail", "append", "home", "INBOX", "-", "--flag", "seen"], plain);
    assert!(out(&piped).contains("standard input: UID 3 in INBOX"), "{}", err(&piped));
}

fn read(site: &Site) {
    let boxes = site.json(&["mail", "list", "home", "--json"]);
    assert_eq!(boxes[0]["name"], "INBOX");
    assert_eq!((&boxes[0]["messages"], &boxes[0]["unseen"]), (&3.into(), &2.into()));
    let listed = site.json(&["mail", "list", "home", "INBOX", "--limit", "2", "--json"]);
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["subject"], "Grüße");
    assert_eq!(listed[0]["from"][0]["name"], "Zürich");
    assert!(listed[1]["flags"].as_array().unwrap().contains(&"seen".into()));
    let table = site.out(&["mail", "list", "home", "INBOX"]);
    assert!(table.contains("Zürich") && table.contains("Hello"), "{table}");
    let text = site.out(&["mail", "read", "home", "INBOX", "1"]);
    for wanted in ["Zürich <z@example.org>", "Grüße", "Schöne Grüße", "application/pdf"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let raw = site.out(&["mail", "read", "home", "INBOX", "1", "--raw"]);
    assert_eq!(raw, LETTER.replace('\n', "\r\n"));
    assert_eq!(site.out(&["mail", "read", "home", "INBOX", "1", "--part", "2"]), "hello");
    let object = &site.json(&["mail", "read", "home", "INBOX", "1", "--json"])[0];
    assert_eq!(object["parts"][1]["part"], "2");
    assert!(object["text"].as_str().unwrap().contains("Schöne"));
    // Nothing of this has marked a message as read.
    assert_eq!(site.out(&["mail", "search", "home", "INBOX", "--unseen", "--uids"]), "1:2\n");
}

fn find_and_flag(site: &Site) {
    let search = |more: &[&str]| {
        let mut arguments = vec!["mail", "search", "home", "INBOX", "--uids"];
        arguments.extend(more);
        site.out(&arguments).trim().to_owned()
    };
    assert_eq!(search(&["--from", "bob"]), "3");
    assert_eq!(search(&["--subject", "grüße"]), "1:2");
    assert_eq!(search(&["--subject", "absent"]), "");
    assert_eq!(search(&["--smaller", "1k", "--since", "2020-01-01", "--among", "2:9"]), "2:3");
    let flagged = ["mail", "flag", "home", "INBOX", "1:2", "--add", "flagged,$Work", "--json"];
    let flagged = site.json(&flagged);
    assert_eq!(flagged.len(), 2);
    assert!(flagged[0]["flags"].as_array().unwrap().contains(&"flagged".into()));
    assert_eq!(search(&["--flagged", "--keyword", "$Work"]), "1:2");
    let taken = site.out(&["mail", "flag", "home", "INBOX", "2", "--remove", "flagged"]);
    assert!(taken.starts_with("2: ") && !taken.contains("flagged"), "{taken}");
    let absent = site.run(&["mail", "flag", "home", "INBOX", "3,9", "--add", "seen"]);
    assert_eq!(absent.status.code(), Some(1));
    assert!(err(&absent).contains("not in the mailbox: 9"), "{}", err(&absent));
}

fn fetch(site: &Site) {
    let to = site.path("backup");
    let to = to.to_str().unwrap();
    let fetched = site.json(&["fetch", "home", "INBOX", "--to", to, "--json"]);
    assert_eq!(fetched.len(), 3);
    assert!(fetched.iter().all(|one| one["state"] == "written"), "{fetched:?}");
    let letter = std::fs::read_to_string(format!("{to}/1.eml")).unwrap();
    assert_eq!(letter, LETTER.replace('\n', "\r\n"));
    let again = site.out(&["fetch", "home", "INBOX", "--to", to]);
    assert!(again.contains("3 were there already"), "{again}");
    // The name wants to leave the folder.
    site.out(&["fetch", "home", "INBOX", "1", "--attachments", "--to", to]);
    assert_eq!(std::fs::read(format!("{to}/1-2-bill.pdf")).unwrap(), b"hello");
    assert_eq!(std::fs::read_dir(to).unwrap().count(), 4, "no halves are left");
}

fn move_away(site: &Site) {
    let moved = ["mail", "move", "home", "INBOX", "1", "Old", "--create", "--json"];
    let moved = &site.json(&moved)[0];
    assert_eq!((&moved["from"], &moved["to"]), (&"1".into(), &"1".into()), "{moved}");
    let copied = site.out(&["mail", "move", "home", "INBOX", "2", "Old", "--copy"]);
    assert_eq!(copied, "copied 1 message to Old, now UID 2\n");
    assert_eq!(site.json(&["mail", "list", "home", "INBOX", "--json"]).len(), 2);
    assert_eq!(site.json(&["mail", "list", "home", "Old", "--json"]).len(), 2);
}

fn watch(site: &Site) {
    let mut watching = site
        .command(&["mail", "watch", "home", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut next = || -> serde_json::Value {
        serde_json::from_str(&lines.next().expect("it goes on").unwrap()).unwrap()
    };
    assert_eq!(next()["event"], "begun");
    let plain = "From: carol@example.org\nSubject: News\n\ntext\n";
    let piped = site.run_with(&["mail", "append", "home", "INBOX", "-"], plain);
    assert!(piped.status.success(), "{}", err(&piped));
    let arrived = next();
    assert_eq!((&arrived["event"], &arrived["subject"]), (&"arrived".into(), &"News".into()));
    site.out(&["mail", "flag", "home", "INBOX", "4", "--add", "flagged"]);
    let flags = next();
    assert_eq!((&flags["event"], &flags["uid"]), (&"flags".into(), &4.into()), "{flags}");
    site.out(&["mail", "move", "home", "INBOX", "4", "Old"]);
    let gone = next();
    assert_eq!((&gone["event"], &gone["uid"]), (&"expunged".into(), &4.into()), "{gone}");
    watching.kill().unwrap();
    watching.wait().unwrap();
}
