//! LIST (RFC 3501 §6.3.8), with children (RFC 3348) and uses (RFC 6154).

use super::{Deed, Done, Failure};
use crate::host::Outcome;
use bytestring::ByteString;
use peregrine_proto::command::List;
use peregrine_proto::response::{ListAttribute, ListData};
use peregrine_proto::{ListPattern, MailboxName};
use peregrine_store::{Entry, Tree};
use smallvec::SmallVec;

pub(super) async fn run(deed: &Deed, command: List) -> Done {
    let mut out = Vec::new();
    if command.pattern.as_str().is_empty() {
        // RFC 3501 §6.3.8: an empty pattern asks for the separator and the root. Some programs
        // take any other answer for a dead server (trap-6).
        out.extend_from_slice(b"* LIST (\\Noselect) \"/\" \"\"\r\n");
        return Ok(Outcome::ok("That is the root").with_data(out));
    }
    let pattern = whole_pattern(&command.reference, &command.pattern)?;
    let tree = deed.account()?.tree();
    // INBOX first: programs that show the order of the answer show it at the top.
    for inbox in [true, false] {
        let wanted = |name: &MailboxName| name.is_inbox() == inbox && pattern.matches(name);
        for (name, entry) in tree.entries().filter(|(name, _)| wanted(name)) {
            write(&mut out, "LIST", name.clone(), attributes(&tree, name, Some(entry)));
        }
    }
    Ok(Outcome::ok("That is all").with_data(out))
}

/// The reference is taken as a prefix (RFC 3501 §6.3.8 leaves its meaning to us). A separator at
/// the end of a pattern is passed over: some programs add it (trap-27).
pub(super) fn whole_pattern(
    reference: &ByteString,
    pattern: &ListPattern,
) -> Result<ListPattern, Failure> {
    let whole = format!("{reference}{}", pattern.as_str());
    let whole = whole.strip_suffix(MailboxName::SEPARATOR).unwrap_or(&whole);
    ListPattern::new(whole).map_err(|_| Failure::Bad("The reference cannot begin a mailbox name"))
}

/// What is told of a name; `None` for one that is only subscribed.
pub(super) fn attributes(
    tree: &Tree,
    name: &MailboxName,
    entry: Option<&Entry>,
) -> SmallVec<[ListAttribute; 4]> {
    let mut attributes = SmallVec::new();
    if !entry.is_some_and(|entry| entry.selectable) {
        attributes.push(ListAttribute::NoSelect);
    }
    attributes.push(if tree.has_children(name) {
        ListAttribute::HasChildren
    } else {
        ListAttribute::HasNoChildren
    });
    // RFC 6154 §2: told always, so that no program makes folders of its own (trap-7).
    attributes.extend(entry.and_then(|entry| entry.special_use).map(ListAttribute::Use));
    attributes
}

pub(super) fn write(
    out: &mut Vec<u8>,
    word: &str,
    mailbox: MailboxName,
    attributes: SmallVec<[ListAttribute; 4]>,
) {
    ListData { attributes, separator: Some(MailboxName::SEPARATOR), mailbox }.write(out, word);
}
