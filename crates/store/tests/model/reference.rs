//! The model: maps, and the rules of the RFC in the plainest words.

use peregrine_proto::command::store::StoreAction;
use std::collections::{BTreeMap, BTreeSet};

/// The flags of a message, as written.
pub type Flags = BTreeSet<String>;

/// The flags of a mask, as `flags` of the test makes them.
pub fn flag_set(mask: u8) -> Flags {
    let all = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "one", "$Two", "three"];
    let named = all.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
    named.map(|(_, flag)| (*flag).to_owned()).collect()
}

/// A mailbox.
#[derive(Clone, Debug)]
pub struct MailboxModel {
    pub uid_next: u32,
    /// Body and flags by UID.
    pub messages: BTreeMap<u32, (String, Flags)>,
}

impl MailboxModel {
    fn new() -> Self {
        Self { uid_next: 1, messages: BTreeMap::new() }
    }

    /// Adds messages; their UIDs.
    pub fn append(&mut self, new: Vec<(String, Flags)>) -> Vec<u32> {
        let mut uids = Vec::new();
        for message in new {
            self.messages.insert(self.uid_next, message);
            uids.push(self.uid_next);
            self.uid_next += 1;
        }
        uids
    }

    /// Changes flags; the UIDs of those that differ then.
    pub fn store(&mut self, uids: &[u32], action: StoreAction, flags: &Flags) -> Vec<u32> {
        let mut changed = Vec::new();
        for uid in uids {
            let Some((_, old)) = self.messages.get_mut(uid) else { continue };
            let new: Flags = match action {
                StoreAction::Replace => flags.clone(),
                StoreAction::Add => old.union(flags).cloned().collect(),
                StoreAction::Remove => old.difference(flags).cloned().collect(),
            };
            if new != *old {
                *old = new;
                changed.push(*uid);
            }
        }
        changed
    }

    /// Removes what is deleted; its UIDs.
    pub fn expunge(&mut self, uids: Option<&[u32]>) -> Vec<u32> {
        let goes = |uid: &u32, flags: &Flags| {
            flags.contains("\\Deleted") && uids.is_none_or(|uids| uids.contains(uid))
        };
        let all = self.messages.iter();
        let gone: Vec<u32> = all.filter(|(uid, (_, f))| goes(uid, f)).map(|(u, _)| *u).collect();
        self.remove(&gone);
        gone
    }

    /// Removes messages.
    pub fn remove(&mut self, uids: &[u32]) {
        self.messages.retain(|uid, _| !uids.contains(uid));
    }
}

/// An account. A name without a mailbox is `\Noselect`.
pub struct Model {
    pub mailboxes: BTreeMap<String, Option<MailboxModel>>,
    pub subscriptions: BTreeSet<String>,
}

impl Model {
    /// A new account with these names, all subscribed.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mailboxes: BTreeMap<String, Option<MailboxModel>> =
            names.map(|name| (name.to_owned(), Some(MailboxModel::new()))).collect();
        let subscriptions = mailboxes.keys().cloned().collect();
        Self { mailboxes, subscriptions }
    }

    pub fn selectable(&self, name: &str) -> Option<&MailboxModel> {
        self.mailboxes.get(name)?.as_ref()
    }

    pub fn selectable_mut(&mut self, name: &str) -> Option<&mut MailboxModel> {
        self.mailboxes.get_mut(name)?.as_mut()
    }

    pub fn create(&mut self, name: &str) -> bool {
        if self.selectable(name).is_some() {
            return false;
        }
        self.create_parents(name);
        self.mailboxes.insert(name.to_owned(), Some(MailboxModel::new()));
        true
    }

    pub fn delete(&mut self, name: &str) -> bool {
        let below = format!("{name}/");
        let has_children = self.mailboxes.keys().any(|other| other.starts_with(&below));
        match self.mailboxes.get_mut(name) {
            None => false,
            Some(_) if name == "INBOX" => false,
            Some(None) if has_children => false,
            Some(mailbox) if has_children => {
                *mailbox = None;
                true
            }
            Some(_) => {
                self.mailboxes.remove(name);
                true
            }
        }
    }

    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        let below = format!("{from}/");
        if !self.mailboxes.contains_key(from) || self.mailboxes.contains_key(to) {
            return false;
        }
        if from == "INBOX" {
            self.create_parents(to);
            let inbox = self.mailboxes.get_mut(from).unwrap().as_mut().unwrap();
            let messages = std::mem::take(&mut inbox.messages);
            let mut target = MailboxModel::new();
            target.append(messages.into_values().collect());
            self.mailboxes.insert(to.to_owned(), Some(target));
            return true;
        }
        if to.starts_with(&below) {
            return false;
        }
        let all = self.mailboxes.keys();
        let moved: Vec<String> =
            all.filter(|name| *name == from || name.starts_with(&below)).cloned().collect();
        self.create_parents(to);
        for name in moved {
            let mailbox = self.mailboxes.remove(&name).unwrap();
            self.mailboxes.insert(format!("{to}{}", &name[from.len()..]), mailbox);
        }
        true
    }

    pub fn subscribe(&mut self, name: &str) -> bool {
        let known = self.mailboxes.contains_key(name) || self.subscriptions.contains(name);
        if known {
            self.subscriptions.insert(name.to_owned());
        }
        known
    }

    fn create_parents(&mut self, name: &str) {
        for (end, _) in name.match_indices('/') {
            let parent = self.mailboxes.entry(name[..end].to_owned());
            parent.or_insert_with(|| Some(MailboxModel::new()));
        }
    }
}
