//! REPLACE (RFC 8508): a message comes in and another goes, in one commit.

use super::append::{Answer, Append};
use super::{Failure, Operation, expunge};
use crate::account::Batch;
use crate::{Error, MailboxId};
use peregrine_proto::Uid;
use peregrine_proto::number::UidRanges;

/// Appends, and removes a message of the source.
pub(super) struct Replace {
    pub(super) append: Append,
    pub(super) source: MailboxId,
    pub(super) old: Uid,
}

impl Operation for Replace {
    type Answer = Answer;

    fn octets(&self) -> usize {
        self.append.octets()
    }

    fn apply(&self, batch: &mut Batch) -> Result<Answer, Failure> {
        // Before anything is changed: what is gone cannot be replaced.
        if batch.mailbox(self.source)?.version.messages.find(self.old).is_err() {
            return Err(Error::Expunged.into());
        }
        let target = batch.resolve(self.append.target())?;
        let appended = match self.append.apply(batch)? {
            Answer::Done(appended) => appended,
            stale => return Ok(stale),
        };
        // Both may be the same mailbox, whose second change follows the first.
        let mod_seq = match target == self.source {
            true => peregrine_proto::ModSeq(appended.mod_seq.0 + 1),
            false => batch.mailbox(self.source)?.next_mod_seq()?,
        };
        let uids: UidRanges = std::iter::once(self.old).collect();
        let removed = batch.mailbox(self.source)?.remove(&uids, mod_seq, &|_| true);
        expunge::note(batch, self.source, mod_seq, &uids, &removed);
        Ok(Answer::Done(appended))
    }
}
