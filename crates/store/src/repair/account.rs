//! An account as it is to be: what can be read of it, put together anew.

use crate::message::Counts;
use crate::row::account::AccountRow;
use crate::row::garbage::Garbage;
use crate::row::head::Head;
use crate::verify::account::{Inspected, Part};
use crate::verify::bodies::Bodies;
use crate::{AccountId, Entry, Error, MailboxId, Message, digest, keys};
use peregrine_kv::Snapshot;
use peregrine_proto::number::Number;
use peregrine_proto::{Keyword, MailboxName, ModSeq, Uid, UidValidity, write};
use std::collections::{BTreeMap, HashMap};

/// UIDs that a mailbox jumps over where its newest rows may be lost: clients may have seen them, and
/// a UID never comes to mean another message. More than one change of a mailbox gives out.
const UNSURE_UIDS: u32 = 100_000;
/// The same for MODSEQs.
const UNSURE_MOD_SEQS: u64 = 1_000_000;

/// What is written in the end.
pub(super) struct Rebuilt {
    pub id: AccountId,
    pub name: String,
    pub row: AccountRow,
    pub mailboxes: BTreeMap<MailboxId, Part>,
    pub garbage: Vec<(u64, Garbage)>,
    /// Mailboxes whose log of what vanished begins anew.
    pub changed: Vec<MailboxId>,
    /// Newer rows than those that are there may be lost.
    pub unsure: bool,
    /// Messages without octets.
    pub gone: Vec<(MailboxId, Message)>,
    pub done: Vec<String>,
}

impl Rebuilt {
    /// Where rows may be lost that nothing else tells of, `suspicious`, all logs of what vanished
    /// begin anew.
    pub(super) fn new(inspected: Inspected, bodies: &Bodies, suspicious: bool) -> Self {
        let row = inspected.row.unwrap_or_else(AccountRow::new);
        let mut rebuilt = Self {
            id: inspected.id,
            name: inspected.name,
            row,
            mailboxes: inspected.mailboxes,
            garbage: inspected.garbage,
            changed: Vec::new(),
            unsure: suspicious,
            gone: Vec::new(),
            done: Vec::new(),
        };
        let next = rebuilt.mailboxes.keys().next_back().map_or(1, |id| id.0 + 1);
        rebuilt.row.next_mailbox.0 = rebuilt.row.next_mailbox.0.max(next);
        let next = bodies.right.keys().chain(&bodies.wrong).map(|body| body.0 + 1).max();
        rebuilt.row.next_body.0 = rebuilt.row.next_body.0.max(next.unwrap_or(1));
        let next = rebuilt.garbage.iter().map(|(number, _)| number + 1).max();
        rebuilt.row.next_garbage = rebuilt.row.next_garbage.max(next.unwrap_or(1));
        let validities = rebuilt.mailboxes.values().filter_map(|part| part.entry.as_ref());
        let last = validities.map(|(_, entry)| entry.uid_validity.0.get()).max();
        rebuilt.row.uid_validity = rebuilt.row.uid_validity.max(last.unwrap_or(0));
        rebuilt.take_out(bodies, suspicious);
        rebuilt
    }

    /// Takes messages without octets out of their mailboxes, and those that stand twice.
    fn take_out(&mut self, bodies: &Bodies, suspicious: bool) {
        for (id, part) in self.mailboxes.iter_mut().filter(|(_, part)| !part.deleted) {
            part.messages.sort_by_key(|message| message.uid);
            part.messages.dedup_by_key(|message| message.uid);
            let before = part.messages.len();
            let mut kept = Vec::with_capacity(before);
            for mut message in part.messages.drain(..) {
                match bodies.right.get(&message.body) {
                    Some((_, length)) => {
                        message.size = u32::try_from(*length).unwrap_or(u32::MAX);
                        kept.push(message);
                    }
                    None => self.gone.push((*id, message)),
                }
            }
            part.messages = kept;
            let counted = part.head.is_some_and(|head| head.counts.messages as usize == before);
            if part.torn || part.messages.len() < before || !counted || suspicious {
                self.changed.push(*id);
            }
        }
    }

    /// Tells what is known of the messages that are lost.
    pub(super) async fn name_the_lost(
        &mut self,
        snapshot: &dyn Snapshot,
        lost: &mut Vec<String>,
    ) -> Result<(), Error> {
        for (mailbox, message) in &self.gone {
            let row = snapshot.get(&keys::digest(self.id, *mailbox, message.uid)).await?;
            let subject = row.and_then(digest::subject).unwrap_or_default();
            let mut date = Vec::new();
            write::date_time(&mut date, message.date());
            let date = String::from_utf8_lossy(&date);
            lost.push(format!(
                "{}: {}: UID {}: {} octets, received at {date}, subject \"{subject}\"",
                self.name,
                self.name_of(*mailbox),
                message.uid.0,
                message.size,
            ));
        }
        Ok(())
    }

    pub(super) fn name_of(&self, mailbox: MailboxId) -> String {
        let entry = self.mailboxes.get(&mailbox).and_then(|part| part.entry.as_ref());
        entry.map_or_else(|| format!("mailbox {}", mailbox.0), |(name, _)| name.as_str().to_owned())
    }

    /// Gives each mailbox a name, a UIDVALIDITY and counters that hold.
    pub(super) fn settle(&mut self) {
        let ids: Vec<MailboxId> = self.mailboxes.keys().copied().collect();
        for id in ids {
            let Some(mut part) = self.mailboxes.remove(&id) else { continue };
            let empty = part.messages.is_empty() && part.head.is_none();
            if part.deleted {
                self.mailboxes.insert(id, part);
                continue;
            }
            if part.entry.is_none() && empty {
                continue;
            }
            self.settle_name(id, &mut part);
            if part.entry.as_ref().is_some_and(|(_, entry)| entry.selectable) {
                self.settle_head(id, &mut part);
            } else {
                part.head = None;
            }
            self.mailboxes.insert(id, part);
        }
        if !self.mailboxes.values().any(|part| part.is_named(&MailboxName::INBOX)) {
            self.add(MailboxName::INBOX);
        }
        let named = self.mailboxes.values().filter(|part| part.entry.is_some()).count();
        self.row.mailboxes = u32::try_from(named).ok();
        self.row.revision += 1;
    }

    fn settle_name(&mut self, id: MailboxId, part: &mut Part) {
        if let Some((_, entry)) = &mut part.entry {
            entry.selectable |= !part.messages.is_empty();
            return;
        }
        let name = self.free_name(&format!("Recovered-{}", id.0));
        self.done.push(format!(
            "{}: {}: a mailbox that had lost its name",
            self.name,
            name.as_str()
        ));
        part.entry = Some((name, self.entry(id)));
        self.changed.push(id);
    }

    fn settle_head(&mut self, id: MailboxId, part: &mut Part) {
        let mut keywords = part.keywords.clone();
        let most = part.messages.iter().flat_map(|message| message.keywords.iter()).max();
        while most.is_some_and(|most| most >= keywords.names().len()) {
            let before = keywords.names().len();
            let word = Keyword::new(&format!("recovered-{before}"));
            let added = word.is_some_and(|word| keywords.add(&word).is_ok());
            if !added || keywords.names().len() == before {
                break;
            }
        }
        part.keywords = keywords;
        let last = part.messages.last().map_or(0, |message| message.uid.0.get());
        let above = Uid::new(last.saturating_add(1)).unwrap_or(Uid(std::num::NonZeroU32::MAX));
        let head = match part.head {
            Some(head) => head,
            None => {
                // Nobody knows which UIDs were given out.
                let validity = self.uid_validity();
                let name = self.name.clone();
                if let Some((mailbox, entry)) = &mut part.entry {
                    entry.uid_validity = validity;
                    let what = format!("{name}: {}: a new UIDVALIDITY", mailbox.as_str());
                    self.done.push(what);
                }
                Head { recent_from: above.0.get(), ..Head::new() }
            }
        };
        let newest = part.messages.iter().map(|message| message.mod_seq).max();
        let mut mod_seq = head.mod_seq.max(newest.unwrap_or(ModSeq(0)));
        if self.changed.contains(&id) {
            mod_seq.0 += 1;
        }
        let mut counts = Counts::default();
        part.messages.iter().for_each(|message| counts.add(message));
        let mut uid_next = head.uid_next.max(above);
        if self.unsure {
            mod_seq.0 += UNSURE_MOD_SEQS;
            let next = uid_next.0.get().saturating_add(UNSURE_UIDS);
            uid_next = Uid::new(next).unwrap_or(uid_next);
        }
        let recent_from = head.recent_from.min(uid_next.0.get());
        let recent = part.messages.iter().filter(|m| m.uid.0.get() >= recent_from).count() as u32;
        part.head = Some(Head { uid_next, mod_seq, counts, recent_from, recent });
    }

    /// A new mailbox.
    pub(super) fn add(&mut self, name: MailboxName) -> MailboxId {
        let id = self.row.next_mailbox;
        self.row.next_mailbox.0 += 1;
        let entry = self.entry(id);
        let part = Part { entry: Some((name, entry)), head: Some(Head::new()), ..Part::default() };
        self.mailboxes.insert(id, part);
        id
    }

    fn entry(&mut self, id: MailboxId) -> Entry {
        let uid_validity = self.uid_validity();
        Entry { id, uid_validity, selectable: true, special_use: None }
    }

    fn uid_validity(&mut self) -> UidValidity {
        let given = self.row.take_uid_validity(crate::account::now());
        UidValidity(given.unwrap_or(std::num::NonZeroU32::MAX))
    }

    /// A name that no mailbox has.
    pub(super) fn free_name(&self, wanted: &str) -> MailboxName {
        let taken = |name: &MailboxName| self.mailboxes.values().any(|part| part.is_named(name));
        let names = (1..).map(|number| match number {
            1 => wanted.to_owned(),
            number => format!("{wanted}-{number}"),
        });
        let mut names = names.filter_map(|name| MailboxName::new(&name).ok());
        names.find(|name| !taken(name)).unwrap_or(MailboxName::INBOX)
    }

    /// How often each body is referred to.
    pub(super) fn references(&self) -> HashMap<crate::BodyNumber, u64> {
        let mut references: HashMap<_, u64> = HashMap::new();
        for message in self.mailboxes.values().flat_map(|part| &part.messages) {
            *references.entry(message.body).or_default() += 1;
        }
        for (_, garbage) in &self.garbage {
            let Garbage::Messages { entries, .. } = garbage else { continue };
            for (_, body) in entries {
                *references.entry(*body).or_default() += 1;
            }
        }
        references
    }
}

impl Part {
    fn is_named(&self, name: &MailboxName) -> bool {
        self.entry.as_ref().is_some_and(|(known, _)| known == name)
    }
}
