//! The messages, what changes them, and what is searched for.

use peregrine_testkit::model::Random;

const SUBJECTS: [&str; 4] = ["anchor", "beacon", "Re: anchor", "cradle"];
pub const FLAGS: [&str; 4] = ["\\Seen", "\\Flagged", "\\Deleted", "$One"];

/// A message as FETCH tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub uid: u32,
    pub flags: Vec<String>,
    pub size: usize,
    /// The minute in which it arrived, and the one in which it was sent.
    pub arrived: u32,
    pub sent: u32,
    pub subject: String,
}

/// A change, as it is sent.
pub struct Change {
    pub command: String,
    /// COPY or MOVE.
    pub copies: bool,
}

/// Something that a scan can find too.
#[derive(Clone, Debug)]
pub enum Key {
    All,
    Flag(&'static str, bool),
    Subject(&'static str),
    Larger(usize),
    Not(Box<Key>),
    Or(Box<Key>, Box<Key>),
}

/// Changes INBOX, in which these messages were seen last.
pub fn change(random: &mut Random, messages: &[Message]) -> Change {
    let change = |command: String| Change { command, copies: false };
    let flags = |random: &mut Random| {
        FLAGS.iter().filter(|_| random.chance(30)).copied().collect::<Vec<_>>().join(" ")
    };
    let set = set(random, messages);
    match random.below(20) {
        0..10 => {
            let (sent, arrived) = (random.below(60), random.below(60));
            let message = format!(
                "Subject: {}\r\nDate: Mon, 2 Feb 2026 08:{sent:02}:00 +0000\r\n\r\n{}",
                random.pick(&SUBJECTS),
                "x".repeat(random.below(300)),
            );
            change(format!(
                "APPEND INBOX ({}) \" 2-Mar-2026 10:{arrived:02}:00 +0000\" {{{}+}}\r\n{message}",
                flags(random),
                message.len()
            ))
        }
        10..14 => {
            let sign = random.pick(&["", "+", "-"]);
            change(format!("UID STORE {set} {sign}FLAGS ({})", flags(random)))
        }
        14 | 15 => change("EXPUNGE".into()),
        16 => change(format!("UID EXPUNGE {set}")),
        17 => Change { command: format!("UID MOVE {set} Work"), copies: true },
        _ => Change { command: format!("UID COPY {set} Work"), copies: true },
    }
}

/// Some of the messages; a UID that never was where there are none.
fn set(random: &mut Random, messages: &[Message]) -> String {
    let some: Vec<String> = messages
        .iter()
        .filter(|_| random.chance(20))
        .map(|message| message.uid.to_string())
        .collect();
    if some.is_empty() { "4000000000".into() } else { some.join(",") }
}

impl Key {
    pub fn any(random: &mut Random, depth: u32) -> Self {
        match random.below(if depth == 0 { 6 } else { 8 }) {
            0 => Self::All,
            1..=3 => Self::Flag(
                random.pick::<&str>(&["SEEN", "FLAGGED", "DELETED", "KEYWORD $One"]),
                random.chance(50),
            ),
            4 => Self::Subject(random.pick::<&str>(&["anchor", "Re:", "cradle", "none"])),
            5 => Self::Larger(random.below(400)),
            6 => Self::Not(Box::new(Self::any(random, depth - 1))),
            _ => Self::Or(
                Box::new(Self::any(random, depth - 1)),
                Box::new(Self::any(random, depth - 1)),
            ),
        }
    }

    pub fn finds(&self, message: &Message) -> bool {
        match self {
            Self::All => true,
            Self::Flag(name, is_set) => {
                let flag = name.strip_prefix("KEYWORD ").map_or(format!("\\{name}"), str::to_owned);
                let has = message.flags.iter().any(|other| other.eq_ignore_ascii_case(&flag));
                has == *is_set
            }
            Self::Subject(word) => message.subject.contains(word),
            Self::Larger(size) => message.size > *size,
            Self::Not(key) => !key.finds(message),
            Self::Or(one, other) => one.finds(message) || other.finds(message),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => write!(out, "ALL"),
            Self::Flag(name, true) => write!(out, "{name}"),
            Self::Flag(name, false) => write!(out, "UN{name}"),
            Self::Subject(word) => write!(out, "SUBJECT \"{word}\""),
            Self::Larger(size) => write!(out, "LARGER {size}"),
            Self::Not(key) => write!(out, "NOT {key}"),
            Self::Or(one, other) => write!(out, "OR {one} {other}"),
        }
    }
}

/// The base subject (RFC 5256 §2.1), as far as the subjects above need it.
pub fn base(subject: &str) -> &str {
    subject.strip_prefix("Re: ").unwrap_or(subject)
}
