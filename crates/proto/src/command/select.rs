//! SELECT (RFC 3501 §6.3.1).

use super::States;
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The SELECT command: opens a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Select {
    /// The mailbox to open for reading and writing.
    pub mailbox: MailboxName,
}

impl Select {
    pub(crate) const NAME: &'static str = "SELECT";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// select   = "SELECT" SP mailbox
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        Ok(Self { mailbox: MailboxName::parse(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.mailbox(&self.mailbox);
    }

    /// It takes \Recent from the messages (RFC 3501 §2.3.2), which STATUS shows: so it changes
    /// the contents, not only reads them.
    pub(crate) fn effects(&self) -> Effects {
        Effects::none()
            .writes(Resource::Selection)
            .reads(Resource::Tree(Some(self.mailbox.clone())))
            .writes(Resource::Contents(self.mailbox.clone()))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a SELECT INBOX", "a SELECT INBOX");
        known("a SELECT \"inbox\"", "a SELECT INBOX");
        known("a select {5+}\r\nA b/c", "a SELECT \"A b/c\"");
        known("a SELECT Entw&APw-rfe", "a SELECT Entw&APw-rfe");
        known("a SELECT \"Entwürfe\"", "a SELECT Entw&APw-rfe");
        refused("a SELECT");
        refused("a SELECT ");
        refused("a SELECT \"\"");
        refused("a SELECT \"INBOX");
        refused("a SELECT a b");
        refused("a SELECT &");
    }
}
