//! Why the two parsers differ, by classes; `docs/rfcs.md` gives the reason for each.

/// Which of the two takes a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Only ours.
    Ours,
    /// Only imap-codec.
    Theirs,
    /// Both, and each reads something else.
    Meaning,
}

impl std::fmt::Display for Side {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Ours => "we",
            Self::Theirs => "imap-codec",
            Self::Meaning => "both",
        })
    }
}

/// One kind of difference.
pub struct Class {
    /// As in the table.
    pub name: &'static str,
    pub side: Side,
    /// Whether a command, in capitals, is of this kind.
    pub holds: fn(&str) -> bool,
}

use Side::{Meaning, Ours, Theirs};

/// Every kind there is.
pub const CLASSES: &[Class] = &[
    of("RETURN in SEARCH and SORT", Ours, |text| {
        text.contains("SEARCH RETURN ") || text.contains("SORT RETURN ")
    }),
    of("`$` for what was saved", Ours, |text| words(text).any(|word| word == "$")),
    of("items and keys of newer RFCs", Ours, |text| words(text).any(|word| NEWER.contains(&word))),
    of("STATUS items of newer RFCs", Ours, |text| {
        text.contains(" STATUS ") && words(text).any(|word| STATUS.contains(&word))
    }),
    of("LIST with more than a name", Ours, |text| text.contains(" LIST ") && text.contains('(')),
    of("CREATE with a special use", Ours, |text| {
        text.contains("CREATE ") && text.contains("(USE ")
    }),
    of("APPEND of several messages", Ours, |text| {
        text.contains(" APPEND ") && text.matches('{').count() > 1
    }),
    of("the command REPLACE", Ours, |text| text.contains("REPLACE ")),
    of("the command to log out without leaving", Ours, |text| text.contains(" UNAUTHENTICATE")),
    of("sizes of 64 bits", Ours, |text| {
        text.contains("LARGER ") || text.contains("SMALLER ") || text.contains("]<")
    }),
    of("entry names of MODSEQ", Ours, |text| text.contains("MODSEQ \"")),
    of("a day of one digit, or with a space too many", Ours, |text| {
        text.split('"').any(|date| date.contains(':') && matches!(date.find('-'), Some(1 | 3)))
    }),
    of("octets above 127 in quoted strings", Ours, |text| !text.is_ascii() && text.contains('"')),
    of("LF behind the size of a literal", Ours, |text| text.contains("}\n")),
    of("PARTIAL of FETCH", Ours, |text| text.contains("FETCH ") && text.contains("(PARTIAL ")),
    of("CHANGEDSINCE 0", Ours, |text| text.contains("CHANGEDSINCE 0")),
    of("a leap second", Ours, |text| text.contains(":60 ")),
    of("NUL in a message", Ours, |text| text.contains(" APPEND ") && text.contains('\0')),
    of("`]` in the name of a charset", Ours, |text| {
        let finds = ["SORT ", "THREAD ", "CHARSET "].iter().any(|word| text.contains(word));
        text.contains(']') && finds
    }),
    of("numbers that begin with 0", Theirs, |text| {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit());
        numbers.any(|number| number.len() > 1 && number.starts_with('0'))
    }),
    of("commands that are not offered", Theirs, |text| {
        let word = text.split(' ').nth(1).unwrap_or_default();
        ABSENT.contains(&word)
    }),
    of("BINARY and literals of 8 bits", Theirs, |text| {
        text.contains("BINARY") || text.contains("~{")
    }),
    of("names that are no modified UTF-7", Theirs, |text| {
        text.contains('&') || text.contains(|c: char| !c.is_ascii() || c.is_ascii_control())
    }),
    of("the empty name", Theirs, |text| text.contains("\"\"") || text.contains("{0}")),
    of("\\Recent as a flag of a client's", Theirs, |text| text.contains("\\RECENT")),
    of("MODSEQs of 64 bits", Theirs, |text| {
        let numbers = text.split(|c: char| !c.is_ascii_digit());
        numbers.filter_map(|number| number.parse::<u64>().ok()).any(|number| number >> 63 == 1)
    }),
    of("VANISHED where it cannot be", Theirs, |text| text.contains("VANISHED")),
    of("`*` in what a client of QRESYNC knows", Theirs, |text| {
        text.contains("(QRESYNC (") && text.contains('*')
    }),
    of("other ways of threading", Theirs, |text| text.contains("THREAD ")),
    of("an empty first answer of SASL", Theirs, |text| {
        text.contains("AUTHENTICATE ") && text.ends_with(' ')
    }),
    of("STATUS without items, and of storage", Theirs, |text| {
        text.contains("()") || text.contains("DELETED-STORAGE")
    }),
    of("INBOX as a reference", Meaning, |text| text.contains("INBOX")),
];

const NEWER: [&str; 14] = [
    "UIDBEFORE",
    "UIDAFTER",
    "OLDER",
    "YOUNGER",
    "SAVEDBEFORE",
    "SAVEDON",
    "SAVEDSINCE",
    "SAVEDATESUPPORTED",
    "SAVEDATE",
    "EMAILID",
    "THREADID",
    "PREVIEW",
    "DISPLAYFROM",
    "DISPLAYTO",
];
const STATUS: [&str; 4] = ["SIZE", "DELETED", "APPENDLIMIT", "MAILBOXID"];
const ABSENT: [&str; 3] = ["GETQUOTA", "GETQUOTAROOT", "SETQUOTA"];

const fn of(name: &'static str, side: Side, holds: fn(&str) -> bool) -> Class {
    Class { name, side, holds }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '(', ')', '\r', '\n'])
}
