//! What is known of a watched mailbox, and how it differs from what the server has.

use crate::mailbox::{Mailbox, MailboxStatus};
use crate::message::Message;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{Flag, ModSeq, Uid, UidValidity};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

/// All that happened while nothing could be heard.
#[derive(Clone, Debug)]
pub struct Resynchronized {
    /// To read messages; the one before is of no use any more.
    pub mailbox: Mailbox,
    /// How it was found out.
    pub by: Method,
    /// UIDVALIDITY changed, or there is none: all UIDs mean other messages now. `vanished` holds
    /// all that were known, and `arrived` all that are there.
    pub renewed: bool,
    /// Messages that are gone.
    pub vanished: UidRanges,
    /// Messages whose flags are others now.
    pub changed: Vec<Message>,
    /// New messages.
    pub arrived: Vec<Message>,
}

/// How it was found out what changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Method {
    /// QRESYNC: the server told what changed and what has vanished (RFC 7162 §3.2).
    QResync,
    /// CONDSTORE: the server told what changed (RFC 7162 §3.1), and all UIDs that are left.
    CondStore,
    /// UIDs and flags of all messages were compared.
    Comparison,
}

/// UIDs, and a sum of each message's flags.
#[derive(Debug)]
pub(super) struct Known {
    validity: Option<UidValidity>,
    /// All changes up to this one are known.
    mod_seq: Option<ModSeq>,
    messages: BTreeMap<Uid, u64>,
    sums: RandomState,
}

/// How two states differ.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) renewed: bool,
    pub(super) vanished: UidRanges,
    pub(super) changed: Vec<Message>,
    pub(super) arrived: Vec<Message>,
}

impl Known {
    /// Most messages that are watched: 16 octets each and what the tree needs.
    pub(super) const MAX: usize = 4 << 20;

    pub(super) fn new() -> Self {
        Self { validity: None, mod_seq: None, messages: BTreeMap::new(), sums: RandomState::new() }
    }

    /// From which change on what is known of the mailbox can be brought up to date, where that is
    /// possible: it is still the same, and the server counts changes.
    pub(super) fn since(&self, status: &MailboxStatus) -> Option<ModSeq> {
        let same = status.uid_validity.is_some() && status.uid_validity == self.validity;
        self.mod_seq.filter(|_| same && status.highest_mod_seq.is_some())
    }

    pub(super) fn count(&self) -> usize {
        self.messages.len()
    }

    /// The first UID that no known message has.
    pub(super) fn next(&self) -> Option<Uid> {
        let last = self.messages.last_key_value().map_or(0, |(uid, _)| uid.0.get());
        std::num::NonZeroU32::new(last.checked_add(1)?).map(Uid)
    }

    /// Notes a message's flags. `None` where it was not known; else whether they are others now.
    pub(super) fn note(&mut self, uid: Uid, flags: &[Flag]) -> Option<bool> {
        let sum = self.sum(flags);
        self.messages.get_mut(&uid).map(|known| std::mem::replace(known, sum) != sum)
    }

    /// Notes a message; false where it was known.
    pub(super) fn add(&mut self, uid: Uid, flags: &[Flag]) -> bool {
        let sum = self.sum(flags);
        self.messages.len() < Self::MAX && self.messages.insert(uid, sum).is_none()
    }

    pub(super) fn remove(&mut self, uid: Uid) -> bool {
        self.messages.remove(&uid).is_some()
    }

    /// Forgets those of these that are known, and names them.
    pub(super) fn remove_all(&mut self, gone: &UidRanges, mut each: impl FnMut(Uid)) {
        for (first, last) in gone.ranges() {
            let known: Vec<Uid> =
                self.messages.range(*first..=*last).map(|(uid, _)| *uid).collect();
            for uid in known {
                self.messages.remove(&uid);
                each(uid);
            }
        }
    }

    /// Takes what the server has for what is known, and tells the difference.
    pub(super) fn replace(&mut self, status: &MailboxStatus, messages: Vec<Message>) -> Difference {
        let validity = status.uid_validity;
        let renewed = validity.is_none() || validity != self.validity;
        let mut before = std::mem::take(&mut self.messages);
        self.validity = validity;
        self.mod_seq = status.highest_mod_seq;
        let mut difference = Difference { renewed, ..Difference::default() };
        if renewed {
            difference.vanished = before.keys().copied().collect();
            before.clear();
        }
        for message in messages {
            let (Some(uid), Some(flags)) = (message.uid, &message.flags) else { continue };
            let sum = self.sum(flags);
            self.messages.insert(uid, sum);
            match before.remove(&uid) {
                None => difference.arrived.push(message),
                Some(known) if known != sum => difference.changed.push(message),
                Some(_) => {}
            }
        }
        if !renewed {
            difference.vanished = before.into_keys().collect();
        }
        difference
    }

    /// Takes what changed and what is gone since [`Known::since`].
    pub(super) fn update(
        &mut self,
        status: &MailboxStatus,
        changed: Vec<Message>,
        is_gone: impl Fn(Uid) -> bool,
    ) -> Difference {
        self.mod_seq = status.highest_mod_seq;
        let gone: Vec<Uid> = self.messages.keys().copied().filter(|uid| is_gone(*uid)).collect();
        self.messages.retain(|uid, _| !is_gone(*uid));
        let mut difference =
            Difference { vanished: gone.into_iter().collect(), ..Difference::default() };
        for message in changed {
            let (Some(uid), Some(flags)) = (message.uid, &message.flags) else { continue };
            match self.note(uid, flags) {
                Some(true) => difference.changed.push(message),
                Some(false) => {}
                None if self.add(uid, flags) => difference.arrived.push(message),
                None => {}
            }
        }
        difference
    }

    /// \Recent is not the message's own (RFC 3501 §2.3.2), and the order means nothing.
    fn sum(&self, flags: &[Flag]) -> u64 {
        let own = flags.iter().filter(|flag| **flag != Flag::Recent);
        own.fold(0, |sum, flag| sum ^ self.sums.hash_one(flag))
    }
}
