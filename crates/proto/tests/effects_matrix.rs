//! The judgement of representative commands, as tables that a person can read and dispute: they
//! stand in `docs/concurrency.md`, and are held against the code here.

// What a test's own functions are given is known; clippy excepts only the tests themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use peregrine_proto::command::Messages;
use peregrine_proto::effects::{
    Access, Answer, Conflict, Effects, Known, Resource, Scope, Situation, conflicts,
};
use peregrine_proto::frame::Frame;
use peregrine_proto::{Command, MailboxName};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// What is judged, each beside each: every command at least once, with arguments that matter.
/// INBOX is selected, and the client knows of 9 messages with UIDs 1 to 9.
const COMMANDS: [&str; 61] = [
    "NOOP",
    "CHECK",
    "CAPABILITY",
    "ID NIL",
    "NAMESPACE",
    "ENABLE CONDSTORE",
    "STARTTLS",
    "LOGIN fred secret",
    "AUTHENTICATE PLAIN",
    "UNAUTHENTICATE",
    "COMPRESS DEFLATE",
    "LOGOUT",
    "IDLE",
    "SELECT Sent",
    "EXAMINE Sent",
    "UNSELECT",
    "CLOSE",
    "UID FETCH 1:5 (ENVELOPE)",
    "UID FETCH 4:9 (FLAGS)",
    "UID FETCH 5 (BODY[])",
    "UID FETCH $ (BODY.PEEK[])",
    "UID FETCH 8:* (UID)",
    "FETCH 1:* (FLAGS)",
    "UID STORE 1:3 +FLAGS.SILENT (\\Seen)",
    "UID STORE 3 +FLAGS.SILENT (\\Flagged)",
    "UID STORE 7 FLAGS (\\Deleted)",
    "STORE 2 -FLAGS (\\Seen)",
    "UID SEARCH UNSEEN",
    "UID SEARCH BODY x",
    "SEARCH SUBJECT x",
    "UID SEARCH RETURN (SAVE) FROM x",
    "SORT (SUBJECT) UTF-8 ALL",
    "UID THREAD REFERENCES UTF-8 UNSEEN",
    "UID EXPUNGE 7",
    "EXPUNGE",
    "UID COPY 5 Archive",
    "UID COPY 5 INBOX",
    "UID MOVE 9 Archive",
    "UID REPLACE 9 Drafts {1}\r\nx",
    "REPLACE 2 INBOX {1}\r\nx",
    "APPEND Drafts {1}\r\nx",
    "APPEND INBOX {1}\r\nx",
    "STATUS Archive (MESSAGES)",
    "STATUS INBOX (MESSAGES)",
    "STATUS INBOX (UNSEEN)",
    "LIST \"\" *",
    "LIST \"\" Archive/%",
    "LIST (SUBSCRIBED) \"\" *",
    "LIST \"\" * RETURN (STATUS (SIZE))",
    "LSUB \"\" *",
    "SUBSCRIBE Archive",
    "UNSUBSCRIBE Old",
    "CREATE Archive/2024",
    "CREATE Other",
    "CREATE Spam (USE (\\Junk))",
    "RENAME Archive Old",
    "RENAME INBOX Past",
    "DELETE Archive/2023",
    "DELETE Drafts",
    "DELETE Sent",
    "DELETE INBOX/x",
];

fn effects(command: &str) -> Effects {
    let frame = Frame { text: format!("a {command}").into(), spooled: Default::default() };
    match Command::parse(&frame) {
        Ok(command) => command.body.effects(),
        Err(error) => panic!("{command}: {error}"),
    }
}

fn shown(command: &str) -> String {
    command.replace("\r\n", " ")
}

/// The reasons, by their letters.
fn reasons() -> String {
    let mut table =
        String::from("| | between | the later command waits because |\n|---|---|---|\n");
    for conflict in Conflict::ALL {
        writeln!(table, "| `{}` | {} | {conflict} |", conflict.letter, conflict.between).unwrap();
    }
    table
}

/// What each command touches.
fn touched() -> String {
    let mut table = String::from(
        "| | command | reads | reads as at its start | adds to | changes | keeps |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (number, command) in COMMANDS.iter().enumerate() {
        let effects = effects(command);
        let of = |access: Access| {
            let uses = effects.uses.iter().filter(|used| used.access == access);
            let words = uses.filter_map(|used| match used.resource {
                Resource::Connection if access == Access::Read => None,
                _ => Some(words(&used.resource)),
            });
            words.collect::<Vec<_>>().join("; ")
        };
        let mut keeps = Vec::new();
        keeps.extend(effects.answers.map(|answer| format!("{} in order", word(answer))));
        keeps.extend(effects.numbers.then(|| "numbers".to_owned()));
        let (number, command, keeps) = (number + 1, shown(command), keeps.join("; "));
        let (reads, takes) = (of(Access::Read), of(Access::Snapshot));
        let (adds, writes) = (of(Access::Add), of(Access::Write));
        writeln!(
            table,
            "| {number} | `{command}` | {reads} | {takes} | {adds} | {writes} | {keeps} |"
        )
        .unwrap();
    }
    table
}

fn words(resource: &Resource) -> String {
    match resource {
        Resource::Connection => "the connection".to_owned(),
        Resource::Selection => "selection".to_owned(),
        Resource::Existence(scope) => format!("messages {}", of_scope(scope)),
        Resource::Flags(scope) => format!("flags of {}", of_scope(scope)),
        Resource::Contents(name) => format!("messages in {}", name.as_str()),
        Resource::AllContents => "messages and flags in all mailboxes".to_owned(),
        Resource::FlagCounts(name) => format!("flag counts of {}", name.as_str()),
        Resource::Tree(Some(name)) => format!("names from {} down", name.as_str()),
        Resource::Tree(None) => "all names".to_owned(),
        Resource::Subscriptions => "subscriptions".to_owned(),
        Resource::Enabled => "what is enabled".to_owned(),
        Resource::SavedResult => "`$`".to_owned(),
    }
}

fn of_scope(scope: &Scope) -> String {
    let mut set = Vec::new();
    match scope {
        Scope::All => return "all".to_owned(),
        Scope::Messages(Messages::Saved { .. }) => return "`$`".to_owned(),
        Scope::Messages(Messages::Uid(uids)) => {
            set.extend_from_slice(b"UID ");
            uids.write(&mut set);
        }
        Scope::Messages(Messages::Sequence(numbers)) => numbers.write(&mut set),
    }
    String::from_utf8(set).unwrap()
}

fn word(answer: Answer) -> String {
    format!("{answer:?}").to_uppercase()
}

/// Each beside each: the row came first.
fn matrix() -> String {
    let all: Vec<Effects> = COMMANDS.iter().map(|command| effects(command)).collect();
    let mut table = String::from("```text\n");
    for digit in [10, 1] {
        let digits = (1..=COMMANDS.len()).map(|number| match number / digit {
            0 => "  ".to_owned(),
            number => format!(" {}", number % 10),
        });
        writeln!(table, "{:40}{}", "", digits.collect::<String>()).unwrap();
    }
    for (row, (command, one)) in COMMANDS.iter().zip(&all).enumerate() {
        let letters = all.iter().map(|other| format!(" {}", letter(one, other)));
        let letters = letters.collect::<String>();
        writeln!(table, "{:>2} {:37}{letters}", row + 1, shown(command)).unwrap();
    }
    table + "```\n"
}

/// Small where it holds only until the earlier command has started.
fn letter(earlier: &Effects, later: &Effects) -> char {
    let selected = MailboxName::INBOX;
    let known = Some(Known { exists: 9, largest: 9 });
    let waiting = Situation { selected: Some(&selected), known, started: false };
    let started = Situation { started: true, ..waiting };
    match (conflicts(earlier, later, waiting), conflicts(earlier, later, started)) {
        (None, after) => {
            assert_eq!(after, None);
            '.'
        }
        (Some(before), None) => before.letter.to_ascii_lowercase(),
        (Some(_), Some(after)) => after.letter,
    }
}

/// A change here is a change of what clients see: look at each letter before taking it over, by
/// running this test with `PEREGRINE_UPDATE=1`.
#[test]
fn the_tables_are_as_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/concurrency.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let mut now = written.clone();
    for (name, table) in [("reasons", reasons()), ("touched", touched()), ("matrix", matrix())] {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
        let (before, rest) = now.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        now = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var_os("PEREGRINE_UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    let line = |text: &str, at| text.lines().nth(at).unwrap_or_default().to_owned();
    let first = (0..now.lines().count()).find(|at| line(&now, *at) != line(&written, *at));
    if let Some(at) = first {
        panic!(
            "docs/concurrency.md is stale (see PEREGRINE_UPDATE here); first at line {}:\n{}\n{}",
            at + 1,
            line(&written, at),
            line(&now, at)
        );
    }
    assert!(now == written);
}

/// The tables show every command that there is a file of.
#[test]
fn every_command_is_in_the_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command");
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_uppercase();
        if path.is_file() && std::fs::read_to_string(&path).unwrap().contains("fn effects") {
            files.insert(name);
        }
    }
    let word = |command: &&str| {
        let words = command.strip_prefix("UID ").unwrap_or(command);
        words.split(' ').next().unwrap().to_owned()
    };
    let shown: BTreeSet<String> = COMMANDS.iter().map(word).collect();
    assert_eq!(shown, files);
}

/// Each letter means one thing, and each reason is met by some pair.
#[test]
fn every_reason_has_its_letter_and_its_pair() {
    let letters: BTreeSet<char> = Conflict::ALL.iter().map(|conflict| conflict.letter).collect();
    assert_eq!(letters.len(), Conflict::ALL.len());
    let shown = matrix().to_uppercase();
    for conflict in Conflict::ALL {
        // Who uses the flags of a message uses its existence too, who uses a mailbox reads its
        // name, and ENABLE changes the connection: these are found first.
        let hidden = [Conflict::FLAGS_OF_EXPUNGED, Conflict::NAME_IN_USE, Conflict::ENABLED];
        if !hidden.contains(&conflict) {
            let cell = format!(" {}", conflict.letter);
            let found = shown.lines().any(|line| line.get(40..).is_some_and(|l| l.contains(&cell)));
            assert!(found, "{conflict}");
        }
    }
}

/// RFC 3501 §5.5 names these sequences; in the valid ones no command has to wait for sequence
/// numbers, in the invalid ones the order of sending is kept or the numbers stay true.
#[test]
fn the_examples_of_rfc_3501() {
    let judge = |a, b| conflicts(&effects(a), &effects(b), Some(&MailboxName::INBOX));
    assert_eq!(judge("FETCH 1 FLAGS", "STORE 1 FLAGS (\\Seen)"), Some(Conflict::FLAGS));
    assert_eq!(judge("FETCH 1 FLAGS", "STORE 2 FLAGS (\\Seen)"), None);
    assert_eq!(judge("UID SEARCH ALL", "UID SEARCH ALL"), None);
    assert!(effects("UID SEARCH 1:5").numbers);
    assert!(!effects("UID SEARCH UID 1:5").numbers);
    assert_eq!(judge("EXPUNGE", "FETCH 1 (ENVELOPE)"), Some(Conflict::EXISTENCE));
    assert_eq!(judge("STORE 1 +FLAGS (\\Deleted)", "EXPUNGE"), Some(Conflict::EXISTENCE));
}

/// The part of the tree that LIST reads is that in which its pattern can match.
#[test]
fn list_reads_what_its_pattern_can_match() {
    for (arguments, top) in [
        ("\"\" Archive/%", Some("Archive")),
        ("\"\" Archive/2024", Some("Archive/2024")),
        ("\"\" Archive/", Some("Archive")),
        ("\"\" Arch*", None),
        ("\"\" a/b/c*", Some("a/b")),
        ("a/ b/%", Some("a/b")),
        ("a b/%", Some("ab")),
        ("\"\" inbox/%", Some("INBOX")),
        ("\"\" %/a", None),
        ("\"\" /%", None),
    ] {
        let list = effects(&format!("LIST {arguments}"));
        let tree = list.uses.iter().find_map(|used| match &used.resource {
            Resource::Tree(name) => Some(name.clone()),
            _ => None,
        });
        let top = top.map(|name| MailboxName::new(name).unwrap());
        assert_eq!(tree, Some(top), "{arguments}");
    }
}
