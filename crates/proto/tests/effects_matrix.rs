//! The judgement of representative commands, as a table that a person can read and dispute.

// What a test's own functions are given is known; clippy excepts only the tests themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use peregrine_proto::effects::{Conflict, Effects, conflicts};
use peregrine_proto::frame::Frame;
use peregrine_proto::{Command, MailboxName};
use std::fmt::Write;

/// What is judged, each beside each. INBOX is selected.
const COMMANDS: [&str; 38] = [
    "NOOP",
    "CAPABILITY",
    "ENABLE CONDSTORE",
    "LOGOUT",
    "IDLE",
    "SELECT Sent",
    "UNSELECT",
    "CLOSE",
    "UID FETCH 1:5 (ENVELOPE)",
    "UID FETCH 4:9 (FLAGS)",
    "UID FETCH 5 (BODY[])",
    "FETCH 1:* (FLAGS)",
    "UID STORE 1:3 +FLAGS.SILENT (\\Seen)",
    "UID STORE 3 +FLAGS.SILENT (\\Flagged)",
    "UID STORE 7 FLAGS (\\Deleted)",
    "STORE 2 -FLAGS (\\Seen)",
    "UID SEARCH UNSEEN",
    "SEARCH SUBJECT x",
    "UID SEARCH RETURN (SAVE) FROM x",
    "UID FETCH $ (ENVELOPE)",
    "UID EXPUNGE 7",
    "EXPUNGE",
    "UID COPY 5 Archive",
    "UID MOVE 9 Archive",
    "APPEND Drafts {1}\r\nx",
    "APPEND INBOX {1}\r\nx",
    "STATUS Archive (MESSAGES)",
    "STATUS INBOX (UNSEEN)",
    "LIST \"\" *",
    "LIST (SUBSCRIBED) \"\" *",
    "LIST \"\" * RETURN (STATUS (SIZE))",
    "LSUB \"\" *",
    "SUBSCRIBE Archive",
    "UNSUBSCRIBE Old",
    "CREATE Archive/2024",
    "RENAME Archive Old",
    "DELETE Drafts",
    "RENAME INBOX Past",
];

const LETTERS: [(char, Conflict); 14] = [
    ('C', Conflict::CONNECTION),
    ('S', Conflict::SELECTION),
    ('R', Conflict::SELECTED_NAME),
    ('E', Conflict::EXISTENCE),
    ('V', Conflict::FLAGS_OF_EXPUNGED),
    ('F', Conflict::FLAGS),
    ('M', Conflict::SELECTED_MESSAGES),
    ('G', Conflict::SELECTED_FLAGS),
    ('B', Conflict::CONTENTS),
    ('U', Conflict::NAME_IN_USE),
    ('T', Conflict::TREE),
    ('L', Conflict::SUBSCRIPTIONS),
    ('N', Conflict::ENABLED),
    ('D', Conflict::SAVED_RESULT),
];

fn effects(command: &str) -> Effects {
    let frame = Frame { text: format!("a {command}").into(), spooled: Default::default() };
    match Command::parse(&frame) {
        Ok(command) => command.body.effects(),
        Err(error) => panic!("{command}: {error}"),
    }
}

fn letter(conflict: Option<Conflict>) -> char {
    let Some(conflict) = conflict else { return '.' };
    LETTERS.iter().find(|(_, known)| *known == conflict).map_or('?', |(letter, _)| *letter)
}

fn table() -> String {
    let selected = MailboxName::INBOX;
    let all: Vec<Effects> = COMMANDS.iter().map(|command| effects(command)).collect();
    let mut table = String::from("Which commands wait for which, while INBOX is selected.\n\n");
    for (letter, conflict) in LETTERS {
        writeln!(table, "{letter}  {conflict}").unwrap();
    }
    table.push_str(".  both may be in progress at once, in any order\n\n");
    let columns: String = (1..=COMMANDS.len()).map(|n| format!("{n:>3}")).collect();
    writeln!(table, "{:42}{columns}", "").unwrap();
    for (row, (command, one)) in COMMANDS.iter().zip(&all).enumerate() {
        let shown = command.replace("\r\n", " ");
        write!(table, "{:>2}  {shown:38}", row + 1).unwrap();
        for other in &all {
            write!(table, "  {}", letter(conflicts(one, other, Some(&selected)))).unwrap();
        }
        table.push('\n');
    }
    table
}

/// A change here is a change of what clients see: look at each letter before taking it over.
#[test]
fn the_table_is_as_written() {
    let written = include_str!("effects_matrix.txt");
    let table = table();
    assert!(table == written, "the table is now:\n{table}--");
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
