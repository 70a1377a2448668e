//! MOVE (RFC 6851).

use super::{Messages, States};
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The MOVE command: moves messages to a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Move {
    /// Which messages.
    pub messages: Messages,
    /// Where to.
    pub mailbox: MailboxName,
}

impl Move {
    pub(crate) const NAME: &'static str = "MOVE";
    pub(crate) const STATES: States = States::SELECTED;

    /// ```abnf
    /// move = "MOVE" SP sequence-set SP mailbox
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        reader.space()?;
        let messages = Messages::parse(reader, uid)?;
        reader.space()?;
        Ok(Self { messages, mailbox: MailboxName::parse(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.with(|out| self.messages.write(out));
        out.space();
        out.mailbox(&self.mailbox);
    }

    /// Flags are copied with their messages.
    pub(crate) fn effects(&self) -> Effects {
        Effects::in_selected()
            .writes(Resource::Existence(self.messages.scope()))
            .reads(Resource::Flags(self.messages.scope()))
            .names(&self.messages)
            .delivers_to(&self.mailbox)
            .numbered(!self.messages.is_uid())
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a MOVE 2:4 MEETING", "a MOVE 2:4 MEETING");
        known("a uid move 5,*:3 \"a b\"", "a UID MOVE 5,*:3 \"a b\"");
        known("a uid move $ Junk", "a UID MOVE $ Junk");
        known("a MOVE 4:4 {5}\r\ninbox", "a MOVE 4 INBOX");
        refused("a MOVE 0 x");
        refused("a MOVE 1, x");
        refused("a MOVE 1");
        refused("a MOVE x 1");
    }
}
