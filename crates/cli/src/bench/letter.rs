//! The messages that are measured with: unlike each other, the same in every run.

use bytes::Bytes;
use std::fmt::Write as _;

/// Octets of a small message, about.
const SMALL: usize = 8 << 10;

/// Octets of a large message, about.
const LARGE: usize = 1 << 20;

/// Stands in the subject of each twentieth small message.
pub const SUBJECT: &str = "quarterly";

/// Stands in the body of each hundredth small message.
pub const RARE: &str = "sassafras";

const WORDS: [&str; 24] = [
    "the", "of", "meeting", "and", "budget", "a", "to", "in", "report", "is", "you", "that",
    "project", "it", "was", "for", "customer", "on", "are", "as", "deadline", "with", "his",
    "they",
];

/// A small message.
pub fn small(number: usize) -> Bytes {
    written(number, SMALL)
}

/// A large message.
pub fn large(number: usize) -> Bytes {
    written(number, LARGE)
}

/// As short as a message can be.
pub fn tiny() -> Bytes {
    Bytes::from_static(b"From: bench@example.org\r\nSubject: tick\r\n\r\ntick\r\n")
}

fn written(number: usize, octets: usize) -> Bytes {
    let subject = if number.is_multiple_of(20) { SUBJECT } else { "weekly" };
    let mut text = format!(
        "From: Bench {number} <bench{number}@example.org>\r\nTo: Ann <ann@example.org>\r\n\
         Cc: Bob <bob@example.org>, Eve <eve@example.net>\r\n\
         Date: Mon, 1 Jan 2024 10:{:02}:{:02} +0000\r\nSubject: {subject} note {number}\r\n\
         Message-ID: <bench.{number}.{octets}@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n",
        number / 60 % 60,
        number % 60,
    );
    if number.is_multiple_of(100) {
        let _ = write!(text, "It smells of {RARE}.\r\n");
    }
    // Xorshift: words in an order that does not repeat itself.
    let mut chance = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut column = 0;
    while text.len() < octets - 2 {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let word = WORDS[(chance % WORDS.len() as u64) as usize];
        text.push_str(word);
        column += word.len() + 1;
        text.push_str(if column > 70 { "\r\n" } else { " " });
        if column > 70 {
            column = 0;
        }
    }
    text.push_str("\r\n");
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that refuses a line's end or a length would make every figure meaningless.
    #[test]
    fn they_are_what_servers_take() {
        for (message, octets) in [(small(0), SMALL), (small(7), SMALL), (large(1), LARGE)] {
            let text = std::str::from_utf8(&message).unwrap();
            assert!(text.is_ascii() && text.lines().all(|line| line.len() < 990));
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            assert!(message.len().abs_diff(octets) < 32, "{}", message.len());
        }
        assert!(small(0) == small(0) && small(1) != small(2));
    }
}
