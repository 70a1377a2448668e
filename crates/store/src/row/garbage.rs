//! The rows of what is to be reclaimed, written by the change that makes it garbage: after a crash
//! they tell what nobody can see any more.

use super::Reader;
use crate::limits::GARBAGE_ENTRIES;
use crate::message::Message;
use crate::{BodyNumber, Error, MailboxId};
use peregrine_proto::Uid;
use std::num::NonZeroU32;

const MESSAGES: u8 = 1;
const MAILBOX: u8 = 2;

/// What is to be reclaimed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Garbage {
    /// Messages that were expunged or moved: the digest of each, and a reference to its body.
    Messages {
        /// Where they were.
        mailbox: MailboxId,
        /// At most [`GARBAGE_ENTRIES`].
        entries: Vec<(Uid, BodyNumber)>,
    },
    /// A whole mailbox that was deleted: all its rows, and a reference of each message.
    Mailbox(MailboxId),
}

impl Garbage {
    /// Of expunged messages.
    pub(crate) fn of_messages(mailbox: MailboxId, messages: &[Message]) -> Vec<Self> {
        let entry = |message: &Message| (message.uid, message.body);
        let rows = messages.chunks(GARBAGE_ENTRIES);
        rows.map(|some| Self::Messages { mailbox, entries: some.iter().map(entry).collect() })
            .collect()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Messages { mailbox, entries } => {
                let mut row = Vec::with_capacity(5 + 12 * entries.len());
                row.push(MESSAGES);
                row.extend_from_slice(&mailbox.0.to_be_bytes());
                for (uid, body) in entries {
                    row.extend_from_slice(&uid.0.get().to_be_bytes());
                    row.extend_from_slice(&body.0.to_be_bytes());
                }
                row
            }
            Self::Mailbox(mailbox) => {
                let mut row = vec![MAILBOX];
                row.extend_from_slice(&mailbox.0.to_be_bytes());
                row
            }
        }
    }

    pub(crate) fn decode(row: &[u8]) -> Result<Self, Error> {
        if row.first() == Some(&MAILBOX) {
            let mut reader = Reader::new(row, MAILBOX, "garbage")?;
            let mailbox = MailboxId(reader.u32()?);
            reader.end()?;
            return Ok(Self::Mailbox(mailbox));
        }
        let mut reader = Reader::new(row, MESSAGES, "garbage")?;
        let mailbox = MailboxId(reader.u32()?);
        let mut entries = Vec::new();
        while !reader.is_at_end() {
            let uid = NonZeroU32::new(reader.u32()?).ok_or_else(|| reader.damaged("UID"))?;
            entries.push((Uid(uid), BodyNumber(reader.u64()?)));
        }
        Ok(Self::Messages { mailbox, entries })
    }
}
