//! Immutable versions of a mailbox: what sessions look at.

mod chunk;
mod difference;
mod sequence;

pub(crate) use chunk::Chunk;
pub use difference::Difference;
pub(crate) use sequence::{Dirty, Messages};

use crate::MailboxId;
use crate::flag::{self, Keywords, SystemFlags};
use crate::message::{Counts, Message};
use crate::reclaim::Readers;
use crate::row::head::Head;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{ModSeq, Uid, UidValidity};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// All that a mailbox is at one moment, as a value.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub mailbox: MailboxId,
    pub uid_validity: UidValidity,
    pub uid_next: Uid,
    pub mod_seq: ModSeq,
    pub keywords: Arc<Keywords>,
    pub messages: Messages,
}

impl Version {
    /// A mailbox that is new.
    pub(crate) fn new(mailbox: MailboxId, uid_validity: UidValidity) -> Self {
        Self {
            mailbox,
            uid_validity,
            uid_next: Uid(std::num::NonZeroU32::MIN),
            mod_seq: ModSeq(1),
            keywords: Arc::default(),
            messages: Messages::default(),
        }
    }

    /// How many messages have UIDs from `from` on.
    pub(crate) fn recent(&self, from: u32) -> u32 {
        let from = Uid(std::num::NonZeroU32::new(from).unwrap_or(std::num::NonZeroU32::MIN));
        self.messages.len() - self.messages.find(from).unwrap_or_else(|place| place)
    }

    /// The UIDs of its messages from `from` on.
    pub(crate) fn uids_from(&self, from: u32) -> UidRanges {
        let start = self.messages.len() - self.recent(from);
        self.messages.range(start..self.messages.len()).map(|message| message.uid).collect()
    }

    /// The messages in `uids`, ascending; UIDs that are not there are passed over.
    pub(crate) fn named(&self, uids: &UidRanges) -> impl Iterator<Item = &Message> {
        uids.ranges().iter().flat_map(|(first, last)| {
            let start = self.messages.find(*first).unwrap_or_else(|place| place);
            let end = self.messages.find(*last).map_or_else(|place| place, |index| index + 1);
            self.messages.range(start..end)
        })
    }

    /// How many messages are in `uids`.
    pub(crate) fn count(&self, uids: &UidRanges) -> u64 {
        let ranges = uids.ranges().iter().map(|(first, last)| {
            let start = self.messages.find(*first).unwrap_or_else(|place| place);
            let end = self.messages.find(*last).map_or_else(|place| place, |index| index + 1);
            u64::from(end - start)
        });
        ranges.sum()
    }

    /// Its head, where UIDs from `recent_from` on are recent.
    pub(crate) fn head(&self, recent_from: u32) -> Head {
        Head {
            uid_next: self.uid_next,
            mod_seq: self.mod_seq,
            counts: self.messages.summary.counts,
            recent_from,
            recent: self.recent(recent_from),
        }
    }
}

/// An immutable version of a mailbox, shared by all who look at it; cloning it is cheap.
///
/// While one lives, the bodies and digests of its messages can be read, also of those that were
/// expunged meanwhile.
#[derive(Clone)]
pub struct MailboxView(Arc<Published>);

struct Published {
    version: Version,
    readers: Arc<Readers>,
}

impl Drop for Published {
    fn drop(&mut self) {
        self.readers.leave(self.version.mod_seq);
    }
}

impl MailboxView {
    pub(crate) fn publish(version: Version, readers: &Arc<Readers>) -> Self {
        readers.enter(version.mod_seq);
        Self(Arc::new(Published { version, readers: Arc::clone(readers) }))
    }

    pub(crate) fn version(&self) -> &Version {
        &self.0.version
    }

    /// How many messages there are.
    #[must_use]
    pub fn exists(&self) -> u32 {
        self.version().messages.len()
    }

    /// The UID of the message of this index, counted from 0.
    #[must_use]
    pub fn uid_at(&self, index: u32) -> Option<Uid> {
        Some(self.version().messages.get(index)?.uid)
    }

    /// The index of a UID.
    ///
    /// # Errors
    /// Where it would stand, if there is no such message.
    pub fn index_of(&self, uid: Uid) -> Result<u32, u32> {
        self.version().messages.find(uid)
    }

    /// The message of this index, counted from 0.
    #[must_use]
    pub fn message(&self, index: u32) -> Option<&Message> {
        self.version().messages.get(index)
    }

    /// The messages of these indexes; quicker than one by one. What lies beyond the end is passed
    /// over.
    pub fn messages(&self, indexes: Range<u32>) -> impl Iterator<Item = &Message> {
        self.version().messages.range(indexes)
    }

    /// The greatest UID.
    #[must_use]
    pub fn largest_uid(&self) -> Option<Uid> {
        self.uid_at(self.exists().checked_sub(1)?)
    }

    /// HIGHESTMODSEQ. Two versions of a mailbox with the same one are the same.
    #[must_use]
    pub fn mod_seq(&self) -> ModSeq {
        self.version().mod_seq
    }

    /// UIDNEXT.
    #[must_use]
    pub fn uid_next(&self) -> Uid {
        self.version().uid_next
    }

    /// UIDVALIDITY.
    #[must_use]
    pub fn uid_validity(&self) -> UidValidity {
        self.version().uid_validity
    }

    /// What STATUS counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.version().messages.summary.counts
    }

    /// The index of the first message without `\Seen` (SELECT's UNSEEN).
    #[must_use]
    pub fn first_unseen(&self) -> Option<u32> {
        let unseen = |message: &Message| !message.flags.intersects(SystemFlags::SEEN);
        let chunks = self.version().messages.chunks();
        let chunk = chunks.into_iter().find(|chunk| chunk.summary.counts.unseen > 0)?;
        let message = chunk.messages.iter().find(|message| unseen(message))?;
        self.index_of(message.uid).ok()
    }

    /// The mailbox's keywords.
    #[must_use]
    pub fn keywords(&self) -> &Keywords {
        &self.version().keywords
    }

    /// What happened since `older`, a version of the same mailbox. Takes time for what changed,
    /// hardly any for what did not.
    #[must_use]
    pub fn difference(&self, older: &Self) -> Difference {
        if self.version().mod_seq == older.version().mod_seq {
            return Difference::default();
        }
        let keywords =
            self.version().keywords.names().len() > older.version().keywords.names().len();
        Difference {
            keywords,
            ..difference::difference(&self.version().messages, &older.version().messages)
        }
    }

    /// Messages with a MODSEQ above `since` (CHANGEDSINCE), with their indexes. Takes hardly any
    /// time for chunks of messages that did not change.
    pub fn changed_since(&self, since: ModSeq) -> impl Iterator<Item = (u32, &Message)> {
        let mut before = 0;
        let chunks = self.version().messages.chunks().filter_map(move |chunk| {
            let start = before;
            before += chunk.summary.counts.messages;
            (chunk.summary.mod_seq > since).then(|| (start..).zip(&chunk.messages))
        });
        chunks.flatten().filter(move |(_, message)| message.mod_seq > since)
    }

    /// Appends a message's flags as FETCH tells them: `(\Seen $Forwarded)`.
    pub fn write_flags(&self, message: &Message, recent: bool, out: &mut Vec<u8>) {
        flag::write_flags(message.flags, &message.keywords, &self.version().keywords, recent, out);
    }

    /// Appends the flags of the mailbox as FLAGS tells them: the system flags and all keywords.
    pub fn write_flag_names(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"(\\Answered \\Flagged \\Deleted \\Seen \\Draft");
        for keyword in self.version().keywords.names() {
            out.push(b' ');
            out.extend_from_slice(keyword.as_str().as_bytes());
        }
        out.push(b')');
    }
}

impl fmt::Debug for MailboxView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxView")
            .field("mailbox", &self.version().mailbox)
            .field("mod_seq", &self.version().mod_seq)
            .field("exists", &self.exists())
            .finish_non_exhaustive()
    }
}
