//! A command as a line that may be shown: without secrets and without mail.

use crate::command::append::{AppendMessage, Literal};
use crate::writer::{CommandWriter, LiteralMode};
use crate::{CommandBody, command::Append};

impl CommandBody {
    /// Longest line that [`CommandBody::redacted`] gives, in characters: sets of a hundred
    /// thousand messages are legal, and nobody reads them.
    pub const MAX_REDACTED: usize = 400;

    /// Name and arguments in one printable line without tag, for logs and traces.
    ///
    /// What LOGIN and AUTHENTICATE say is left out whole: the user's name may be a password that
    /// was typed into the wrong place. APPEND and REPLACE show how long their
    /// messages are and nothing of them.
    /// Names of mailboxes and words that are searched for are shown.
    ///
    /// ```
    /// use peregrine_proto::{Command, Frame};
    ///
    /// let command = Command::parse(&Frame::new("a login fred sesame".into()))?;
    /// assert_eq!(command.body.redacted(), "LOGIN …");
    /// let command = Command::parse(&Frame::new("b uid fetch 7 flags".into()))?;
    /// assert_eq!(command.body.redacted(), "UID FETCH 7 FLAGS");
    /// # Ok::<(), peregrine_proto::ParseError>(())
    /// ```
    pub fn redacted(&self) -> String {
        let mut out = CommandWriter::new(LiteralMode::Wait);
        match self {
            Self::Login(_) | Self::Authenticate(_) => return format!("{} …", self.name()),
            Self::Append(append) => Self::Append(without_message(append)).write_arguments(&mut out),
            Self::Replace(replace) => {
                let mut shown = replace.clone();
                shown.new.message = length_of(&shown.new.message);
                Self::Replace(shown).write_arguments(&mut out);
            }
            body => body.write_arguments(&mut out),
        }
        shown(self.name(), &String::from_utf8_lossy(&out.octets))
    }
}

/// The same, with its messages said to lie elsewhere, so that only their lengths are written.
fn without_message(append: &Append) -> Append {
    let more = append.more.iter().map(|one| AppendMessage {
        flags: one.flags.clone(),
        date: one.date,
        message: length_of(&one.message),
        binary: one.binary,
    });
    Append {
        mailbox: append.mailbox.clone(),
        flags: append.flags.clone(),
        date: append.date,
        message: length_of(&append.message),
        binary: append.binary,
        more: more.collect(),
    }
}

fn length_of(message: &Literal) -> Literal {
    let length = u32::try_from(message.length()).unwrap_or(u32::MAX);
    Literal::Spooled { id: 0, length }
}

/// One line of bounded length, without what could drive a terminal or turn the text around.
fn shown(name: &str, arguments: &str) -> String {
    let mut line = String::from(name);
    let mut length = name.len();
    let arguments = arguments.trim_end_matches("\r\n").replace("\r\n", " ");
    for character in arguments.chars() {
        let escaped = is_hidden(character).then(|| character.escape_default());
        length += escaped.as_ref().map_or(1, |escaped| escaped.len());
        if length >= CommandBody::MAX_REDACTED {
            line.push('…');
            break;
        }
        match escaped {
            Some(escaped) => line.extend(escaped),
            None => line.push(character),
        }
    }
    line
}

/// Control characters, ends of lines and paragraphs, and marks of direction.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
