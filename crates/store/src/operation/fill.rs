//! Storing digests that had to be made again, for instance after a copy of very many messages.

use super::{Failure, Operation};
use crate::MailboxId;
use crate::account::Batch;
use bytes::Bytes;
use peregrine_proto::Uid;

/// Stores digests of messages that are still there.
pub(crate) struct Fill {
    pub mailbox: MailboxId,
    pub digests: Vec<(Uid, Bytes)>,
}

impl Operation for Fill {
    type Answer = ();

    fn octets(&self) -> usize {
        self.digests.iter().map(|(_, row)| row.len()).sum()
    }

    fn apply(&self, batch: &mut Batch) -> Result<(), Failure> {
        for (uid, row) in &self.digests {
            // A message never comes back, so its digest must not either.
            if batch.mailbox(self.mailbox)?.version.messages.find(*uid).is_ok() {
                batch.put_digest(self.mailbox, *uid, row.clone());
            }
        }
        Ok(())
    }
}
