//! STORE (RFC 3501 §6.4.6).

use super::{Messages, States};
use crate::Flag;
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;
use smallvec::SmallVec;

/// The STORE command: changes flags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// Which messages.
    pub messages: Messages,
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
    /// store           = "STORE" SP sequence-set SP store-att-flags
    /// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP
    ///                   (flag-list / (flag *(SP flag)))
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        const WHAT: &str = "FLAGS, +FLAGS or -FLAGS";
        reader.space()?;
        let messages = Messages::parse(reader, uid)?;
        reader.space()?;
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
        Ok(Self { messages, action, silent, flags })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.with(|out| self.messages.write(out));
        out.raw(match self.action {
            StoreAction::Replace => " FLAGS",
            StoreAction::Add => " +FLAGS",
            StoreAction::Remove => " -FLAGS",
        });
        out.raw(if self.silent { ".SILENT " } else { " " });
        out.flags(&self.flags);
    }

    /// Setting flags twice is the same in either order, so `+FLAGS.SILENT` only adds. Adding and
    /// removing are not, and an answer shows what others did: then it is a change like any other.
    pub(crate) fn effects(&self) -> Effects {
        let flags = Resource::Flags(self.messages.scope());
        let effects =
            Effects::in_selected().reads(Resource::Existence(self.messages.scope())).numbered(true);
        let effects = effects.names(&self.messages);
        match self.action {
            StoreAction::Add if self.silent => effects.adds(flags),
            _ => effects.writes(flags),
        }
    }
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
