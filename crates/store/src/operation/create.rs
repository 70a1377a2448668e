//! CREATE: a mailbox, and those above it that are missing.

use super::{Failure, Operation};
use crate::account::Batch;
use crate::tree::new_name;
use crate::{Error, MailboxId};
use peregrine_proto::MailboxName;
use peregrine_proto::response::list::SpecialUse;

/// Makes a mailbox.
pub(crate) struct Create {
    pub name: MailboxName,
    pub special_use: Option<SpecialUse>,
}

impl Operation for Create {
    type Answer = MailboxId;

    fn apply(&self, batch: &mut Batch) -> Result<MailboxId, Failure> {
        batch.tree.check_new(&self.name)?;
        let name = new_name(&self.name)?;
        // One mailbox for each use: programs take the first that they see (trap-7).
        let has_use = |wanted: SpecialUse| {
            let mut entries = batch.tree.entries();
            entries.any(|(_, entry)| entry.selectable && entry.special_use == Some(wanted))
        };
        if self.special_use.is_some_and(has_use) {
            return Err(Error::UseTaken.into());
        }
        Ok(create(batch, &name, self.special_use)?)
    }
}

/// Makes a mailbox of a name that is proper and free (or `\Noselect`), and those above it that are
/// missing. These can be selected too: a client may want to put messages there (RFC 3501 §6.3.3).
pub(crate) fn create(
    batch: &mut Batch,
    name: &MailboxName,
    special_use: Option<SpecialUse>,
) -> Result<MailboxId, Error> {
    create_parents(batch, name, 1)?;
    batch.create(name.clone(), special_use)
}

/// Makes the mailboxes above a name that are missing, if there is room for `more` beside them.
pub(crate) fn create_parents(
    batch: &mut Batch,
    name: &MailboxName,
    more: usize,
) -> Result<(), Error> {
    let above = std::iter::successors(name.parent(), MailboxName::parent);
    let missing: Vec<MailboxName> = above.filter(|name| batch.tree.get(name).is_none()).collect();
    batch.tree.check_room(missing.len() + more)?;
    for parent in missing.into_iter().rev() {
        batch.create(parent, None)?;
    }
    Ok(())
}
