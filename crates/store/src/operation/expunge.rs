//! EXPUNGE and UID EXPUNGE: messages with `\Deleted` go.

use super::{Failure, Operation};
use crate::MailboxId;
use crate::account::Batch;
use crate::flag::SystemFlags;
use crate::mailbox::Expunged;
use crate::message::Message;
use crate::row::garbage::Garbage;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{ModSeq, Uid};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Removes messages with `\Deleted`.
pub(crate) struct Expunge {
    pub mailbox: MailboxId,
    /// Only these (RFC 4315 §2.1); all where nothing is named.
    pub uids: Option<UidRanges>,
}

impl Operation for Expunge {
    type Answer = Expunged;

    fn apply(&self, batch: &mut Batch) -> Result<Expunged, Failure> {
        let working = batch.mailbox(self.mailbox)?;
        let all = || UidRanges::from_unordered(vec![(Uid(NonZeroU32::MIN), Uid(NonZeroU32::MAX))]);
        let uids = self.uids.clone().unwrap_or_else(all);
        let mod_seq = working.next_mod_seq()?;
        let deleted = |message: &Message| message.flags.intersects(SystemFlags::DELETED);
        let removed = working.remove(&uids, mod_seq, &deleted);
        if removed.is_empty() {
            return Ok(Expunged::default());
        }
        let uids = removed.iter().map(|message| message.uid).collect();
        note(batch, self.mailbox, mod_seq, &uids, &removed);
        Ok(Expunged { uids, mod_seq: Some(mod_seq) })
    }
}

/// Notes that messages vanished from a mailbox, and that their data is to be reclaimed.
pub(crate) fn note(
    batch: &mut Batch,
    mailbox: MailboxId,
    mod_seq: ModSeq,
    uids: &UidRanges,
    removed: &[Message],
) {
    batch.put_vanished(mailbox, mod_seq, uids);
    let Some(slot) = batch.slots.get(&mailbox).map(Arc::clone) else { return };
    for garbage in Garbage::of_messages(mailbox, removed) {
        batch.add_garbage(garbage, Arc::clone(&slot), mod_seq);
    }
}
