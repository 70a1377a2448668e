//! EXAMINE (RFC 3501 §6.3.2).

use super::States;
use super::select::SelectParameters;
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The EXAMINE command: opens a mailbox without changing it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Examine {
    /// The mailbox to open for reading only.
    pub mailbox: MailboxName,
    /// What stands in parentheses behind it.
    pub parameters: SelectParameters,
}

impl Examine {
    pub(crate) const NAME: &'static str = "EXAMINE";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// examine  = "EXAMINE" SP mailbox select-params
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

    pub(crate) fn effects(&self) -> Effects {
        Effects::none()
            .writes(Resource::Selection)
            .reads(Resource::Tree(Some(self.mailbox.clone())))
            .reads(Resource::Contents(self.mailbox.clone()))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a EXAMINE INBOX", "a EXAMINE INBOX");
        known("a EXAMINE \"inbox\"", "a EXAMINE INBOX");
        known("a examine {5+}\r\nA b/c", "a EXAMINE \"A b/c\"");
        known("a EXAMINE Entw&APw-rfe", "a EXAMINE Entw&APw-rfe");
        known("a EXAMINE \"Entwürfe\"", "a EXAMINE Entw&APw-rfe");
        refused("a EXAMINE");
        refused("a EXAMINE ");
        refused("a EXAMINE \"\"");
        refused("a EXAMINE \"INBOX");
        refused("a EXAMINE a b");
        refused("a EXAMINE &");
    }
}
