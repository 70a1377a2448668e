//! The head of a mailbox: its counters and counts, all that STATUS needs.

use super::Reader;
use crate::Error;
use crate::message::Counts;
use peregrine_proto::{ModSeq, Uid};
use std::num::NonZeroU32;

const VERSION: u8 = 1;

/// Counters and counts of a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub uid_next: Uid,
    pub mod_seq: ModSeq,
    pub counts: Counts,
    /// UIDs from this one on are recent: no session has claimed them.
    pub recent_from: u32,
    /// How many messages are recent.
    pub recent: u32,
}

impl Head {
    /// Of a mailbox that is new.
    pub(crate) fn new() -> Self {
        Self {
            uid_next: Uid(NonZeroU32::MIN),
            mod_seq: ModSeq(1),
            counts: Counts::default(),
            recent_from: 1,
            recent: 0,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = vec![VERSION];
        row.extend_from_slice(&self.uid_next.0.get().to_be_bytes());
        row.extend_from_slice(&self.mod_seq.0.to_be_bytes());
        row.extend_from_slice(&self.counts.messages.to_be_bytes());
        row.extend_from_slice(&self.counts.unseen.to_be_bytes());
        row.extend_from_slice(&self.counts.deleted.to_be_bytes());
        row.extend_from_slice(&self.counts.octets.to_be_bytes());
        row.extend_from_slice(&self.recent_from.to_be_bytes());
        row.extend_from_slice(&self.recent.to_be_bytes());
        row
    }

    pub(crate) fn decode(row: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(row, VERSION, "mailbox head")?;
        let uid_next = NonZeroU32::new(reader.u32()?).ok_or_else(|| reader.damaged("UIDNEXT"))?;
        let head = Self {
            uid_next: Uid(uid_next),
            mod_seq: ModSeq(reader.u64()?),
            counts: Counts {
                messages: reader.u32()?,
                unseen: reader.u32()?,
                deleted: reader.u32()?,
                octets: reader.u64()?,
            },
            recent_from: reader.u32()?,
            recent: reader.u32()?,
        };
        reader.end()?;
        Ok(head)
    }
}
