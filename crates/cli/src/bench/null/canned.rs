//! Answers that lie ready.

use std::fmt::Write as _;

use crate::bench::letter;
use crate::bench::site::LARGE;

/// The answers of a mailbox, without their tagged ends.
pub struct Canned {
    /// Messages in the mailbox of small ones.
    pub messages: usize,
    pub flags: Vec<u8>,
    pub envelopes: Vec<u8>,
    small: Vec<u8>,
    large: Vec<u8>,
}

/// Octets of bodies that are gathered for one write.
const GATHERED: usize = 256 << 10;

impl Canned {
    pub fn new(messages: usize) -> Self {
        let all = |item: &str| {
            let line = |mut text: String, uid| {
                let _ = write!(text, "* {uid} FETCH (UID {uid} {item})\r\n");
                text
            };
            (1..=messages).fold(String::new(), line).into_bytes()
        };
        let address = "((\"Bench\" NIL \"bench\" \"example.org\"))";
        let envelope = format!(
            "ENVELOPE (\"Mon, 1 Jan 2024 10:00:00 +0000\" \"weekly note\" {address} {address} \
             {address} {address} {address} NIL NIL \"<bench@example.org>\") BODYSTRUCTURE (\"text\" \
             \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 7900 120 NIL NIL NIL NIL) \
             INTERNALDATE \"01-Jan-2024 10:00:00 +0000\" RFC822.SIZE 8192"
        );
        Self {
            messages,
            flags: all("FLAGS (\\Seen)"),
            envelopes: all(&envelope),
            small: letter::small(1).into(),
            large: letter::large(1).into(),
        }
    }

    /// All bodies, some at a time: where in `next` it goes on, until that is `None`.
    pub fn bodies(&self, large: bool, next: usize, out: &mut Vec<u8>) -> Option<usize> {
        let (messages, text) =
            if large { (LARGE, &self.large) } else { (self.messages, &self.small) };
        let mut number = next;
        while number < messages && out.len() < GATHERED {
            number += 1;
            let head = format!("* {number} FETCH (UID {number} BODY[] {{{}}}\r\n", text.len());
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(text);
            out.extend_from_slice(b")\r\n");
        }
        (number < messages).then_some(number)
    }
}
