//! APPEND (RFC 3501 §6.3.11), of several messages too (RFC 3502), with UTF-8 in headers (RFC 6855 §4).

use super::States;
use crate::effects::Effects;
use crate::token::{LiteralData, Parsed, Reader};
use crate::writer::CommandWriter;
use crate::{DateTime, Flag, MailboxName};
use bytes::Bytes;
use smallvec::SmallVec;

/// The APPEND command: puts a message into a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// Where to.
    pub mailbox: MailboxName,
    /// Flags to set; may be empty.
    pub flags: SmallVec<[Flag; 2]>,
    /// INTERNALDATE; the time of arrival where none is given.
    pub date: Option<DateTime>,
    /// The message itself.
    pub message: Literal,
    /// It comes as a `literal8`: NUL may be in it (RFC 3516 §4.4).
    pub binary: bool,
    /// Further messages (RFC 3502), in their order: all of them come in, or none.
    pub more: Vec<AppendMessage>,
}

/// `append-message`: a message with what it is to have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppendMessage {
    /// Flags to set; may be empty.
    pub flags: SmallVec<[Flag; 2]>,
    /// INTERNALDATE; the time of arrival where none is given.
    pub date: Option<DateTime>,
    /// The message itself.
    pub message: Literal,
    /// It comes as a `literal8`: NUL may be in it (RFC 3516 §4.4).
    pub binary: bool,
}

/// An APPEND's message: in memory, or streamed by the framer to the caller's storage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Literal {
    /// The octets themselves.
    Inline(Bytes),
    /// The octets went to the caller's storage under this number; so many they were.
    Spooled {
        /// The framer's number for this literal, unique in the connection.
        id: u64,
        /// Octets.
        length: u32,
    },
}

impl Literal {
    /// Octets.
    pub fn length(&self) -> usize {
        match self {
            Self::Inline(octets) => octets.len(),
            Self::Spooled { length, .. } => *length as usize,
        }
    }
}

impl Append {
    pub(crate) const NAME: &'static str = "APPEND";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// append         = "APPEND" SP mailbox 1*append-message
    /// append-message = [SP flag-list] [SP date-time] SP (literal / literal8 / utf8-literal)
    /// literal8       = "~{" number ["+"] "}" CRLF *OCTET    ; RFC 4466 §6
    /// utf8-literal   = "UTF8" SP "(" literal8 ")"    ; RFC 6855 §4, no longer needed in RFC 9755
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mailbox = MailboxName::parse(reader)?;
        let AppendMessage { flags, date, message, binary } = AppendMessage::parse(reader)?;
        let mut more = Vec::new();
        while !reader.is_at_end() {
            more.push(AppendMessage::parse(reader)?);
        }
        Ok(Self { mailbox, flags, date, message, binary, more })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.mailbox(&self.mailbox);
        write_message(&self.flags, self.date, (&self.message, self.binary), out);
        for one in &self.more {
            one.write(out);
        }
    }

    pub(crate) fn effects(&self) -> Effects {
        Effects::none().delivers_to(&self.mailbox)
    }
}

impl AppendMessage {
    pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mut flags = SmallVec::new();
        if reader.peek() == Some(b'(') {
            flags = Flag::parse_list(reader)?;
            reader.space()?;
        }
        let mut date = None;
        if reader.peek() == Some(b'"') {
            date = Some(DateTime::parse(reader)?);
            reader.space()?;
        }
        let utf8 = reader.accept_prefix("UTF8 (~");
        let binary = utf8 || (reader.rest().starts_with(b"~{") && reader.accept(b'~'));
        if reader.peek() != Some(b'{') {
            return reader.expected("the message as a literal such as {310}");
        }
        let message = match reader.literal()? {
            LiteralData::Inline(octets) => Literal::Inline(octets),
            LiteralData::Spooled(id, length) => Literal::Spooled { id, length },
        };
        if utf8 {
            reader.byte(b')', "`)` behind the message")?;
        }
        Ok(Self { flags, date, message, binary })
    }

    pub(super) fn write(&self, out: &mut CommandWriter) {
        write_message(&self.flags, self.date, (&self.message, self.binary), out);
    }
}

fn write_message(
    flags: &[Flag],
    date: Option<DateTime>,
    (message, binary): (&Literal, bool),
    out: &mut CommandWriter,
) {
    out.space();
    if !flags.is_empty() {
        out.flags(flags);
        out.space();
    }
    if let Some(date) = date {
        out.with(|out| date.write(out));
        out.space();
    }
    out.raw(if binary { "~" } else { "" });
    match message {
        Literal::Inline(octets) => out.literal(octets),
        Literal::Spooled { id, length } => out.gap(*id, *length),
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a APPEND INBOX {3}\r\nabc", "a APPEND INBOX {3}\r\nabc");
        known(
            "a append \"a b\" (\\Seen $X) \"1-jan-2025 10:00:00 +0100\" {3+}\r\n\r\0\n",
            "a APPEND \"a b\" (\\Seen $X) \" 1-Jan-2025 10:00:00 +0100\" {3}\r\n\r\0\n",
        );
        known("a APPEND {1}\r\nx () {0}\r\n", "a APPEND x {0}\r\n");
        refused("a APPEND INBOX");
        refused("a APPEND INBOX \"abc\"");
        refused("a APPEND INBOX (\\Recent) {0}\r\n");
        known(
            "a append x (\\Seen) {1}\r\na \" 1-Jan-2025 10:00:00 +0100\" {1+}\r\nb {0}\r\n",
            "a APPEND x (\\Seen) {1}\r\na \" 1-Jan-2025 10:00:00 +0100\" {1}\r\nb {0}\r\n",
        );
        refused("a APPEND INBOX {0}\r\n ");
        refused("a APPEND INBOX {0}\r\n (\\Seen)");
        refused("a APPEND INBOX {1}\r\na{1}\r\nb");
        refused("a APPEND INBOX {0}\r\n x");
        known("a APPEND x (\\Seen) utf8 (~{2+}\r\n\u{e4})", "a APPEND x (\\Seen) ~{2}\r\n\u{e4}");
        known("a APPEND x UTF8 (~{1}\r\na) UTF8 (~{1}\r\nb)", "a APPEND x ~{1}\r\na ~{1}\r\nb");
        refused("a APPEND INBOX UTF8 (~{1}\r\na");
        refused("a APPEND INBOX UTF8 ({1}\r\na)");
        refused("a APPEND INBOX UTF8 ~{1}\r\na");
        refused("a APPEND INBOX (\\Seen");
        known("a APPEND INBOX ~{3}\r\na\0b", "a APPEND INBOX ~{3}\r\na\0b");
        known(
            "a append x ~{1+}\r\na (\\Seen) {1}\r\nb ~{0}\r\n",
            "a APPEND x ~{1}\r\na (\\Seen) {1}\r\nb ~{0}\r\n",
        );
        for wrong in [
            "INBOX ~ {0}\r\n",
            "INBOX ~~{0}\r\n",
            "INBOX ~\"\"",
            "INBOX~{0}\r\n",
            "~{1}\r\nx {0}\r\n",
            "INBOX (~{5}\r\n\\Seen) {0}\r\n",
        ] {
            refused(&format!("a APPEND {wrong}"));
        }
    }
}
