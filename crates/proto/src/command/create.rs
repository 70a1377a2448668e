//! CREATE (RFC 3501 §6.3.3).

use super::States;
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;

/// The CREATE command: makes a mailbox, and those above it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Create {
    /// The name to make; a trailing separator is dropped (RFC 3501 §6.3.3).
    pub mailbox: MailboxName,
}

impl Create {
    pub(crate) const NAME: &'static str = "CREATE";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// create   = "CREATE" SP mailbox
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let offset = reader.offset();
        let mailbox = MailboxName::parse(reader)?.without_trailing_separator();
        if mailbox.as_str().is_empty() {
            return Err(SyntaxError::wrong(offset, "a mailbox name must not be empty"));
        }
        Ok(Self { mailbox })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.mailbox(&self.mailbox);
    }

    /// Missing names above it are made too, so all from its highest level on is touched.
    pub(crate) fn effects(&self) -> Effects {
        Effects::none().writes(Resource::Tree(Some(self.mailbox.top())))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a CREATE INBOX", "a CREATE INBOX");
        known("a CREATE \"inbox\"", "a CREATE INBOX");
        known("a create {5+}\r\nA b/c", "a CREATE \"A b/c\"");
        known("a CREATE Entw&APw-rfe", "a CREATE Entw&APw-rfe");
        known("a CREATE \"Entwürfe\"", "a CREATE Entw&APw-rfe");
        known("a CREATE a/b/", "a CREATE a/b");
        known("a CREATE inbox/", "a CREATE INBOX");
        refused("a CREATE /");
        refused("a CREATE");
        refused("a CREATE ");
        refused("a CREATE \"\"");
        refused("a CREATE \"INBOX");
        refused("a CREATE a b");
        refused("a CREATE &");
    }
}
