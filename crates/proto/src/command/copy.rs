//! COPY (RFC 3501 §6.4.7).

use super::{Messages, States};
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The COPY command: puts copies of messages into a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copy {
    /// Which messages.
    pub messages: Messages,
    /// Where to.
    pub mailbox: MailboxName,
}

impl Copy {
    pub(crate) const NAME: &'static str = "COPY";
    pub(crate) const STATES: States = States::SELECTED;

    /// ```abnf
    /// copy = "COPY" SP sequence-set SP mailbox
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
            .reads(Resource::Existence(self.messages.scope()))
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
        known("a COPY 2:4 MEETING", "a COPY 2:4 MEETING");
        known("a uid copy 5,*:3 \"a b\"", "a UID COPY 5,*:3 \"a b\"");
        known("a COPY $ Junk", "a COPY $ Junk");
        refused("a COPY $,1 Junk");
        known("a COPY 4:4 {5}\r\ninbox", "a COPY 4 INBOX");
        refused("a COPY 0 x");
        refused("a COPY 1, x");
        refused("a COPY 1");
        refused("a COPY x 1");
    }
}
