//! STORE (RFC 3501 §6.4.6), conditional (RFC 7162 §3.1.3).

use super::{Messages, States};
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use crate::{Flag, ModSeq, write};
use smallvec::SmallVec;

/// The STORE command: changes flags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// Which messages.
    pub messages: Messages,
    /// `UNCHANGEDSINCE`: only messages whose MODSEQ is not greater.
    pub unchanged_since: Option<ModSeq>,
    /// Add, remove or replace.
    pub action: StoreAction,
    /// `.SILENT`: don't answer with the new flags.
    pub silent: bool,
    /// The flags; may be empty.
    pub flags: SmallVec<[Flag; 2]>,
}

/// What STORE does with its flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StoreAction {
    /// `FLAGS`
    Replace,
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
}

impl Store {
    pub(crate) const NAME: &'static str = "STORE";
    pub(crate) const STATES: States = States::SELECTED;

    /// ```abnf
    /// store           = "STORE" SP sequence-set [SP store-modifiers] SP store-att-flags
    /// store-modifiers = "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"
    /// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP
    ///                   (flag-list / (flag *(SP flag)))
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        const WHAT: &str = "FLAGS, +FLAGS or -FLAGS";
        reader.space()?;
        let messages = Messages::parse(reader, uid)?;
        reader.space()?;
        let unchanged_since = modifiers(reader)?;
        let action = match reader.peek() {
            Some(b'+') => StoreAction::Add,
            Some(b'-') => StoreAction::Remove,
            _ => StoreAction::Replace,
        };
        reader.advance(usize::from(action != StoreAction::Replace));
        if !reader.accept_prefix("FLAGS") {
            return reader.expected(WHAT);
        }
        let silent = reader.accept_prefix(".SILENT");
        reader.space()?;
        let flags = if reader.peek() == Some(b'(') {
            Flag::parse_list(reader)?
        } else {
            Flag::parse_bare_list(reader)?
        };
        Ok(Self { messages, unchanged_since, action, silent, flags })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.with(|out| self.messages.write(out));
        if let Some(since) = self.unchanged_since {
            out.raw(" (UNCHANGEDSINCE ");
            out.with(|out| write::number(out, since.0));
            out.raw(")");
        }
        out.raw(match self.action {
            StoreAction::Replace => " FLAGS",
            StoreAction::Add => " +FLAGS",
            StoreAction::Remove => " -FLAGS",
        });
        out.raw(if self.silent { ".SILENT " } else { " " });
        out.flags(&self.flags);
    }

    /// Setting flags twice is the same in either order, so `+FLAGS.SILENT` only adds. Adding and
    /// removing are not, and an answer shows what others did: then it is a change like any other. So
    /// is one on a condition, for each change of a message's flags changes its MODSEQ.
    pub(crate) fn effects(&self) -> Effects {
        let flags = Resource::Flags(self.messages.scope());
        let effects =
            Effects::in_selected().reads(Resource::Existence(self.messages.scope())).numbered(true);
        let effects = effects.names(&self.messages);
        match self.action {
            StoreAction::Add if self.silent && self.unchanged_since.is_none() => {
                effects.adds(flags)
            }
            _ => effects.writes(flags),
        }
    }
}

/// RFC 4466 §2.5; nothing else than RFC 7162's is known.
fn modifiers(reader: &mut Reader<'_>) -> Parsed<Option<ModSeq>> {
    if reader.peek() != Some(b'(') {
        return Ok(None);
    }
    let mut since = None;
    reader.list(|reader| {
        let offset = reader.offset();
        if !reader.accept_atom("UNCHANGEDSINCE") {
            return reader.expected("UNCHANGEDSINCE");
        }
        if since.is_some() {
            return Err(SyntaxError::wrong(offset, "UNCHANGEDSINCE stands there twice"));
        }
        reader.space()?;
        since = Some(ModSeq::parse_or_zero(reader)?);
        Ok(())
    })?;
    reader.space()?;
    Ok(since)
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a STORE 2:4 +FLAGS (\\Deleted)", "a STORE 2:4 +FLAGS (\\Deleted)");
        known("a uid store 1 -flags.silent \\seen $X", "a UID STORE 1 -FLAGS.SILENT (\\Seen $X)");
        known("a STORE 1 FLAGS ()", "a STORE 1 FLAGS ()");
        known("a uid store $ +flags \\Seen", "a UID STORE $ +FLAGS (\\Seen)");
        known("a STORE 1 FLAGS (\\Foo)", "a STORE 1 FLAGS (\\Foo)");
        known(
            "a uid store 4 (unchangedsince 12) +flags.silent (\\seen)",
            "a UID STORE 4 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\\Seen)",
        );
        known("a STORE 1 (UNCHANGEDSINCE 0) FLAGS ()", "a STORE 1 (UNCHANGEDSINCE 0) FLAGS ()");
        refused("a STORE 1 () FLAGS (x)");
        refused("a STORE 1 (UNCHANGEDSINCE) FLAGS (x)");
        refused("a STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS (x)");
        refused("a STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 1) FLAGS (x)");
        refused("a STORE 1 (UNCHANGEDSINCE 1)FLAGS (x)");
        refused("a STORE 1 FLAGS");
        refused("a STORE 1 FLAGS ");
        refused("a STORE 1 +FLAG (\\Seen)");
        refused("a STORE 1 +FLAGSX (\\Seen)");
        refused("a STORE 1 + FLAGS (\\Seen)");
        refused("a STORE 1 FLAGS (\\Seen");
        refused("a STORE 1 FLAGS (\\Seen  x)");
        refused("a STORE 1 FLAGS \\Seen )");
    }

    #[test]
    fn t28_recent_and_long_keywords_are_refused() {
        let keyword = |length| format!("a STORE 1 FLAGS ({})", "k".repeat(length));
        known(&keyword(64), &keyword(64));
        refused(&keyword(65));
        refused("a STORE 1 +FLAGS (\\Recent)");
        refused("a STORE 1 +FLAGS \\recent");
        let flags = |count| format!("a STORE 1 FLAGS ({})", vec!["k"; count].join(" "));
        known(&flags(512), &flags(512));
        refused(&flags(513));
    }
}
