//! One message as the mailbox has it: everything but its bytes and what is derived from them.

use crate::BodyNumber;
use crate::flag::{KeywordSet, SystemFlags};
use peregrine_proto::{DateTime, ModSeq, Uid};

/// A message of a mailbox. All but flags, keywords and MODSEQ stays as it is for good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its UID.
    pub uid: Uid,
    /// RFC822.SIZE: octets.
    pub size: u32,
    /// When it came into this mailbox: seconds since 1970, up to 2106.
    pub saved: u32,
    pub(crate) date_offset: i16,
    /// System flags.
    pub flags: SystemFlags,
    pub(crate) date_unix: i64,
    /// Keywords, by their number in the mailbox.
    pub keywords: KeywordSet,
    /// The mailbox's MODSEQ when it last changed.
    pub mod_seq: ModSeq,
    /// Its body; messages with equal bodies have the same.
    pub body: BodyNumber,
}

impl Message {
    /// When it came into this mailbox (RFC 8514).
    #[must_use]
    pub fn save_date(&self) -> DateTime {
        DateTime { unix: i64::from(self.saved), offset: 0 }
    }

    /// INTERNALDATE.
    #[must_use]
    pub fn date(&self) -> DateTime {
        DateTime { unix: self.date_unix, offset: self.date_offset }
    }
}

/// How many messages a mailbox has, and what STATUS tells of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// All.
    pub messages: u32,
    /// Without `\Seen`.
    pub unseen: u32,
    /// With `\Deleted`.
    pub deleted: u32,
    /// Octets of all bodies (RFC 8438 SIZE).
    pub octets: u64,
}

impl Counts {
    /// Counts one more.
    pub(crate) fn add(&mut self, message: &Message) {
        self.messages += 1;
        self.unseen += u32::from(!message.flags.intersects(SystemFlags::SEEN));
        self.deleted += u32::from(message.flags.intersects(SystemFlags::DELETED));
        self.octets += u64::from(message.size);
    }

    /// Adds other counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.messages += other.messages;
        self.unseen += other.unseen;
        self.deleted += other.deleted;
        self.octets += other.octets;
    }
}
