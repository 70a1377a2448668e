//! SUBSCRIBE (RFC 3501 §6.3.6).

use super::States;
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The SUBSCRIBE command: puts a name on the list of subscriptions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscribe {
    /// The name to subscribe to.
    pub mailbox: MailboxName,
}

impl Subscribe {
    pub(crate) const NAME: &'static str = "SUBSCRIBE";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// subscribe = "SUBSCRIBE" SP mailbox
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
            .reads(Resource::Tree(Some(self.mailbox.clone())))
            .adds(Resource::Subscriptions)
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a SUBSCRIBE INBOX", "a SUBSCRIBE INBOX");
        known("a SUBSCRIBE \"inbox\"", "a SUBSCRIBE INBOX");
        known("a subscribe {5+}\r\nA b/c", "a SUBSCRIBE \"A b/c\"");
        known("a SUBSCRIBE Entw&APw-rfe", "a SUBSCRIBE Entw&APw-rfe");
        known("a SUBSCRIBE \"Entwürfe\"", "a SUBSCRIBE Entw&APw-rfe");
        refused("a SUBSCRIBE");
        refused("a SUBSCRIBE ");
        refused("a SUBSCRIBE \"\"");
        refused("a SUBSCRIBE \"INBOX");
        refused("a SUBSCRIBE a b");
        refused("a SUBSCRIBE &");
    }
}
