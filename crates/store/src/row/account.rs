//! The account's own row: its counters. Every commit expects it as it was read and writes it anew,
//! so commits of several processes follow one another.

use super::Reader;
use crate::{BodyNumber, Error, MailboxId};
use std::num::NonZeroU32;

const VERSION: u8 = 2;
/// Without a count of mailboxes.
const OLD_VERSION: u8 = 1;

/// Counters of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AccountRow {
    /// How many commits the account has seen.
    pub revision: u64,
    /// The next new mailbox.
    pub next_mailbox: MailboxId,
    /// The next new body.
    pub next_body: BodyNumber,
    /// The next new row of garbage.
    pub next_garbage: u64,
    /// The last UIDVALIDITY that was given to a mailbox; 0 before the first.
    pub uid_validity: u32,
    /// Counts the times at which objects were marked for deletion, or deleted.
    pub object_epoch: u64,
    /// How many rows of mailboxes there are, so that one that is out of reach is missed; `None` in
    /// a row of an older program.
    pub mailboxes: Option<u32>,
}

impl AccountRow {
    /// An account with nothing in it.
    pub(crate) fn new() -> Self {
        Self {
            revision: 0,
            next_mailbox: MailboxId(1),
            next_body: BodyNumber(1),
            next_garbage: 1,
            uid_validity: 0,
            object_epoch: 0,
            mailboxes: Some(0),
        }
    }

    /// A UIDVALIDITY greater than any before, and not below the time in seconds, so that it grows
    /// even if the account is removed and made again (RFC 3501 §2.3.1.1).
    pub(crate) fn take_uid_validity(&mut self, now: u32) -> Result<NonZeroU32, Error> {
        let next = self.uid_validity.checked_add(1).map(|next| next.max(now));
        let next = next.and_then(NonZeroU32::new).ok_or(Error::Limit("UIDVALIDITY is used up"))?;
        self.uid_validity = next.get();
        Ok(next)
    }

    /// A mailbox id that was never used.
    pub(crate) fn take_mailbox(&mut self) -> Result<MailboxId, Error> {
        let id = self.next_mailbox;
        let next = id.0.checked_add(1).ok_or(Error::Limit("mailbox numbers are used up"))?;
        self.next_mailbox = MailboxId(next);
        Ok(id)
    }

    /// A body number that was never used.
    pub(crate) fn take_body(&mut self) -> BodyNumber {
        let number = self.next_body;
        self.next_body.0 += 1;
        number
    }

    /// A number for a row of garbage.
    pub(crate) fn take_garbage(&mut self) -> u64 {
        let number = self.next_garbage;
        self.next_garbage += 1;
        number
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = vec![if self.mailboxes.is_some() { VERSION } else { OLD_VERSION }];
        row.extend_from_slice(&self.revision.to_be_bytes());
        row.extend_from_slice(&self.next_mailbox.0.to_be_bytes());
        row.extend_from_slice(&self.next_body.0.to_be_bytes());
        row.extend_from_slice(&self.next_garbage.to_be_bytes());
        row.extend_from_slice(&self.uid_validity.to_be_bytes());
        row.extend_from_slice(&self.object_epoch.to_be_bytes());
        row.extend(self.mailboxes.iter().flat_map(|count| count.to_be_bytes()));
        row
    }

    pub(crate) fn decode(row: &[u8]) -> Result<Self, Error> {
        let old = row.first() == Some(&OLD_VERSION);
        let version = if old { OLD_VERSION } else { VERSION };
        let mut reader = Reader::new(row, version, "account row")?;
        let decoded = Self {
            revision: reader.u64()?,
            next_mailbox: MailboxId(reader.u32()?),
            next_body: BodyNumber(reader.u64()?),
            next_garbage: reader.u64()?,
            uid_validity: reader.u32()?,
            object_epoch: reader.u64()?,
            mailboxes: if old { None } else { Some(reader.u32()?) },
        };
        reader.end()?;
        Ok(decoded)
    }
}
