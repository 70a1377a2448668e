//! DELETE: what is in a mailbox goes; its name stays if others lie below it (RFC 3501 §6.3.4).

use super::{Failure, Operation};
use crate::account::Batch;
use crate::{Entry, Error, MailboxId};
use peregrine_proto::MailboxName;

/// Deletes a mailbox.
pub(crate) struct Delete {
    pub name: MailboxName,
}

impl Operation for Delete {
    type Answer = MailboxId;

    fn apply(&self, batch: &mut Batch) -> Result<MailboxId, Failure> {
        let name = &self.name;
        let entry = batch.tree.get(name).cloned().ok_or(Error::NonExistent("mailbox"))?;
        if name.is_inbox() {
            return Err(Error::Cannot("INBOX cannot be deleted").into());
        }
        if !batch.tree.has_children(name) {
            batch.remove_entry(name);
        } else if entry.selectable {
            let id = batch.row.take_mailbox()?;
            let uid_validity = entry.uid_validity;
            let hollow = Entry { id, uid_validity, selectable: false, special_use: None };
            batch.put_entry(name.clone(), hollow);
        } else {
            return Err(Error::HasChildren.into());
        }
        batch.remove_contents(entry.id);
        Ok(entry.id)
    }
}
