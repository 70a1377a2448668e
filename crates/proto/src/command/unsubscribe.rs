//! UNSUBSCRIBE (RFC 3501 §6.3.7).

use super::States;
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The UNSUBSCRIBE command: takes a name off the list of subscriptions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsubscribe {
    /// The name to unsubscribe from.
    pub mailbox: MailboxName,
}

impl Unsubscribe {
    pub(crate) const NAME: &'static str = "UNSUBSCRIBE";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// unsubscribe = "UNSUBSCRIBE" SP mailbox
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
        Effects::none().writes(Resource::Subscriptions)
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a UNSUBSCRIBE INBOX", "a UNSUBSCRIBE INBOX");
        known("a UNSUBSCRIBE \"inbox\"", "a UNSUBSCRIBE INBOX");
        known("a unsubscribe {5+}\r\nA b/c", "a UNSUBSCRIBE \"A b/c\"");
        known("a UNSUBSCRIBE Entw&APw-rfe", "a UNSUBSCRIBE Entw&APw-rfe");
        known("a UNSUBSCRIBE \"Entwürfe\"", "a UNSUBSCRIBE Entw&APw-rfe");
        refused("a UNSUBSCRIBE");
        refused("a UNSUBSCRIBE ");
        refused("a UNSUBSCRIBE \"\"");
        refused("a UNSUBSCRIBE \"INBOX");
        refused("a UNSUBSCRIBE a b");
        refused("a UNSUBSCRIBE &");
    }
}
