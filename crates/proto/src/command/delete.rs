//! DELETE (RFC 3501 §6.3.4).

use super::States;
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The DELETE command: removes a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delete {
    /// The mailbox to remove.
    pub mailbox: MailboxName,
}

impl Delete {
    pub(crate) const NAME: &'static str = "DELETE";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// delete   = "DELETE" SP mailbox
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        Ok(Self { mailbox: MailboxName::parse(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.mailbox(&self.mailbox);
    }

    pub(crate) fn effects(&self) -> Effects {
        Effects::none()
            .writes(Resource::Tree(Some(self.mailbox.clone())))
            .writes(Resource::Contents(self.mailbox.clone()))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a DELETE INBOX", "a DELETE INBOX");
        known("a DELETE \"inbox\"", "a DELETE INBOX");
        known("a delete {5+}\r\nA b/c", "a DELETE \"A b/c\"");
        known("a DELETE Entw&APw-rfe", "a DELETE Entw&APw-rfe");
        known("a DELETE \"Entwürfe\"", "a DELETE Entw&APw-rfe");
        refused("a DELETE");
        refused("a DELETE ");
        refused("a DELETE \"\"");
        refused("a DELETE \"INBOX");
        refused("a DELETE a b");
        refused("a DELETE &");
    }
}
