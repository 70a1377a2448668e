//! LIST (RFC 3501 §6.3.8), extended (RFC 5258, RFC 5819, RFC 6154).

use super::States;
use super::status::StatusItem;
use crate::effects::{Answer, Effects, Resource};
use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::writer::CommandWriter;
use crate::{ListPattern, MailboxName};
use bytestring::ByteString;
use smallvec::{SmallVec, smallvec};

/// The LIST command: lists mailboxes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// Selection options; `None` where no parentheses stand.
    pub selection: Option<ListSelection>,
    /// The reference name; taken as a prefix of the patterns.
    pub reference: ByteString,
    /// The patterns, at least one. In a plain LIST, an empty one asks for the separator and root
    /// (RFC 3501 §6.3.8).
    pub patterns: SmallVec<[ListPattern; 1]>,
    /// Return options; `None` where no RETURN stands.
    pub returns: Option<ListReturn>,
}

/// Which names are listed (RFC 5258 §3.1, RFC 6154 §2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ListSelection {
    /// `SUBSCRIBED`: subscribed names, whether they exist or not.
    pub subscribed: bool,
    /// `REMOTE`: those of other servers too.
    pub remote: bool,
    /// `RECURSIVEMATCH`: names above those that are meant, too; only beside `subscribed`.
    pub recursive_match: bool,
    /// `SPECIAL-USE`: only mailboxes that have a special use.
    pub special_use: bool,
}

/// What is told of each name (RFC 5258 §3.2, RFC 5819, RFC 6154 §2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListReturn {
    /// `SUBSCRIBED`: whether it is.
    pub subscribed: bool,
    /// `CHILDREN`: whether it has any.
    pub children: bool,
    /// `SPECIAL-USE`: what it is for.
    pub special_use: bool,
    /// `STATUS`: a STATUS response with these items behind each; empty where it is not asked.
    pub status: SmallVec<[StatusItem; 4]>,
}

impl List {
    pub(crate) const NAME: &'static str = "LIST";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// Most patterns that are taken: each is held against each name.
    pub const MAX_PATTERNS: usize = 64;

    /// Whether it uses any of the syntax of RFC 5258: then an empty pattern matches nothing.
    pub fn is_extended(&self) -> bool {
        self.selection.is_some() || self.returns.is_some() || self.patterns.len() > 1
    }

    /// Whether subscriptions are asked for.
    pub fn tells_subscribed(&self) -> bool {
        self.selection.is_some_and(|selection| selection.subscribed)
            || self.returns.as_ref().is_some_and(|returns| returns.subscribed)
    }

    /// ```abnf
    /// list              = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat
    ///                     [SP list-return-opts]
    /// list-select-opts  = "(" [list-select-opt *(SP list-select-opt)] ")"
    /// mbox-or-pat       = list-mailbox / patterns
    /// patterns          = "(" list-mailbox *(SP list-mailbox) ")"
    /// list-return-opts  = "RETURN" SP "(" [return-option *(SP return-option)] ")"
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mut selection = None;
        if reader.peek() == Some(b'(') {
            selection = Some(ListSelection::parse(reader)?);
            reader.space()?;
        }
        let reference = reference(reader)?;
        reader.space()?;
        let mut patterns = SmallVec::new();
        let in_parentheses = reader.peek() == Some(b'(');
        if in_parentheses {
            reader.list(|reader| {
                if patterns.len() == Self::MAX_PATTERNS {
                    let clause = "more than 64 patterns are given";
                    return Err(SyntaxError::wrong(reader.offset(), clause));
                }
                patterns.push(ListPattern::parse(reader)?);
                Ok(())
            })?;
        } else {
            patterns.push(ListPattern::parse(reader)?);
        }
        let mut returns = None;
        if reader.accept_prefix(" RETURN ") {
            returns = Some(ListReturn::parse(reader)?);
        }
        // Parentheses alone make it an extended LIST; they are not kept.
        if in_parentheses && selection.is_none() {
            returns.get_or_insert_default();
        }
        Ok(Self { selection, reference, patterns, returns })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        if let Some(selection) = &self.selection {
            out.raw(" ");
            write_options(&selection.words(), None, out);
        }
        out.space();
        out.name(&self.reference);
        out.space();
        if let [pattern] = &self.patterns[..] {
            write_pattern(pattern, out);
        } else {
            for (index, pattern) in self.patterns.iter().enumerate() {
                out.raw(if index > 0 { " " } else { "(" });
                write_pattern(pattern, out);
            }
            out.raw(")");
        }
        if let Some(returns) = &self.returns {
            out.raw(" RETURN ");
            write_options(&returns.words(), Some(&returns.status), out);
        }
    }

    /// With STATUS it tells what is in any of the mailboxes.
    pub(crate) fn effects(&self) -> Effects {
        let mut effects = match &self.patterns[..] {
            [pattern] => Effects::none().reads(tree(&self.reference, pattern.as_str())),
            _ => Effects::none().reads(Resource::Tree(None)),
        };
        if self.tells_subscribed() {
            effects = effects.reads(Resource::Subscriptions);
        }
        if self.returns.as_ref().is_some_and(|returns| !returns.status.is_empty()) {
            return effects.reads(Resource::AllContents).answers(Answer::ListStatus);
        }
        effects.answers(Answer::List)
    }
}

/// The part of the tree in which a pattern can find names: below the last whole level before the
/// first wildcard.
pub(super) fn tree(reference: &str, pattern: &str) -> Resource {
    let whole = format!("{reference}{pattern}");
    let top = match whole.find(['*', '%']) {
        None => whole.strip_suffix(MailboxName::SEPARATOR).unwrap_or(&whole),
        Some(wild) => whole[..wild].rsplit_once(MailboxName::SEPARATOR).map_or("", |(top, _)| top),
    };
    // No name is empty, and one that cannot be a name is refused: both read all, to be safe.
    let top = (!top.is_empty()).then(|| MailboxName::new(top).ok()).flatten();
    Resource::Tree(top)
}

impl ListSelection {
    fn words(self) -> [(bool, &'static str); 4] {
        [
            (self.subscribed, "SUBSCRIBED"),
            (self.remote, "REMOTE"),
            (self.recursive_match, "RECURSIVEMATCH"),
            (self.special_use, "SPECIAL-USE"),
        ]
    }

    /// ```abnf
    /// list-select-opt = "SUBSCRIBED" / "REMOTE" / "RECURSIVEMATCH" / "SPECIAL-USE"
    /// ```
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "SUBSCRIBED, REMOTE, RECURSIVEMATCH or SPECIAL-USE";
        let start = reader.offset();
        let mut options = Self::default();
        reader.list_or_empty(|reader| {
            let offset = reader.offset();
            match &reader.atom(WHAT)?.to_ascii_uppercase()[..] {
                b"SUBSCRIBED" => options.subscribed = true,
                b"REMOTE" => options.remote = true,
                b"RECURSIVEMATCH" => options.recursive_match = true,
                b"SPECIAL-USE" => options.special_use = true,
                _ => return Err(SyntaxError::expected(offset, WHAT)),
            }
            Ok(())
        })?;
        // RFC 5258 §3.1
        if options.recursive_match && !options.subscribed {
            return Err(SyntaxError::wrong(start, "RECURSIVEMATCH needs SUBSCRIBED beside it"));
        }
        Ok(options)
    }
}

impl ListReturn {
    fn words(&self) -> [(bool, &'static str); 3] {
        [
            (self.subscribed, "SUBSCRIBED"),
            (self.children, "CHILDREN"),
            (self.special_use, "SPECIAL-USE"),
        ]
    }

    /// ```abnf
    /// return-option = "SUBSCRIBED" / "CHILDREN" / "SPECIAL-USE" /
    ///                 "STATUS" SP "(" status-att *(SP status-att) ")"
    /// ```
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "SUBSCRIBED, CHILDREN, SPECIAL-USE or STATUS";
        let mut options = Self::default();
        reader.list_or_empty(|reader| {
            let offset = reader.offset();
            match &reader.atom(WHAT)?.to_ascii_uppercase()[..] {
                b"SUBSCRIBED" => options.subscribed = true,
                b"CHILDREN" => options.children = true,
                b"SPECIAL-USE" => options.special_use = true,
                b"STATUS" => {
                    reader.space()?;
                    options.status = StatusItem::parse_list(reader)?;
                }
                _ => return Err(SyntaxError::expected(offset, WHAT)),
            }
            Ok(())
        })?;
        Ok(options)
    }
}

fn write_options(
    words: &[(bool, &'static str)],
    status: Option<&[StatusItem]>,
    out: &mut CommandWriter,
) {
    out.raw("(");
    let mut separator = "";
    for (_, word) in words.iter().filter(|(on, _)| *on) {
        out.raw(separator);
        out.raw(word);
        separator = " ";
    }
    if let Some(items) = status.filter(|items| !items.is_empty()) {
        out.raw(separator);
        out.raw("STATUS ");
        out.with(|out| StatusItem::write_list(items, out));
    }
    out.raw(")");
}

/// The reference: a mailbox name, or the beginning of one, or nothing.
pub(super) fn reference(reader: &mut Reader<'_>) -> Parsed<ByteString> {
    let offset = reader.offset();
    let wire = reader.astring("a reference such as \"\"")?;
    crate::mailbox::decode(wire, reader.encoding())
        .map(crate::mailbox::compose)
        .map_err(|error| SyntaxError::wrong(offset, error.0))
}

/// `list-mailbox`: as it is where it can be, since quotes hide no wildcard.
pub(super) fn write_pattern(pattern: &ListPattern, out: &mut CommandWriter) {
    let text = pattern.as_str();
    let bare = !text.is_empty() && text.bytes().all(|byte| crate::token::is(byte, class::LIST));
    if bare && !text.contains('&') && !text.eq_ignore_ascii_case("NIL") {
        out.raw(text);
        return;
    }
    out.quoted_name(text);
}

/// A plain LIST.
impl From<(ByteString, ListPattern)> for List {
    fn from((reference, pattern): (ByteString, ListPattern)) -> Self {
        Self { selection: None, reference, patterns: smallvec![pattern], returns: None }
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
        known("a LIST () \"\" * return ()", "a LIST () \"\" * RETURN ()");
        known("a LIST \"\" % RETURN (special-use)", "a LIST \"\" % RETURN (SPECIAL-USE)");
        known("a LIST \"\" (INBOX Sent/%)", "a LIST \"\" (INBOX Sent/%) RETURN ()");
        known("a LIST () \"\" (INBOX *)", "a LIST () \"\" (INBOX *)");
        known("a LIST \"\" (\"\")", "a LIST \"\" \"\" RETURN ()");
        known(
            "a list (recursivematch REMOTE Subscribed) \"\" * return (children subscribed)",
            "a LIST (SUBSCRIBED REMOTE RECURSIVEMATCH) \"\" * RETURN (SUBSCRIBED CHILDREN)",
        );
        known(
            "a LIST \"\" % RETURN (STATUS (MESSAGES SIZE) CHILDREN)",
            "a LIST \"\" % RETURN (CHILDREN STATUS (MESSAGES SIZE))",
        );
        refused("a LIST \"\"");
        refused("a LIST \"\" ()");
        refused("a LIST (RECURSIVEMATCH) \"\" *");
        refused("a LIST (RECURSIVEMATCH REMOTE) \"\" *");
        refused("a LIST (FOO) \"\" *");
        refused("a LIST \"\" * RETURN (FOO)");
        refused("a LIST \"\" * RETURN (STATUS)");
        refused("a LIST \"\" * RETURN (STATUS ())");
        refused("a LIST \"\" * RETURN");
        refused("a LIST \"\" &");
    }

    #[test]
    fn patterns_are_bounded() {
        let list = |count| format!("a LIST () \"\" ({})", vec!["x"; count].join(" "));
        known(&list(64), &list(64));
        refused(&list(65));
    }
}
