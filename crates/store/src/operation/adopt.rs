//! A mailbox takes over the UIDVALIDITY of the one elsewhere that it is to be a copy of.

use super::{Failure, Operation};
use crate::Error;
use crate::account::Batch;
use peregrine_proto::{MailboxName, Uid, UidValidity};
use std::num::NonZeroU32;

/// Gives a mailbox another UIDVALIDITY.
pub(crate) struct Adopt {
    pub name: MailboxName,
    pub uid_validity: UidValidity,
}

impl Operation for Adopt {
    type Answer = ();

    fn apply(&self, batch: &mut Batch) -> Result<(), Failure> {
        let mut entry = batch.tree.selectable(&self.name)?.clone();
        let given = self.uid_validity;
        if entry.uid_validity == given {
            return Ok(());
        }
        if given.0.get() > batch.now.max(batch.row.uid_validity) {
            return Err(Error::Cannot("the UIDVALIDITY lies in the future").into());
        }
        let working = batch.mailbox(entry.id)?;
        // No UID was ever told, so none can come to mean another message.
        if working.version.uid_next.0 != NonZeroU32::MIN {
            return Err(Error::Cannot("the mailbox has held messages").into());
        }
        let mod_seq = working.next_mod_seq()?;
        working.adopt(given, mod_seq);
        batch.row.uid_validity = batch.row.uid_validity.max(given.0.get());
        entry.uid_validity = given;
        batch.put_entry(self.name.clone(), entry);
        Ok(())
    }
}

/// Raises UIDNEXT.
pub(crate) struct Reserve {
    pub name: MailboxName,
    pub next: Uid,
}

impl Operation for Reserve {
    type Answer = ();

    fn apply(&self, batch: &mut Batch) -> Result<(), Failure> {
        let id = batch.resolve(&self.name)?;
        let working = batch.mailbox(id)?;
        if working.version.uid_next < self.next {
            let mod_seq = working.next_mod_seq()?;
            working.reserve(self.next, mod_seq);
            batch.changed = true;
        }
        Ok(())
    }
}
