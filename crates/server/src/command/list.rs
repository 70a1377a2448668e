//! LIST (RFC 3501 §6.3.8), with children (RFC 3348) and uses (RFC 6154), extended (RFC 5258), with
//! STATUS (RFC 5819); and the LIST responses of other commands (RFC 9051).

use super::{Deed, Done, Failure, status};
use crate::host::Outcome;
use bytestring::ByteString;
use peregrine_proto::command::List;
use peregrine_proto::command::list::{ListReturn, ListSelection};
use peregrine_proto::response::{ListAttribute, ListData};
use peregrine_proto::{ListPattern, MailboxName};
use peregrine_store::{Entry, Tree};
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeSet;

pub(super) async fn run(deed: &Deed, command: List) -> Done {
    if !command.is_extended() && command.patterns.iter().all(|it| it.as_str().is_empty()) {
        // RFC 3501 §6.3.8: an empty pattern asks for the separator and the root. Some programs
        // take any other answer for a dead server (trap-6).
        let root = &b"* LIST (\\Noselect) \"/\" \"\"\r\n"[..];
        return Ok(Outcome::ok("That is the root").with_data(root));
    }
    let patterns = command.patterns.iter().filter(|pattern| !pattern.as_str().is_empty());
    let patterns: Result<Vec<ListPattern>, Failure> =
        patterns.map(|pattern| whole_pattern(&command.reference, pattern)).collect();
    let listing = Listing {
        tree: &deed.account()?.tree(),
        patterns: patterns?,
        selection: command.selection.unwrap_or_default(),
        extended: command.is_extended(),
        tells_subscribed: command.tells_subscribed(),
    };
    let names = listing.names();
    let mut out = Vec::new();
    // INBOX first: programs that show the order of the answer show it at the top.
    for inbox in [true, false] {
        for name in names.iter().filter(|name| name.is_inbox() == inbox) {
            tell(deed, &listing, command.returns.as_ref(), name, &mut out)?;
        }
    }
    Ok(Outcome::ok("That is all").with_data(out))
}

/// What is asked, of a tree.
struct Listing<'a> {
    tree: &'a Tree,
    patterns: Vec<ListPattern>,
    selection: ListSelection,
    extended: bool,
    tells_subscribed: bool,
}

/// Writes what is told of one name, if anything is.
fn tell(
    deed: &Deed,
    listing: &Listing<'_>,
    returns: Option<&ListReturn>,
    name: &MailboxName,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let Some(mut data) = listing.data(name) else { return Ok(()) };
    let items = returns.map_or(&[][..], |returns| &returns.status);
    let selectable = listing.tree.get(name).is_some_and(|entry| entry.selectable);
    if items.is_empty() || !selectable || !listing.meets(name) {
        data.write(out, "LIST", deed.enabled.encoding());
        return Ok(());
    }
    match deed.account()?.status(name) {
        Ok(found) => {
            data.write(out, "LIST", deed.enabled.encoding());
            status::write(deed, name.clone(), items, &found, out)?;
        }
        Err(_) => {
            // RFC 5819 §2: it went meanwhile.
            data.attributes.push(ListAttribute::NoSelect);
            data.write(out, "LIST", deed.enabled.encoding());
        }
    }
    Ok(())
}

impl Listing<'_> {
    /// The names that may be listed: mailboxes, or subscribed names (RFC 5258 §3.1), and those
    /// above them where these are asked for.
    fn names(&self) -> BTreeSet<MailboxName> {
        if !self.selection.subscribed {
            return self.tree.entries().map(|(name, _)| name.clone()).collect();
        }
        let mut names: BTreeSet<MailboxName> = self.tree.subscriptions().cloned().collect();
        if self.selection.recursive_match {
            for name in self.tree.subscriptions() {
                names.extend(std::iter::successors(name.parent(), MailboxName::parent));
            }
        }
        names
    }

    /// Whether a name satisfies the selection options.
    fn meets(&self, name: &MailboxName) -> bool {
        (!self.selection.subscribed || self.tree.is_subscribed(name))
            && (!self.selection.special_use
                || self.tree.get(name).is_some_and(|entry| entry.special_use.is_some()))
    }

    fn matches(&self, name: &MailboxName) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    /// What is told of a name; `None` where it is not listed (RFC 5258 §3.3).
    fn data(&self, name: &MailboxName) -> Option<ListData> {
        if !self.matches(name) {
            return None;
        }
        let meets = self.meets(name);
        // A name that does not meet the criteria is told for one below it that does and is not
        // told itself (§3.5).
        let tells = |other| self.meets(other) && (meets || !self.matches(other));
        let below =
            self.selection.recursive_match && self.tree.subscriptions_below(name).any(tells);
        if !meets && !below {
            return None;
        }
        let mut attributes = attributes(self.tree, name, self.tree.get(name));
        if self.extended && self.tree.get(name).is_none() {
            attributes[0] = ListAttribute::NonExistent;
        }
        if self.tells_subscribed && self.tree.is_subscribed(name) {
            attributes.push(ListAttribute::Subscribed);
        }
        let child_info: SmallVec<[ByteString; 1]> =
            if below { smallvec!["SUBSCRIBED".into()] } else { SmallVec::new() };
        let separator = Some(MailboxName::SEPARATOR);
        Some(ListData { attributes, separator, mailbox: name.clone(), child_info, old_name: None })
    }
}

/// A LIST response that was not asked for by LIST (RFC 9051 §6.3.2, §6.3.9.7): what there is under a
/// name now, and which name stood in the client's command, where it is another.
pub(super) fn unasked(
    deed: &Deed,
    name: &MailboxName,
    old_name: Option<&str>,
) -> Result<Vec<u8>, Failure> {
    let tree = deed.account()?.tree();
    let entry = tree.get(name);
    let mut attributes = attributes(&tree, name, entry);
    if entry.is_none() {
        attributes[0] = ListAttribute::NonExistent;
    }
    let old_name = old_name.and_then(|old| MailboxName::new(old).ok());
    let (separator, mailbox) = (Some(MailboxName::SEPARATOR), name.clone());
    let data = ListData { attributes, separator, mailbox, child_info: SmallVec::new(), old_name };
    let mut out = Vec::new();
    data.write(&mut out, "LIST", deed.enabled.encoding());
    Ok(out)
}

/// The same, where IMAP4rev2 is enabled and the client spelt a name otherwise than it is kept.
pub(super) fn respelt(deed: &Deed, name: &MailboxName) -> Result<Vec<u8>, Failure> {
    match name.sent() {
        Some(sent) if deed.enabled.rev2 => unasked(deed, name, Some(sent)),
        _ => Ok(Vec::new()),
    }
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
