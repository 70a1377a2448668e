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
    pub only: Option<ExpungeOnly>,
}

/// Which messages `UID EXPUNGE` is confined to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpungeOnly {
    /// These.
    Uids(UidSet),
    /// `$` (RFC 5182): those that the last `SEARCH RETURN (SAVE)` found.
    Saved,
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
            return Ok(Self { only: None });
        }
        reader.space()?;
        let only = if reader.accept(b'$') {
            ExpungeOnly::Saved
        } else {
            ExpungeOnly::Uids(UidSet::parse(reader)?)
        };
        Ok(Self { only: Some(only) })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        match &self.only {
            Some(ExpungeOnly::Uids(uids)) => {
                out.space();
                out.with(|out| uids.write(out));
            }
            Some(ExpungeOnly::Saved) => out.raw(" $"),
            None => {}
        }
    }

    pub(crate) fn effects(&self) -> Effects {
        let scope = || match &self.only {
            Some(ExpungeOnly::Uids(uids)) => Messages::Uid(uids.clone()).scope(),
            Some(ExpungeOnly::Saved) | None => Scope::All,
        };
        let effects = Effects::in_selected()
            .writes(Resource::Existence(scope()))
            .reads(Resource::Flags(scope()));
        match &self.only {
            Some(ExpungeOnly::Saved) => effects.reads(Resource::SavedResult),
            _ => effects,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a EXPUNGE", "a EXPUNGE");
        known("a uid expunge 3000:3002", "a UID EXPUNGE 3000:3002");
        known("a uid expunge $", "a UID EXPUNGE $");
        refused("a UID EXPUNGE $,1");
        refused("a EXPUNGE 1");
        refused("a UID EXPUNGE");
    }
}
