//! What an import reads from: mailboxes of messages with their flags and dates.

use std::path::{Path, PathBuf};

use peregrine_proto::{DateTime, Flag};

/// One mailbox of the source.
#[derive(Clone, Debug)]
pub(super) struct SourceMailbox {
    /// Its name, levels parted by `/`; `INBOX` for the source's own.
    pub name: String,
    /// Its folder or file.
    pub path: PathBuf,
    /// How it is kept.
    pub kind: Kind,
    /// Octets of its messages, for the progress.
    pub octets: u64,
}

/// How a mailbox is kept on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A folder with `cur` and `new`.
    Maildir,
    /// One file, each message after a line `From `.
    Mbox,
}

/// One message of the source.
#[derive(Debug)]
pub(super) struct SourceMessage {
    pub body: Vec<u8>,
    pub flags: Vec<Flag>,
    pub date: DateTime,
    /// Where it was found, for problems.
    pub place: String,
    /// Octets it takes in the source.
    pub octets: u64,
}

/// Something that could not be read or taken. Never fatal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file, and where in it.
    pub place: String,
    /// What is wrong, for a person.
    pub reason: String,
}

/// What reading a mailbox gives, one after the other.
#[derive(Debug)]
pub(super) enum Item {
    Message(SourceMessage),
    Problem(Problem),
}

impl Problem {
    pub(in crate::admin) fn new(place: impl Into<String>, reason: impl ToString) -> Self {
        Self { place: place.into(), reason: reason.to_string() }
    }

    pub(in crate::admin) fn at(path: &Path, reason: impl ToString) -> Self {
        Self::new(path.display().to_string(), reason)
    }
}

/// Ends every line with CRLF (RFC 5322 §2.1): Unix files end theirs with LF alone. Bodies without
/// a lone LF are left untouched.
pub(super) fn with_crlf(body: Vec<u8>) -> Vec<u8> {
    let lone = |i: usize| body[i] == b'\n' && (i == 0 || body[i - 1] != b'\r');
    let count = memchr::memchr_iter(b'\n', &body).filter(|i| lone(*i)).count();
    if count == 0 {
        return body;
    }
    let mut converted = Vec::with_capacity(body.len() + count);
    let mut done = 0;
    for at in memchr::memchr_iter(b'\n', &body).filter(|i| lone(*i)) {
        converted.extend_from_slice(&body[done..at]);
        converted.push(b'\r');
        done = at;
    }
    converted.extend_from_slice(&body[done..]);
    converted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lone_line_feeds_change() {
        let cases: &[(&[u8], &[u8])] = &[
            (b"", b""),
            (b"\n", b"\r\n"),
            (b"a\nb", b"a\r\nb"),
            (b"a\r\nb\r\n", b"a\r\nb\r\n"),
            (b"a\r\nb\n\n", b"a\r\nb\r\n\r\n"),
            (b"\r\r\n\r", b"\r\r\n\r"),
        ];
        for (before, after) in cases {
            assert_eq!(with_crlf(before.to_vec()), *after);
        }
    }
}
