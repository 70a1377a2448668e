//! LIST (RFC 3501 §6.3.8), with the options of SPECIAL-USE (RFC 6154 §2).

use super::States;
use crate::ListPattern;
use crate::effects::{Answer, Effects, Resource};
use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::write;
use crate::writer::CommandWriter;
use bytestring::ByteString;

/// The LIST command: lists mailboxes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// Selection option SPECIAL-USE: only mailboxes that have a special use. It implies
    /// `return_special_use`.
    pub only_special_use: bool,
    /// The reference name; taken as a prefix of the pattern.
    pub reference: ByteString,
    /// The pattern; empty asks for the separator and root (RFC 3501 §6.3.8).
    pub pattern: ListPattern,
    /// Return option SPECIAL-USE: tell special uses.
    pub return_special_use: bool,
}

impl List {
    pub(crate) const NAME: &'static str = "LIST";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// Of RFC 5258's syntax, that which a server must know that has SPECIAL-USE alone
    /// (RFC 6154 §5.2).
    ///
    /// ```abnf
    /// list = "LIST" [SP "(" ["SPECIAL-USE"] ")"] SP mailbox SP list-mailbox
    ///        [SP "RETURN" SP "(" ["SPECIAL-USE"] ")"]
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mut only_special_use = false;
        if reader.peek() == Some(b'(') {
            only_special_use = options(reader)?;
            reader.space()?;
        }
        let reference = reference(reader)?;
        reader.space()?;
        if reader.peek() == Some(b'(') {
            return Err(SyntaxError::wrong(reader.offset(), "only one pattern is taken"));
        }
        let pattern = ListPattern::parse(reader)?;
        let mut return_special_use = only_special_use;
        if reader.accept_prefix(" RETURN ") {
            return_special_use |= options(reader)?;
        }
        Ok(Self { only_special_use, reference, pattern, return_special_use })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        if self.only_special_use {
            out.raw(" (SPECIAL-USE)");
        }
        out.space();
        out.utf7(&self.reference);
        out.space();
        write_pattern(&self.pattern, out);
        if self.return_special_use && !self.only_special_use {
            out.raw(" RETURN (SPECIAL-USE)");
        }
    }

    pub(crate) fn effects(&self) -> Effects {
        Effects::none().reads(Resource::Tree(None)).answers(Answer::List)
    }
}

/// Options in parentheses; true if SPECIAL-USE is among them.
fn options(reader: &mut Reader<'_>) -> Parsed<bool> {
    let mut special_use = false;
    reader.list_or_empty(|reader| {
        let offset = reader.offset();
        let option = reader.atom("an option")?;
        if !option.eq_ignore_ascii_case(b"SPECIAL-USE") {
            return Err(SyntaxError::wrong(offset, "the only option known here is SPECIAL-USE"));
        }
        special_use = true;
        Ok(())
    })?;
    Ok(special_use)
}

/// The reference: a mailbox name, or the beginning of one, or nothing.
pub(super) fn reference(reader: &mut Reader<'_>) -> Parsed<ByteString> {
    let offset = reader.offset();
    let wire = reader.astring("a reference such as \"\"")?;
    crate::mailbox::decode(wire).map_err(|error| SyntaxError::wrong(offset, error.0))
}

/// `list-mailbox`: as it is where it can be, since quotes hide no wildcard.
pub(super) fn write_pattern(pattern: &ListPattern, out: &mut CommandWriter) {
    let text = pattern.as_str();
    let bare = !text.is_empty() && text.bytes().all(|byte| crate::token::is(byte, class::LIST));
    if bare && !text.contains('&') && !text.eq_ignore_ascii_case("NIL") {
        out.raw(text);
        return;
    }
    match crate::utf7::encode(text) {
        Some(encoded) if write::is_quotable(encoded.as_bytes()) => {
            out.with(|out| write::quoted(out, encoded.as_bytes()));
        }
        Some(encoded) => out.string(encoded.as_bytes()),
        None => out.string(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a LIST \"\" \"\"", "a LIST \"\" \"\"");
        known("a list \"\" *", "a LIST \"\" *");
        known("a LIST \"~/Mail/\" \"%\"", "a LIST ~/Mail/ %");
        known("a LIST \"\" \"Entw&APw-rfe/%\"", "a LIST \"\" \"Entw&APw-rfe/%\"");
        known("a LIST (SPECIAL-USE) \"\" *", "a LIST (SPECIAL-USE) \"\" *");
        known("a LIST () \"\" * return ()", "a LIST \"\" *");
        known("a LIST \"\" % RETURN (special-use)", "a LIST \"\" % RETURN (SPECIAL-USE)");
        refused("a LIST \"\"");
        refused("a LIST \"\" (INBOX *)");
        refused("a LIST (SUBSCRIBED) \"\" *");
        refused("a LIST \"\" * RETURN (CHILDREN)");
        refused("a LIST \"\" * RETURN");
        refused("a LIST \"\" &");
    }
}
