//! A message in one row for people, or in one JSON object for programs.

use peregrine_client::Message;
use peregrine_client::proto::response::{Address, Envelope};
use serde::Serialize;

use super::{date, text, words};

/// What is shown of a message in a list. What the server left out is `null`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Summary {
    /// Its UID.
    pub uid: Option<u32>,
    /// Its flags: `seen`, `flagged`, …, keywords as they are.
    pub flags: Option<Vec<String>>,
    /// When it came into the mailbox (RFC 3339).
    pub received: Option<String>,
    /// Octets.
    pub size: Option<u64>,
    /// Who wrote it.
    pub from: Vec<Person>,
    /// To whom.
    pub to: Vec<Person>,
    /// To whom else.
    pub cc: Vec<Person>,
    /// What about.
    pub subject: Option<String>,
    /// Its field Date:, as it is.
    pub date: Option<String>,
    /// Its field Message-ID:, as it is.
    pub message_id: Option<String>,
}

/// Somebody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Person {
    /// Such as Ann.
    pub name: Option<String>,
    /// Such as ann@example.org.
    pub address: String,
}

impl Summary {
    /// What FETCH told.
    pub fn new(message: &Message) -> Self {
        let none = Envelope::default();
        let envelope = message.envelope.as_deref().unwrap_or(&none);
        let flags = message.flags.as_ref();
        Self {
            uid: message.uid.map(|uid| uid.0.get()),
            flags: flags.map(|flags| flags.iter().map(words::flag_name).collect()),
            received: message.internal_date.map(date::rfc3339),
            size: message.size,
            from: people(&envelope.from),
            to: people(&envelope.to),
            cc: people(&envelope.cc),
            subject: envelope.subject.as_deref().map(text::words),
            date: envelope.date.as_deref().map(text::words),
            message_id: envelope.message_id.as_deref().map(text::words),
        }
    }
}

fn people(addresses: &[Address]) -> Vec<Person> {
    let person = |one: &Address| {
        let name = one.name.as_deref().map(text::words).filter(|name| !name.is_empty());
        text::address(one).map(|address| Person { name, address })
    };
    addresses.iter().filter_map(person).collect()
}

/// The columns of [`row`].
pub const HEADER: [&str; 6] = ["UID", "flags", "received", "from", "subject", "size"];

/// Longest text of a column, in characters.
const WIDE: usize = 60;

/// A message in a table.
pub fn row(message: &Message) -> Vec<String> {
    let envelope = message.envelope.as_deref();
    let from = envelope.and_then(|envelope| envelope.from.iter().find_map(text::short_address));
    let subject = envelope.and_then(|envelope| envelope.subject.as_deref()).map(text::words);
    vec![
        message.uid.map(|uid| uid.to_string()).unwrap_or_default(),
        marks(message),
        message.internal_date.map(date::short).unwrap_or_default(),
        cut(&from.unwrap_or_default(), WIDE / 2),
        cut(&subject.unwrap_or_default(), WIDE),
        message.size.map(crate::output::size).unwrap_or_default(),
    ]
}

/// Flags as letters: `N` for not seen, `F` flagged, `R` answered, `D` deleted, `T` draft; then the
/// keywords.
fn marks(message: &Message) -> String {
    use peregrine_client::proto::Flag;
    let Some(flags) = &message.flags else { return String::new() };
    let letters = [
        ('N', !flags.contains(&Flag::Seen)),
        ('F', flags.contains(&Flag::Flagged)),
        ('R', flags.contains(&Flag::Answered)),
        ('D', flags.contains(&Flag::Deleted)),
        ('T', flags.contains(&Flag::Draft)),
    ];
    let mut marks: String = letters.iter().filter(|(_, set)| *set).map(|(c, _)| c).collect();
    for flag in flags.iter().filter(|flag| flag.system_name().is_none()) {
        marks.push_str(if marks.is_empty() { "" } else { " " });
        marks.push_str(&words::flag_name(flag));
    }
    cut(&marks, WIDE / 3)
}

/// At most so many characters, on one line.
pub fn cut(text: &str, most: usize) -> String {
    let text = text.replace(['\r', '\n', '\t'], " ");
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}
