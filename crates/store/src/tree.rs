//! The tree of an account: its mailbox names, what they stand for, and the subscriptions.

use crate::limits::{MAX_LEVEL, MAX_LEVELS, MAX_MAILBOXES};
use crate::{Error, MailboxId};
use peregrine_proto::response::list::SpecialUse;
use peregrine_proto::{MailboxName, UidValidity};
use std::collections::{BTreeMap, BTreeSet};

/// What a name stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The mailbox.
    pub id: MailboxId,
    /// Its UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// False for `\Noselect`: a name that only has children.
    pub selectable: bool,
    /// What it is for (RFC 6154).
    pub special_use: Option<SpecialUse>,
}

/// All names of an account, as a value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    pub(crate) entries: BTreeMap<MailboxName, Entry>,
    pub(crate) subscriptions: BTreeSet<MailboxName>,
}

impl Tree {
    /// All names, in the order of their bytes.
    pub fn entries(&self) -> impl Iterator<Item = (&MailboxName, &Entry)> {
        self.entries.iter()
    }

    /// What a name stands for.
    #[must_use]
    pub fn get(&self, name: &MailboxName) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The name that a mailbox has now.
    #[must_use]
    pub fn name_of(&self, id: MailboxId) -> Option<&MailboxName> {
        self.entries.iter().find(|(_, entry)| entry.id == id).map(|(name, _)| name)
    }

    /// Whether CREATE would take this name: it is proper, free, and there is room for it. Nothing
    /// is made.
    ///
    /// # Errors
    /// The one that CREATE would give.
    pub fn check_new(&self, name: &MailboxName) -> Result<(), Error> {
        let name = new_name(name)?;
        if self.get(&name).is_some_and(|entry| entry.selectable) {
            return Err(Error::AlreadyExists("mailbox"));
        }
        self.check_room(1)
    }

    /// Whether any name lies below this one (RFC 3348).
    #[must_use]
    pub fn has_children(&self, name: &MailboxName) -> bool {
        self.below(name).next().is_some()
    }

    /// All names below this one, at any depth; what stands elsewhere is not looked at.
    pub fn below(&self, name: &MailboxName) -> impl Iterator<Item = (&MailboxName, &Entry)> {
        let behind = first_below(name).into_iter();
        let found = behind.flat_map(|first| self.entries.range(first..));
        found.take_while(move |(other, _)| other.is_below(name))
    }

    /// The subscribed names, also of mailboxes that are gone (RFC 3501 §6.3.9).
    pub fn subscriptions(&self) -> impl Iterator<Item = &MailboxName> {
        self.subscriptions.iter()
    }

    /// The subscribed names below this one, at any depth; what stands elsewhere is not looked at.
    pub fn subscriptions_below(&self, name: &MailboxName) -> impl Iterator<Item = &MailboxName> {
        let behind = first_below(name).into_iter();
        let found = behind.flat_map(|first| self.subscriptions.range(first..));
        found.take_while(move |other| other.is_below(name))
    }

    /// Whether a name is subscribed.
    #[must_use]
    pub fn is_subscribed(&self, name: &MailboxName) -> bool {
        self.subscriptions.contains(name)
    }

    /// What a name stands for, if it can be selected.
    pub(crate) fn selectable(&self, name: &MailboxName) -> Result<&Entry, Error> {
        match self.get(name) {
            Some(entry) if entry.selectable => Ok(entry),
            Some(_) => Err(Error::OnlyAName),
            None => Err(Error::NonExistent("mailbox")),
        }
    }

    /// Whether more names have room.
    pub(crate) fn check_room(&self, more: usize) -> Result<(), Error> {
        if self.entries.len() + more > MAX_MAILBOXES {
            return Err(Error::Limit("an account may have 10,000 mailboxes"));
        }
        Ok(())
    }
}

/// Where the names below this one begin in the order of names: they stand together, and `a b` or
/// `a1` not between them. `None` where a longer name would be none.
fn first_below(name: &MailboxName) -> Option<MailboxName> {
    MailboxName::new(&format!("{}{}", name.as_str(), MailboxName::SEPARATOR)).ok()
}

/// Whether a new mailbox may have this name. A separator at the end only says that children are to
/// come (RFC 3501 §6.3.3), and is left out.
pub(crate) fn new_name(name: &MailboxName) -> Result<MailboxName, Error> {
    let text = name.as_str();
    let text = text.strip_suffix('/').unwrap_or(text);
    if text.is_empty() {
        return Err(Error::Cannot("a mailbox name must not be empty"));
    }
    if text.contains(['*', '%']) {
        return Err(Error::Cannot("a mailbox name must not have * or % in it"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::Cannot("a mailbox name must not have control characters in it"));
    }
    let mut levels = 0;
    for level in text.split('/') {
        levels += 1;
        if level.is_empty() {
            return Err(Error::Cannot("a mailbox name must not have empty levels (a//b)"));
        }
        if level == "." || level == ".." {
            return Err(Error::Cannot("a level of a mailbox name must not be . or .."));
        }
        if level.len() > MAX_LEVEL {
            return Err(Error::Limit("a level of a mailbox name may have 255 octets"));
        }
    }
    if levels > MAX_LEVELS {
        return Err(Error::Limit("a mailbox name may have 32 levels"));
    }
    MailboxName::new(text).map_err(|error| Error::Cannot(error.0))
}
