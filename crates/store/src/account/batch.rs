//! The changes of one commit while they gather: the state that they lead to, beside the published
//! one, and the transaction that makes it durable.

use super::state::{Opened, Slot, Slots};
use crate::limits::MAX_MESSAGES;
use crate::message::Message;
use crate::operation::Failure;
use crate::row::account::AccountRow;
use crate::row::body::BodyRow;
use crate::row::garbage::Garbage;
use crate::row::{chunk, index, keywords, mailbox, vanished};
use crate::view::{Dirty, MailboxView, Version};
use crate::{AccountId, BodyNumber, Entry, Error, MailboxId, Tree, keys};
use bytes::Bytes;
use peregrine_kv::{Key, Operation, Transaction};
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::list::SpecialUse;
use peregrine_proto::{MailboxName, ModSeq, Uid, UidValidity};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::Notify;

/// Numbers of bodies by their hash: what this process has seen committed lately.
pub(crate) type KnownBodies = HashMap<[u8; 32], BodyNumber>;

/// Changes that gather for one commit.
pub(crate) struct Batch {
    pub account: AccountId,
    /// Seconds since 1970.
    pub now: u32,
    pub row: AccountRow,
    pub tree: Arc<Tree>,
    pub slots: Arc<Slots>,
    pub working: HashMap<MailboxId, Working>,
    /// Bodies known before, and those of this batch.
    pub known: KnownBodies,
    /// Bodies that this batch met.
    pub met: HashSet<[u8; 32]>,
    /// Garbage of this batch: its number, and up to which version views can see it.
    pub garbage: Vec<(u64, Garbage, Arc<Slot>, ModSeq)>,
    pub changed: bool,
    /// Whether an operation knows of a later version of the account than this one.
    pub behind: bool,
    extra: BTreeMap<BodyNumber, i64>,
    transaction: Transaction,
    unread: Arc<Notify>,
}

/// A mailbox that a batch changes.
pub(crate) struct Working {
    pub version: Version,
    pub slot: Arc<Slot>,
    /// Where its new version is published; `None` if it is new.
    pub opened: Option<Arc<Opened>>,
    pub fate: Fate,
    dirty: Dirty,
    stored_keywords: usize,
}

/// What a batch does to a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Untouched,
    Changed,
    Deleted,
}

impl Batch {
    pub(crate) fn new(
        account: AccountId,
        row: AccountRow,
        state: &super::state::State,
        known: KnownBodies,
        unread: &Arc<Notify>,
    ) -> Self {
        Self {
            account,
            now: super::now(),
            row,
            tree: Arc::clone(&state.tree),
            slots: Arc::clone(&state.slots),
            working: HashMap::new(),
            known,
            met: HashSet::new(),
            garbage: Vec::new(),
            changed: false,
            behind: false,
            extra: BTreeMap::new(),
            transaction: Transaction::new(),
            unread: Arc::clone(unread),
        }
    }

    /// Takes a mailbox that is in memory.
    pub(crate) fn add_loaded(&mut self, opened: &Arc<Opened>) {
        let version = opened.view().version().clone();
        let working = Working {
            stored_keywords: version.keywords.names().len(),
            version,
            slot: Arc::clone(&opened.slot),
            opened: Some(Arc::clone(opened)),
            fate: Fate::Untouched,
            dirty: Dirty::new(),
        };
        self.working.insert(opened.slot.id, working);
    }

    /// The mailbox of a name.
    pub(crate) fn resolve(&self, name: &MailboxName) -> Result<MailboxId, Error> {
        Ok(self.tree.selectable(name)?.id)
    }

    /// A mailbox, to be read or changed.
    pub(crate) fn mailbox(&mut self, id: MailboxId) -> Result<&mut Working, Failure> {
        if !self.slots.contains_key(&id) {
            return Err(Error::NonExistent("mailbox").into());
        }
        self.working.get_mut(&id).ok_or(Failure::Load(id))
    }

    /// Makes a mailbox under a name that is free or `\Noselect`.
    pub(crate) fn create(
        &mut self,
        name: MailboxName,
        special_use: Option<SpecialUse>,
    ) -> Result<MailboxId, Error> {
        let id = self.row.take_mailbox()?;
        let uid_validity = UidValidity(self.row.take_uid_validity(self.now)?);
        let entry = Entry { id, uid_validity, selectable: true, special_use };
        self.put_entry(name, entry);
        let head = crate::row::head::Head::new();
        let slot = Arc::new(Slot::new(id, head, &self.unread));
        Arc::make_mut(&mut self.slots).insert(id, Arc::clone(&slot));
        let working = Working {
            version: Version::new(id, uid_validity),
            slot,
            opened: None,
            fate: Fate::Changed,
            dirty: Dirty::new(),
            stored_keywords: 0,
        };
        self.working.insert(id, working);
        Ok(id)
    }

    /// Sets what a name stands for; the row of what it stood for goes.
    pub(crate) fn put_entry(&mut self, name: MailboxName, entry: Entry) {
        self.put(keys::mailbox(self.account, entry.id), mailbox::encode(&name, &entry));
        let new = entry.id;
        let old = Arc::make_mut(&mut self.tree).entries.insert(name, entry);
        if let Some(old) = old.filter(|old| old.id != new) {
            self.delete(keys::mailbox(self.account, old.id));
        }
    }

    /// Takes what a name stands for out of the tree, with its row.
    pub(crate) fn remove_entry(&mut self, name: &MailboxName) {
        if let Some(entry) = Arc::make_mut(&mut self.tree).entries.remove(name) {
            self.delete(keys::mailbox(self.account, entry.id));
        }
    }

    /// Deletes what is in a mailbox; its rows become garbage.
    pub(crate) fn remove_contents(&mut self, id: MailboxId) {
        let Some(slot) = Arc::make_mut(&mut self.slots).remove(&id) else { return };
        self.delete(keys::head(self.account, id));
        if let Some(working) = self.working.get_mut(&id) {
            working.fate = Fate::Deleted;
        }
        self.add_garbage(Garbage::Mailbox(id), slot, ModSeq(u64::MAX));
    }

    /// The number of a body, which is stored if it is new.
    pub(crate) fn place_body(&mut self, row: &PlacedBody) -> BodyNumber {
        let key = keys::index(self.account, &row.hash);
        let first = self.met.insert(row.hash);
        if let Some(number) = self.known.get(&row.hash).copied() {
            *self.extra.entry(number).or_default() += 1;
            if first {
                self.transaction.expect_equals(key, index::encode(number));
            }
            return number;
        }
        let number = self.row.take_body();
        self.known.insert(row.hash, number);
        self.transaction.expect_absent(key.clone());
        if let Some(object) = &row.object {
            self.transaction.expect_absent(keys::doomed(self.account, object));
        }
        self.put(key, index::encode(number));
        self.put(keys::body(self.account, number), row.row.clone());
        number
    }

    /// One more message refers to a body.
    pub(crate) fn refer(&mut self, body: BodyNumber) {
        *self.extra.entry(body).or_default() += 1;
    }

    pub(crate) fn put_digest(&mut self, mailbox: MailboxId, uid: Uid, row: Bytes) {
        self.put(keys::digest(self.account, mailbox, uid), row);
    }

    pub(crate) fn put_vanished(&mut self, mailbox: MailboxId, mod_seq: ModSeq, uids: &UidRanges) {
        for (part, row) in (0..).zip(vanished::rows(uids)) {
            self.put(keys::vanished(self.account, mailbox, mod_seq, part), row);
        }
    }

    /// Notes what is to be reclaimed once no view from before `mod_seq` is left.
    pub(crate) fn add_garbage(&mut self, garbage: Garbage, slot: Arc<Slot>, mod_seq: ModSeq) {
        let number = self.row.take_garbage();
        self.put(keys::garbage(self.account, number), garbage.encode());
        self.garbage.push((number, garbage, slot, mod_seq));
    }

    pub(crate) fn put(&mut self, key: Key, value: impl Into<Bytes>) {
        self.changed = true;
        self.transaction.put(key, value.into());
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.changed = true;
        self.transaction.delete(key);
    }

    /// The transaction that leads from `stored`, the account's row as it was read, to this state.
    /// Its first expectation is that row.
    pub(crate) fn transaction(&mut self, stored: &Bytes) -> Transaction {
        let mut transaction = std::mem::take(&mut self.transaction);
        let key = keys::account(self.account);
        let first = peregrine_kv::Expectation::Equals(key.clone(), stored.clone());
        transaction.expectations.insert(0, first);
        for (number, by) in std::mem::take(&mut self.extra) {
            let key = keys::extra(self.account, number);
            transaction.operations.push(Operation::Bump { key, by });
        }
        for working in self.working.values_mut() {
            working.write(self.account, &mut transaction);
        }
        self.row.revision += 1;
        self.row.mailboxes = u32::try_from(self.tree.entries.len()).ok();
        transaction.put(key, self.row.encode());
        transaction.topic(keys::topic(self.account));
        transaction
    }
}

/// A body that is ready to be stored.
#[derive(Clone, Debug)]
pub(crate) struct PlacedBody {
    /// BLAKE3 of the body, or the name of its object.
    pub hash: [u8; 32],
    /// Its row.
    pub row: Bytes,
    /// The object that holds it, which is stored already.
    pub object: Option<peregrine_kv::ObjectName>,
}

impl PlacedBody {
    pub(crate) fn new(row: &BodyRow) -> Self {
        let object = match &row.place {
            crate::row::body::Place::Inline(_) => None,
            crate::row::body::Place::Object { name, .. } => Some(*name),
        };
        Self { hash: row.hash, row: row.encode().into(), object }
    }
}

impl Working {
    /// The MODSEQ that the next change has.
    pub(crate) fn next_mod_seq(&self) -> Result<ModSeq, Error> {
        // RFC 7162 §7: 63 bits.
        match self.version.mod_seq.0 + 1 {
            next if next < 1 << 63 => Ok(ModSeq(next)),
            _ => Err(Error::Limit("the mailbox's MODSEQ is used up")),
        }
    }

    /// Whether so many messages more have UIDs (RFC 3501 §2.3.1.1) and room.
    pub(crate) fn check_room(&self, more: usize) -> Result<(), Error> {
        let left = u32::MAX - self.version.uid_next.0.get();
        let room = MAX_MESSAGES.saturating_sub(self.version.messages.len());
        if more as u64 > u64::from(left) {
            return Err(Error::Limit("the mailbox's UIDs are used up; make a new mailbox"));
        }
        if more as u64 > u64::from(room) {
            return Err(Error::Limit("the mailbox is full"));
        }
        Ok(())
    }

    /// Adds messages, which get the next UIDs; [`check_room`](Self::check_room) comes first.
    pub(crate) fn append(&mut self, mod_seq: ModSeq, messages: Vec<Message>) -> UidRanges {
        self.append_at(mod_seq, messages, &[])
    }

    /// As [`append`](Self::append), with these UIDs for the first messages; they ascend and are
    /// not below UIDNEXT.
    pub(crate) fn append_at(
        &mut self,
        mod_seq: ModSeq,
        messages: Vec<Message>,
        wanted: &[Uid],
    ) -> UidRanges {
        let mut uids = UidRanges::new();
        let mut next = self.version.uid_next;
        let numbered: Vec<Message> = messages
            .into_iter()
            .enumerate()
            .map(|(index, mut message)| {
                let uid = wanted.get(index).copied().unwrap_or(next);
                (message.uid, message.mod_seq) = (uid, mod_seq);
                uids.push(uid);
                next = Uid(uid.0.checked_add(1).unwrap_or(NonZeroU32::MAX));
                message
            })
            .collect();
        self.version.uid_next = next;
        self.version.messages.append(numbered, &mut self.dirty);
        self.changed(mod_seq);
        uids
    }

    /// Changes flags where `plan` says so.
    pub(crate) fn change(
        &mut self,
        uids: &UidRanges,
        mod_seq: ModSeq,
        plan: &impl Fn(&Message) -> Option<(crate::SystemFlags, crate::KeywordSet)>,
    ) -> UidRanges {
        let changed = self.version.messages.change(uids, mod_seq, plan, &mut self.dirty);
        if !changed.is_empty() {
            self.changed(mod_seq);
        }
        changed
    }

    /// Removes messages.
    pub(crate) fn remove(
        &mut self,
        uids: &UidRanges,
        mod_seq: ModSeq,
        which: &impl Fn(&Message) -> bool,
    ) -> Vec<Message> {
        let removed = self.version.messages.remove(uids, which, &mut self.dirty);
        if !removed.is_empty() {
            self.changed(mod_seq);
        }
        removed
    }

    /// Has another UIDVALIDITY from now on.
    pub(crate) fn adopt(&mut self, uid_validity: UidValidity, mod_seq: ModSeq) {
        self.version.uid_validity = uid_validity;
        self.changed(mod_seq);
    }

    /// Gives out no UID below `next` from now on.
    pub(crate) fn reserve(&mut self, next: Uid, mod_seq: ModSeq) {
        self.version.uid_next = self.version.uid_next.max(next);
        self.changed(mod_seq);
    }

    fn changed(&mut self, mod_seq: ModSeq) {
        self.version.mod_seq = mod_seq;
        self.fate = Fate::Changed;
    }

    /// The new version for all to see.
    pub(crate) fn view(&self) -> MailboxView {
        MailboxView::publish(self.version.clone(), &self.slot.readers)
    }

    fn write(&mut self, account: AccountId, transaction: &mut Transaction) {
        let id = self.version.mailbox;
        // A mailbox that was changed and then deleted keeps its rows until it is reclaimed: they
        // tell which bodies it refers to.
        for key in std::mem::take(&mut self.dirty) {
            match self.version.messages.chunk(key) {
                Some(found) => {
                    transaction.put(keys::chunk(account, id, key), chunk::encode(&found.messages));
                }
                None => {
                    transaction.delete(keys::chunk(account, id, key));
                }
            }
        }
        if self.fate != Fate::Changed {
            return;
        }
        if self.version.keywords.names().len() > self.stored_keywords {
            let row = keywords::encode(&self.version.keywords);
            transaction.put(keys::keywords(account, id), row);
        }
        let from = self.slot.head().recent_from;
        transaction.put(keys::head(account, id), self.version.head(from).encode());
    }
}
