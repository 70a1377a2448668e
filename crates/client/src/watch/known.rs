//! What is known of a watched mailbox, and how it differs from what the server has.

use crate::mailbox::Mailbox;
use crate::message::Message;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{Flag, Uid, UidValidity};
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
    /// UIDs and flags of all messages were compared.
    Comparison,
}

/// UIDs, and a sum of each message's flags.
#[derive(Debug)]
pub(super) struct Known {
    validity: Option<UidValidity>,
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
        Self { validity: None, messages: BTreeMap::new(), sums: RandomState::new() }
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

    /// Takes what the server has for what is known, and tells the difference.
    pub(super) fn replace(
        &mut self,
        validity: Option<UidValidity>,
        messages: Vec<Message>,
    ) -> Difference {
        let renewed = validity.is_none() || validity != self.validity;
        let mut before = std::mem::take(&mut self.messages);
        self.validity = validity;
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

    /// \Recent is not the message's own (RFC 3501 §2.3.2), and the order means nothing.
    fn sum(&self, flags: &[Flag]) -> u64 {
        let own = flags.iter().filter(|flag| **flag != Flag::Recent);
        own.fold(0, |sum, flag| sum ^ self.sums.hash_one(flag))
    }
}
