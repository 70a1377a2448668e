//! ENABLE (RFC 5161).

use super::States;
use crate::effects::{Answer, Effects, Resource};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use bytestring::ByteString;
use smallvec::SmallVec;

/// The ENABLE command: turns on extensions that change what the server sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enable {
    /// Capability names, upper case, at least one.
    pub capabilities: SmallVec<[ByteString; 2]>,
}

impl Enable {
    pub(crate) const NAME: &'static str = "ENABLE";
    /// RFC 5161 §3.1: servers need not check that no mailbox is selected.
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// Most names that are taken: more than there are extensions to enable.
    pub const MAX: usize = 64;

    /// ```abnf
    /// enable = "ENABLE" 1*(SP capability)
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let mut capabilities = SmallVec::new();
        while capabilities.is_empty() || !reader.is_at_end() {
            reader.space()?;
            let offset = reader.offset();
            let name = reader.atom("a capability's name")?;
            capabilities.push(super::upper_case(name, offset)?);
            if capabilities.len() > Self::MAX {
                return Err(SyntaxError::wrong(offset, "more than 64 capabilities are named"));
            }
        }
        Ok(Self { capabilities })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        for name in &self.capabilities {
            out.space();
            out.raw(name);
        }
    }

    /// What follows may be read in another way, so nothing runs beside it.
    pub(crate) fn effects(&self) -> Effects {
        Effects::barrier().writes(Resource::Enabled).answers(Answer::Enabled)
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a ENABLE CONDSTORE", "a ENABLE CONDSTORE");
        known("a enable qresync UTF8=Accept", "a ENABLE QRESYNC UTF8=ACCEPT");
        known(&format!("a ENABLE{}", " X".repeat(64)), &format!("a ENABLE{}", " X".repeat(64)));
        refused(&format!("a ENABLE{}", " X".repeat(65)));
        refused("a ENABLE");
        refused("a ENABLE X ");
        refused("a ENABLE (X)");
    }
}
