//! LSUB (RFC 3501 §6.3.9).

use super::States;
use crate::ListPattern;
use crate::effects::{Answer, Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;
use bytestring::ByteString;

/// The LSUB command: lists names that are subscribed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lsub {
    /// The reference name; taken as a prefix of the pattern.
    pub reference: ByteString,
    /// The pattern.
    pub pattern: ListPattern,
}

impl Lsub {
    pub(crate) const NAME: &'static str = "LSUB";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// ```abnf
    /// lsub = "LSUB" SP mailbox SP list-mailbox
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let reference = super::list::reference(reader)?;
        reader.space()?;
        Ok(Self { reference, pattern: ListPattern::parse(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.name(&self.reference);
        out.space();
        super::list::write_pattern(&self.pattern, out);
    }

    /// Names that do not exist are told apart, so the tree is read too.
    pub(crate) fn effects(&self) -> Effects {
        Effects::none()
            .reads(Resource::Subscriptions)
            .reads(super::list::tree(&self.reference, self.pattern.as_str()))
            .answers(Answer::Lsub)
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a LSUB \"#news.\" \"comp.mail.*\"", "a LSUB #news. comp.mail.*");
        known("a lsub \"\" %", "a LSUB \"\" %");
        refused("a LSUB \"\"");
        refused("a LSUB () \"\" *");
    }
}
