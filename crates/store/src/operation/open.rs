//! Loading a mailbox: changes nothing, but only the writer knows when it is current.

use super::{Failure, Operation};
use crate::MailboxId;
use crate::account::Batch;

/// Has a mailbox loaded.
pub(crate) struct Open {
    pub mailbox: MailboxId,
}

impl Operation for Open {
    type Answer = ();

    fn apply(&self, batch: &mut Batch) -> Result<(), Failure> {
        batch.mailbox(self.mailbox)?;
        Ok(())
    }
}
