//! RENAME: a mailbox and all below it get another name. INBOX stays, and gives its messages away
//! (RFC 3501 §6.3.5).

use super::copy::{self, CopiedDigests, Verb};
use super::create::{create, create_parents};
use super::{Failure, Operation};
use crate::account::Batch;
use crate::limits::RENAME_DIGEST_OCTETS;
use crate::tree::new_name;
use crate::{Account, Entry, Error};
use peregrine_proto::MailboxName;
use peregrine_proto::number::UidRanges;
use std::sync::Arc;

/// Renames a mailbox.
pub(crate) struct Rename {
    pub from: MailboxName,
    pub to: MailboxName,
    /// Of INBOX's messages, if it is INBOX.
    pub digests: CopiedDigests,
}

/// Reads what INBOX needs, then has the writer do it.
pub(crate) async fn run(
    account: &Account,
    from: &MailboxName,
    to: &MailboxName,
) -> Result<(), Error> {
    let mut digests = CopiedDigests::new();
    if from.is_inbox() {
        let mailbox = account.open(from).await?;
        let view = mailbox.view();
        let all: UidRanges = view.messages(0..view.exists()).map(|message| message.uid).collect();
        digests = copy::digests(&mailbox, &view, &all, RENAME_DIGEST_OCTETS).await?;
    }
    account.run(Rename { from: from.clone(), to: to.clone(), digests }).await
}

impl Operation for Rename {
    type Answer = ();

    fn octets(&self) -> usize {
        self.digests.iter().map(|(_, row)| row.len()).sum()
    }

    fn apply(&self, batch: &mut Batch) -> Result<(), Failure> {
        let to = new_name(&self.to)?;
        let entry = batch.tree.get(&self.from).cloned().ok_or(Error::NonExistent("mailbox"))?;
        if batch.tree.get(&to).is_some() {
            return Err(Error::AlreadyExists("mailbox").into());
        }
        if self.from.is_inbox() {
            return self.give_away(batch, &entry, &to);
        }
        if to.is_below(&self.from) {
            return Err(Error::Cannot("a mailbox cannot be moved below itself").into());
        }
        let mut moves = vec![(self.from.clone(), to.clone(), entry)];
        for (name, entry) in batch.tree.below(&self.from) {
            let rest = &name.as_str()[self.from.as_str().len()..];
            let longer = MailboxName::new(&format!("{}{rest}", to.as_str()));
            let longer = longer.map_err(|_| Error::Limit("a name below it would be too long"))?;
            moves.push((name.clone(), new_name(&longer)?, entry.clone()));
        }
        create_parents(batch, &to, 0)?;
        for (old, _, _) in &moves {
            Arc::make_mut(&mut batch.tree).entries.remove(old);
        }
        for (_, new, entry) in moves {
            // The row of the mailbox keeps its key, so it is only written anew.
            batch.put_entry(new, entry);
        }
        Ok(())
    }
}

impl Rename {
    fn give_away(&self, batch: &mut Batch, inbox: &Entry, to: &MailboxName) -> Result<(), Failure> {
        let version = &batch.mailbox(inbox.id)?.version;
        let messages = version.messages.range(0..version.messages.len()).cloned().collect();
        let target = create(batch, to, None)?;
        copy::transfer(batch, inbox.id, target, messages, &self.digests, Verb::Move)?;
        Ok(())
    }
}
