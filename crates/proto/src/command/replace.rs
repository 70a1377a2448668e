//! REPLACE (RFC 8508).

use super::append::AppendMessage;
use super::{Messages, States};
use crate::effects::{Effects, Resource};
use crate::number::{Bound, NumberSet};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;
use crate::{MailboxName, SequenceNumber, Uid};

/// The REPLACE command: puts a message into a mailbox and removes another from the selected one,
/// as one change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replace {
    /// Which message goes.
    pub old: Replaced,
    /// Where to.
    pub mailbox: MailboxName,
    /// The message that comes.
    pub new: AppendMessage,
}

/// One message, by number or by UID (`UID REPLACE`); `*` is the last one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Replaced {
    /// Plain form.
    Sequence(Bound<SequenceNumber>),
    /// `UID` form.
    Uid(Bound<Uid>),
}

impl Replaced {
    /// Whether it is a UID.
    pub fn is_uid(self) -> bool {
        matches!(self, Self::Uid(_))
    }

    /// As a set of one.
    pub fn messages(self) -> Messages {
        match self {
            Self::Sequence(number) => Messages::Sequence(NumberSet::one(number)),
            Self::Uid(uid) => Messages::Uid(NumberSet::one(uid)),
        }
    }
}

impl Replace {
    pub(crate) const NAME: &'static str = "REPLACE";
    pub(crate) const STATES: States = States::SELECTED;

    /// ```abnf
    /// replace    = "REPLACE" SP seq-number SP mailbox append-message
    /// seq-number = nz-number / "*"
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        reader.space()?;
        let old = match uid {
            true => Replaced::Uid(Bound::parse(reader)?),
            false => Replaced::Sequence(Bound::parse(reader)?),
        };
        reader.space()?;
        let mailbox = MailboxName::parse(reader)?;
        Ok(Self { old, mailbox, new: AppendMessage::parse(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.with(|out| self.old.messages().write(out));
        out.space();
        out.mailbox(&self.mailbox);
        self.new.write(out);
    }

    /// As APPEND and an expunge of this message.
    pub(crate) fn effects(&self) -> Effects {
        Effects::in_selected()
            .writes(Resource::Existence(self.old.messages().scope()))
            .delivers_to(&self.mailbox)
            .numbered(!self.old.is_uid())
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known(
            "a replace 4 Drafts (\\Seen \\Draft) {3}\r\nabc",
            "a REPLACE 4 Drafts (\\Seen \\Draft) {3}\r\nabc",
        );
        known("a REPLACE 4 x ~{2}\r\n\0a", "a REPLACE 4 x ~{2}\r\n\0a");
        known("a UID REPLACE 2000 {1}\r\nx {1+}\r\ny", "a UID REPLACE 2000 x {1}\r\ny");
        known("a REPLACE * x {1}\r\ny", "a REPLACE * x {1}\r\ny");
        known("a UID REPLACE * x {1}\r\ny", "a UID REPLACE * x {1}\r\ny");
        for wrong in [
            "",
            " 4",
            " 4 Drafts",
            " 0 Drafts {1}\r\nx",
            " *:4 Drafts {1}\r\nx",
            " 1:2 Drafts {1}\r\nx",
            " $ Drafts {1}\r\nx",
            " 4 Drafts abc",
            " 4 Drafts {1}\r\nx {1}\r\ny",
        ] {
            refused(&format!("a REPLACE{wrong}"));
        }
    }
}
