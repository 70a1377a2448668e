//! Words that may come next: commands, mailboxes, and what commands know.

use std::borrow::Cow;
use std::sync::Arc;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::input::COMMANDS;
use super::state::State;

/// What the prompt asks about the line that is typed.
pub struct Assistant(pub Arc<State>);

/// Commands whose arguments are mailboxes.
const MAILBOXES: [&str; 14] = [
    "SELECT",
    "EXAMINE",
    "STATUS",
    "APPEND",
    "CREATE",
    "DELETE",
    "RENAME",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "LIST",
    "LSUB",
    "COPY",
    "MOVE",
    "GETQUOTAROOT",
];

/// Words of a command's arguments.
const WORDS: [(&str, &[&str]); 6] = [
    (
        "FETCH",
        &[
            "FLAGS",
            "UID",
            "ENVELOPE",
            "INTERNALDATE",
            "RFC822.SIZE",
            "BODYSTRUCTURE",
            "BODY",
            "BODY[]",
            "BODY.PEEK[]",
            "BODY.PEEK[HEADER]",
            "BODY.PEEK[TEXT]",
            "ALL",
            "FAST",
            "FULL",
            "MODSEQ",
        ],
    ),
    (
        "STORE",
        &[
            "FLAGS",
            "+FLAGS",
            "-FLAGS",
            "FLAGS.SILENT",
            "+FLAGS.SILENT",
            "-FLAGS.SILENT",
            "\\Seen",
            "\\Answered",
            "\\Flagged",
            "\\Deleted",
            "\\Draft",
        ],
    ),
    (
        "SEARCH",
        &[
            "ALL",
            "ANSWERED",
            "BCC",
            "BEFORE",
            "BODY",
            "CC",
            "DELETED",
            "DRAFT",
            "FLAGGED",
            "FROM",
            "HEADER",
            "KEYWORD",
            "LARGER",
            "NEW",
            "NOT",
            "OLD",
            "ON",
            "OR",
            "RECENT",
            "RETURN",
            "SEEN",
            "SENTBEFORE",
            "SENTON",
            "SENTSINCE",
            "SINCE",
            "SMALLER",
            "SUBJECT",
            "TEXT",
            "TO",
            "UID",
            "UNANSWERED",
            "UNDELETED",
            "UNDRAFT",
            "UNFLAGGED",
            "UNKEYWORD",
            "UNSEEN",
        ],
    ),
    ("STATUS", &["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE", "DELETED"]),
    ("UID", &["COPY", "EXPUNGE", "FETCH", "MOVE", "SEARCH", "SORT", "STORE", "THREAD"]),
    ("ENABLE", &["CONDSTORE", "QRESYNC", "IMAP4rev2", "UTF8=ACCEPT"]),
];

/// Where the word at the end of `line` begins, and what it may become. `names` are mailboxes as
/// they are typed.
pub fn candidates<'n>(line: &str, names: impl Iterator<Item = &'n String>) -> (usize, Vec<String>) {
    let start = word_start(line);
    let word = &line[start..];
    let mut before: Vec<&str> = line[..start].split_whitespace().collect();
    let known = |word: &str| COMMANDS.iter().any(|name| name.eq_ignore_ascii_case(word));
    if before.first().is_some_and(|first| !known(first)) {
        before.remove(0);
    }
    let Some(mut command) = before.first().map(|name| name.to_ascii_uppercase()) else {
        let like = |name: &&&str| starts_with(name, word) && !word.is_empty();
        return (start, COMMANDS.iter().filter(like).map(|name| (*name).to_owned()).collect());
    };
    if command == "UID"
        && let Some(second) = before.get(1)
    {
        command = second.to_ascii_uppercase();
    }
    let mut found = Vec::new();
    // A parenthesis opens what is asked of the mailbox.
    let within = line[..start].contains('(');
    if !within && MAILBOXES.contains(&command.as_str()) {
        let bare =
            |name: &String| starts_with(name, word) || starts_with(name.trim_matches('"'), word);
        found.extend(names.filter(|name| bare(name)).cloned());
    }
    let words = WORDS.iter().find(|(name, _)| *name == command).map_or(&[][..], |(_, words)| words);
    let words = if command == "STATUS" && !within { &[][..] } else { words };
    found.extend(words.iter().filter(|one| starts_with(one, word)).map(|one| (*one).to_owned()));
    (start, found)
}

/// Behind the last space or parenthesis that is not in quotes.
fn word_start(line: &str) -> usize {
    let (mut start, mut quoted) = (0, false);
    for (at, c) in line.char_indices() {
        quoted ^= c == '"';
        if !quoted && matches!(c, ' ' | '(') {
            start = at + 1;
        }
    }
    start
}

fn starts_with(word: &str, beginning: &str) -> bool {
    word.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning))
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let state = self.0.lock();
        let (start, words) = candidates(&line[..position], state.names.iter());
        let pair = |word: String| Pair { display: word.clone(), replacement: word };
        Ok((start, words.into_iter().map(pair).collect()))
    }
}

impl Highlighter for Assistant {
    /// What answers AUTHENTICATE is a secret.
    fn highlight<'l>(&self, line: &'l str, _position: usize) -> Cow<'l, str> {
        match self.0.lock().dialogue() {
            Some("AUTHENTICATE") => "•".repeat(line.chars().count()).into(),
            _ => line.into(),
        }
    }

    fn highlight_char(&self, _line: &str, _position: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor && self.0.lock().dialogue() == Some("AUTHENTICATE")
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Validator for Assistant {}

impl Helper for Assistant {}

#[cfg(test)]
mod tests {
    use super::candidates;

    #[test]
    fn what_may_come_next() {
        let names = ["INBOX", "Work/New", "\"Two Words\""].map(str::to_owned);
        for (line, start, wanted) in [
            ("sel", 0, &["SELECT"][..]),
            ("a7 sel", 3, &["SELECT"]),
            ("", 0, &[]),
            ("select w", 7, &["Work/New"]),
            ("select tw", 7, &["\"Two Words\""]),
            ("select \"tw", 7, &["\"Two Words\""]),
            ("uid copy 1:5 in", 13, &["INBOX"]),
            ("fetch 1 (fl", 9, &["FLAGS"]),
            ("uid fe", 4, &["FETCH"]),
            ("status in", 7, &["INBOX"]),
            ("status INBOX (un", 14, &["UNSEEN"]),
            ("noop x", 5, &[]),
        ] {
            assert_eq!(
                candidates(line, names.iter()),
                (start, wanted.iter().map(|word| (*word).to_owned()).collect()),
                "{line}"
            );
        }
    }
}
