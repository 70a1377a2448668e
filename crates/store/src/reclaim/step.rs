//! One step of reclaiming: some rows of garbage, in one commit.

use super::release::Release;
use super::{Reclaimed, Waiting};
use crate::account::Writer;
use crate::limits::RECLAIM_BODIES;
use crate::row::chunk;
use crate::row::garbage::Garbage;
use crate::{Error, MailboxId, keys, vanished};
use peregrine_kv::{CommitError, ObjectName, Range, Snapshot, Transaction};
use std::collections::BTreeSet;

/// Rows of messages that one step takes of a deleted mailbox.
const CHUNKS: usize = RECLAIM_BODIES / crate::limits::CHUNK_MESSAGES;

/// What one step does, while it is put together.
#[derive(Default)]
struct Step {
    transaction: Transaction,
    release: Release,
    /// Rows of garbage that are then done.
    done: Vec<u64>,
    messages: u64,
}

impl Writer {
    /// Gives back all that can be.
    pub(crate) async fn reclaim(&mut self) -> Result<Reclaimed, Error> {
        let mut reclaimed = Reclaimed::default();
        while self.reclaim_step(&mut reclaimed).await? {}
        reclaimed.held = !self.garbage.is_empty();
        Ok(reclaimed)
    }

    /// Gives back some of it; tells whether there is more that can be.
    pub(crate) async fn reclaim_step(&mut self, reclaimed: &mut Reclaimed) -> Result<bool, Error> {
        self.delete_doomed().await?;
        if !self.garbage.iter().any(Waiting::is_ready) {
            return Ok(false);
        }
        let Some(step) = self.prepare().await? else {
            self.reload().await?;
            return Ok(true);
        };
        let Step { mut transaction, release, done, messages } = step;
        let mut row = self.row;
        if release.apply(self.core.id, &mut transaction) {
            row.object_epoch += 1;
            self.doomed = true;
        }
        for number in &done {
            transaction.delete(keys::garbage(self.core.id, *number));
        }
        if self.commit_row(transaction, row).await? {
            for hash in &release.hashes {
                self.known.remove(hash);
            }
            reclaimed.messages += messages;
            reclaimed.bodies += release.bodies;
            self.forget_garbage(&done);
        }
        Ok(true)
    }

    /// Puts a step together; `None` if another process has changed the account.
    async fn prepare(&self) -> Result<Option<Step>, Error> {
        let snapshot = self.core.engine.snapshot().await?;
        let stored = snapshot.get(&keys::account(self.core.id)).await?;
        if stored.as_ref() != Some(&self.stored) {
            return Ok(None);
        }
        let mut step = Step::default();
        let mut shrunk = BTreeSet::new();
        for waiting in self.garbage.iter().filter(|waiting| waiting.is_ready()) {
            let key = keys::garbage(self.core.id, waiting.number);
            // Another process may have done it.
            match snapshot.get(&key).await?.map(|row| Garbage::decode(&row)).transpose()? {
                None => step.done.push(waiting.number),
                Some(Garbage::Messages { mailbox, entries }) => {
                    shrunk.insert(mailbox);
                    for (uid, body) in &entries {
                        step.transaction.delete(keys::digest(self.core.id, mailbox, *uid));
                        step.messages += 1;
                        step.release.add(*body);
                    }
                    step.done.push(waiting.number);
                }
                Some(Garbage::Mailbox(mailbox)) => {
                    if self.take_mailbox(&*snapshot, mailbox, &mut step).await? {
                        step.done.push(waiting.number);
                    }
                }
            }
            if step.release.len() >= RECLAIM_BODIES {
                break;
            }
        }
        for mailbox in shrunk {
            vanished::cut(&*snapshot, self.core.id, mailbox, &mut step.transaction).await?;
        }
        step.release.read(self.core.id, &*snapshot).await?;
        Ok(Some(step))
    }

    /// Takes some messages of a deleted mailbox; true when the rest of its rows goes too.
    async fn take_mailbox(
        &self,
        snapshot: &dyn Snapshot,
        mailbox: MailboxId,
        step: &mut Step,
    ) -> Result<bool, Error> {
        let id = self.core.id;
        let page = snapshot.scan(keys::chunks(id, mailbox), CHUNKS).await?;
        for (key, row) in page.rows {
            for message in chunk::decode(&row)? {
                step.messages += 1;
                step.release.add(message.body);
            }
            step.transaction.delete(key);
        }
        if page.more {
            return Ok(false);
        }
        for range in [keys::all_digests(id, mailbox), keys::all_vanished(id, mailbox)] {
            if let Range { start, end: Some(end), .. } = range {
                step.transaction.delete_range(start, end);
            }
        }
        step.transaction.delete(keys::keywords(id, mailbox));
        Ok(true)
    }

    /// Deletes objects that are marked, then their marks.
    async fn delete_doomed(&mut self) -> Result<(), Error> {
        while self.doomed {
            let snapshot = self.core.engine.snapshot().await?;
            let page = snapshot.scan(keys::all_doomed(self.core.id), RECLAIM_BODIES).await?;
            drop(snapshot);
            if page.rows.is_empty() {
                self.doomed = false;
                return Ok(());
            }
            let mut transaction = Transaction::new();
            for (key, _) in page.rows {
                let name: ObjectName =
                    keys::doomed_of(&key).ok_or_else(|| Error::corrupt("a mark of an object"))?;
                self.core.engine.objects().delete(&name).await?;
                transaction.delete(key);
            }
            let mut row = self.row;
            // Who stored such an object before the marks went must store it again.
            row.object_epoch += 1;
            self.commit_row(transaction, row).await?;
        }
        Ok(())
    }

    /// Commits beside the account's row; false if another process was quicker, which is then known.
    async fn commit_row(
        &mut self,
        mut transaction: Transaction,
        mut row: crate::row::account::AccountRow,
    ) -> Result<bool, Error> {
        let key = keys::account(self.core.id);
        row.revision += 1;
        transaction.expect_equals(key.clone(), self.stored.clone());
        transaction.put(key, row.encode());
        transaction.topic(keys::topic(self.core.id));
        match self.core.engine.commit(transaction).await {
            Ok(_) => {
                self.row = row;
                self.stored = row.encode().into();
                Ok(true)
            }
            Err(CommitError::Expectation(_)) => {
                self.reload().await?;
                Ok(false)
            }
            Err(CommitError::Failed(error)) => Err(error.into()),
        }
    }

    fn forget_garbage(&mut self, done: &[u64]) {
        let gone: Vec<Waiting> =
            self.garbage.extract_if(.., |waiting| done.contains(&waiting.number)).collect();
        for (slot, _) in gone.into_iter().filter_map(|waiting| waiting.seen) {
            let of_slot = |w: &Waiting| w.seen.as_ref().is_some_and(|(s, _)| s.id == slot.id);
            slot.readers.set_awaited(self.garbage.iter().any(of_slot));
        }
    }
}
