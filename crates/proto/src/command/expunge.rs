//! EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1).

use super::{Messages, States};
use crate::UidSet;
use crate::effects::{Effects, Resource, Scope};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;

/// The EXPUNGE command: removes messages that have \Deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expunge {
    /// `UID EXPUNGE` (RFC 4315 §2.1): only these; `None` for all.
    pub uids: Option<UidSet>,
}

impl Expunge {
    pub(crate) const NAME: &'static str = "EXPUNGE";
    pub(crate) const STATES: States = States::SELECTED;

    /// ```abnf
    /// expunge     = "EXPUNGE"
    /// uid-expunge = "UID" SP "EXPUNGE" SP sequence-set
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        if !uid {
            return Ok(Self { uids: None });
        }
        reader.space()?;
        Ok(Self { uids: Some(UidSet::parse(reader)?) })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        if let Some(uids) = &self.uids {
            out.space();
            out.with(|out| uids.write(out));
        }
    }

    pub(crate) fn effects(&self) -> Effects {
        let scope = || match &self.uids {
            Some(uids) => Messages::Uid(uids.clone()).scope(),
            None => Scope::All,
        };
        Effects::in_selected().writes(Resource::Existence(scope())).reads(Resource::Flags(scope()))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a EXPUNGE", "a EXPUNGE");
        known("a uid expunge 3000:3002", "a UID EXPUNGE 3000:3002");
        refused("a EXPUNGE 1");
        refused("a UID EXPUNGE");
    }
}
