//! Moving mail from one place to another: from server to server, and wherever else something is a
//! [`Side`].
//!
//! - [`migrate`](migrate()): the work, with its [`Options`]; [`Report`]: what came of it.
//! - [`Side`], [`Target`]: what it needs of both ends; [`Imap`]: a server as either.
//! - `plan`: which mailbox goes where; `pair`: which messages are there already; `copy`, `compare`.

mod compare;
mod copy;
mod engine;
mod imap;
mod pair;
mod plan;
mod report;
mod side;

pub use engine::{Compare, Error, Options, migrate};
pub use imap::Imap;
pub use report::{Compared, Difference, Migrated, Problem, Progress, Report, Step, Total, Unlike};
pub use side::{Doing, Folder, Mail, Overview, Side, SideError, Summary, Target};

/// A number for the Message-ID field (RFC 5322 §3.6.4) in a message or its header; the same on all
/// machines. `None` without one.
pub fn message_id(header: &[u8]) -> Option<u64> {
    let mut lines = header.split_inclusive(|octet| *octet == b'\n');
    let is_field = |line: &&[u8]| {
        const NAME: &[u8] = b"message-id:";
        line.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME))
    };
    // The header ends at an empty line.
    let mut header = lines.by_ref().take_while(|line| !matches!(line, [b'\n'] | [b'\r', b'\n']));
    let first = header.find(is_field)?;
    let folded = header.take_while(|line| matches!(line.first(), Some(b' ' | b'\t')));
    let mut value = first[b"message-id:".len()..].to_vec();
    folded.for_each(|line| value.extend_from_slice(line));
    value.retain(|octet| !octet.is_ascii_whitespace());
    let hash = hash(&value);
    let number = hash.first_chunk().copied().map(u64::from_be_bytes);
    number.filter(|_| !value.is_empty())
}

/// The levels of a name on a server, without its namespace's prefix.
fn levels(name: &str, prefix: &str, separator: Option<char>) -> Vec<String> {
    if name == "INBOX" {
        return vec![name.to_owned()];
    }
    let name = name.strip_prefix(prefix).unwrap_or(name);
    match separator {
        Some(separator) => name.split(separator).map(str::to_owned).collect(),
        None => vec![name.to_owned()],
    }
}

/// SHA-256.
fn hash(octets: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, octets);
    digest.as_ref().try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_are_found() {
        let one = message_id(b"Message-ID: <a@b>\r\n\r\n");
        assert!(one.is_some());
        let cases: &[(&[u8], bool)] = &[
            (b"From: x\nmessage-id:\n <a@b>\nTo: y\n\nbody", true),
            (b"MESSAGE-ID: <a@b>  \r\n", true),
            (b"Message-ID: <a@c>\r\n", false),
            (b"From: x\r\n\r\nMessage-ID: <a@b>\r\n", false),
        ];
        for (header, same) in cases {
            assert_eq!(message_id(header) == one, *same, "{header:?}");
        }
        assert_eq!(message_id(b"Message-ID: \r\n\r\n"), None);
        assert_eq!(message_id(b""), None);
    }

    #[test]
    fn names_lose_prefix_and_separator() {
        let cases: &[(&str, &str, Option<char>, &[&str])] = &[
            ("INBOX", "INBOX.", Some('.'), &["INBOX"]),
            ("INBOX.a.b/c", "INBOX.", Some('.'), &["a", "b/c"]),
            ("a/b.c", "", Some('/'), &["a", "b.c"]),
            ("a/b", "", None, &["a/b"]),
        ];
        for (name, prefix, separator, wanted) in cases {
            assert_eq!(levels(name, prefix, *separator), *wanted);
        }
    }
}
