//! SELECT (RFC 3501 §6.3.1), with parameters (RFC 4466 §2.1, RFC 7162).

mod parameters;

pub use parameters::{Resync, SelectParameters};

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
    /// What stands in parentheses behind it.
    pub parameters: SelectParameters,
}

impl Select {
    pub(crate) const NAME: &'static str = "SELECT";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// select   = "SELECT" SP mailbox select-params
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mailbox = MailboxName::parse(reader)?;
        Ok(Self { mailbox, parameters: SelectParameters::parse(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.mailbox(&self.mailbox);
        self.parameters.write(out);
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
