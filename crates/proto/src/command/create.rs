//! CREATE (RFC 3501 §6.3.3), with a special use (RFC 6154 §3).

use super::States;
use crate::MailboxName;
use crate::effects::{Effects, Resource};
use crate::response::list::UseAttribute;
use crate::token::{Parsed, Reader, SyntaxError};
use crate::write;
use crate::writer::CommandWriter;
use smallvec::SmallVec;

/// The CREATE command: makes a mailbox, and those above it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Create {
    /// The name to make; a trailing separator is dropped (RFC 3501 §6.3.3).
    pub mailbox: MailboxName,
    /// What it shall be for (parameter USE); mostly empty.
    pub uses: SmallVec<[UseAttribute; 1]>,
}

impl Create {
    pub(crate) const NAME: &'static str = "CREATE";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// Most uses that are taken: more than there are.
    pub const MAX_USES: usize = 16;

    /// ```abnf
    /// create        = "CREATE" SP mailbox [create-params]
    /// create-params = SP "(" create-param *(SP create-param) ")"
    /// create-param  = "USE" SP "(" [use-attr *(SP use-attr)] ")"
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let offset = reader.offset();
        let mailbox = MailboxName::parse(reader)?.without_trailing_separator();
        if mailbox.as_str().is_empty() {
            return Err(SyntaxError::wrong(offset, "a mailbox name must not be empty"));
        }
        let mut uses = SmallVec::new();
        if reader.accept_prefix(" (") {
            if !reader.accept_atom("USE") {
                return reader.expected("USE");
            }
            reader.space()?;
            reader.list_or_empty(|reader| {
                if uses.len() == Self::MAX_USES {
                    let clause = "more than 16 uses are named";
                    return Err(SyntaxError::wrong(reader.offset(), clause));
                }
                uses.push(UseAttribute::parse(reader)?);
                Ok(())
            })?;
            reader.byte(b')', "`)`")?;
        }
        Ok(Self { mailbox, uses })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.mailbox(&self.mailbox);
        if !self.uses.is_empty() {
            out.raw(" (USE ");
            out.with(|out| write::list(out, &self.uses, |out, attribute| attribute.write(out)));
            out.raw(")");
        }
    }

    /// Missing names above it are made too, so all from its highest level on is touched. A use
    /// belongs to one mailbox of the whole tree.
    pub(crate) fn effects(&self) -> Effects {
        let top = self.uses.is_empty().then(|| self.mailbox.top());
        Effects::none().writes(Resource::Tree(top))
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
        known("a CREATE l//", "a CREATE l//");
        known("a CREATE x (use (\\drafts \\Sent))", "a CREATE x (USE (\\Drafts \\Sent))");
        known("a CREATE x (USE (\\Important))", "a CREATE x (USE (\\Important))");
        known("a CREATE x (USE ())", "a CREATE x");
        refused("a CREATE x (USE \\Sent)");
        refused("a CREATE x (USE (Sent))");
        refused("a CREATE x (FOO (\\Sent))");
        refused("a CREATE x ()");
        refused("a CREATE x (USE (\\Sent)");
        refused("a CREATE /");
        refused("a CREATE");
        refused("a CREATE ");
        refused("a CREATE \"\"");
        refused("a CREATE \"INBOX");
        refused("a CREATE a b");
        refused("a CREATE &");
    }
}
