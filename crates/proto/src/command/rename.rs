//! RENAME (RFC 3501 §6.3.5).

use super::States;
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The RENAME command: gives a mailbox, and all below it, another name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rename {
    /// The present name.
    pub from: MailboxName,
    /// The name to be.
    pub to: MailboxName,
}

impl Rename {
    pub(crate) const NAME: &'static str = "RENAME";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// rename = "RENAME" SP mailbox SP mailbox
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let from = MailboxName::parse(reader)?;
        reader.space()?;
        Ok(Self { from, to: MailboxName::parse(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        for name in [&self.from, &self.to] {
            out.space();
            out.mailbox(name);
        }
    }

    /// Missing names above the new one are made too. Of INBOX only the messages move
    /// (RFC 3501 §6.3.5).
    pub(crate) fn effects(&self) -> Effects {
        Effects::none()
            .writes(Resource::Tree(Some(self.from.clone())))
            .writes(Resource::Tree(Some(self.to.top())))
            .writes(Resource::Contents(self.from.clone()))
            .writes(Resource::Contents(self.to.clone()))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a RENAME inbox old/2024", "a RENAME INBOX old/2024");
        known("a rename \"a b\" {1+}\r\nc", "a RENAME \"a b\" c");
        refused("a RENAME a");
        refused("a RENAME a  b");
        refused("a RENAME a b c");
    }
}
