//! What was derived from the messages: the same as if it were made now.

use super::account::Inspected;
use super::bodies::{Bodies, short};
use super::sweep::Sweep;
use super::{Loss, words};
use crate::row::garbage::Garbage;
use crate::{Error, MailboxId, digest, keys};
use peregrine_kv::Snapshot;
use peregrine_proto::Uid;
use peregrine_proto::number::Number;
use std::collections::HashSet;

impl Inspected {
    /// Reads every digest.
    pub(crate) async fn check_digests(
        &mut self,
        snapshot: &dyn Snapshot,
        bodies: &Bodies,
    ) -> Result<(), Error> {
        let waiting = self.waiting();
        let mut sweep = Sweep::new(snapshot, keys::every_digest(self.id));
        while let Some(page) = sweep.next().await? {
            for (key, row) in page {
                let uid = keys::uid_of(&key).and_then(Uid::new);
                let (Some(mailbox), Some(uid)) = (keys::mailbox_of(&key), uid) else { continue };
                let part = self.mailboxes.get(&mailbox);
                if part.is_some_and(|part| part.deleted) || waiting.contains(&(mailbox, uid)) {
                    continue;
                }
                let message = part.and_then(|part| {
                    part.messages.binary_search_by_key(&uid, |message| message.uid).ok()
                });
                let what = match (row, bodies.digests.get(&(mailbox, uid))) {
                    (Err(error), _) => format!("its digest: {}", words(&error.into())),
                    // Of a message that is gone, or whose body is.
                    (Ok(_), None) if message.is_none() => "a digest of no message".into(),
                    (Ok(_), None) => continue,
                    (Ok(row), Some(_)) if digest::is_old(&row) => continue,
                    (Ok(row), Some(made)) if short(&row) == *made => continue,
                    (Ok(_), Some(_)) => "its digest does not agree with its body".into(),
                };
                self.note(Loss::Nothing, Some(mailbox), Some(uid), what);
            }
        }
        if let Some(gap) = sweep.gap {
            self.note(Loss::Nothing, None, None, format!("digests are out of reach: {gap}"));
        }
        Ok(())
    }

    /// Messages that wait to be reclaimed, with their digests.
    fn waiting(&self) -> HashSet<(MailboxId, Uid)> {
        let mut waiting = HashSet::new();
        for (_, garbage) in &self.garbage {
            if let Garbage::Messages { mailbox, entries } = garbage {
                waiting.extend(entries.iter().map(|(uid, _)| (*mailbox, *uid)));
            }
        }
        waiting
    }
}
