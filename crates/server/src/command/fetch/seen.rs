//! Messages that a FETCH of text marks as read.

use crate::host::{Run, Selected};
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{Flag, ModSeq};
use peregrine_store::{FlagChange, MailboxView, Message, SystemFlags};

/// Messages that this command has marked as read, or would have, had another session not done it.
pub(super) struct Seen {
    /// `None` if another session has done it for all of them.
    pub(super) mod_seq: Option<ModSeq>,
    marked: UidRanges,
    /// A version with the change.
    pub(super) newest: MailboxView,
}

impl Seen {
    /// Sets \Seen before anything is told of it, in one change that is durable when it is told.
    pub(super) async fn set(selected: &Selected, runs: &[Run]) -> Option<Self> {
        let told = selected.view.snapshot().0.mod_seq();
        // Another session may have cleared \Seen without this one having been told.
        let newest = selected.mailbox.view();
        let (mut unseen, mut marked) = (UidRanges::new(), UidRanges::new());
        for run in runs.iter().filter(|run| run.snapshot.0.mod_seq() == told) {
            for message in run.snapshot.0.messages(run.indexes.clone()) {
                let flags = if newest.mod_seq() == told {
                    Some(message.flags)
                } else {
                    newest
                        .index_of(message.uid)
                        .ok()
                        .and_then(|index| newest.message(index))
                        .map(|it| it.flags)
                };
                let Some(flags) = flags else { continue };
                if !flags.intersects(SystemFlags::SEEN) {
                    unseen.push(message.uid);
                }
                if !(flags & message.flags).intersects(SystemFlags::SEEN) {
                    marked.push(message.uid);
                }
            }
        }
        if marked.is_empty() {
            return None;
        }
        if unseen.is_empty() {
            return Some(Self { mod_seq: None, marked, newest });
        }
        let change = FlagChange {
            action: StoreAction::Add,
            flags: vec![Flag::Seen],
            unchanged_since: None,
            replaced_since: None,
        };
        match selected.mailbox.store_flags(&unseen, change).await {
            Ok(stored) => {
                Some(Self { mod_seq: stored.mod_seq, marked, newest: selected.mailbox.view() })
            }
            Err(error) => {
                // Mail can be read although nothing can be written, on a full disk for example.
                tracing::warn!(%error, "cannot mark messages as read");
                None
            }
        }
    }

    /// The message as it is now, if this command has to show it as read.
    pub(super) fn of(&self, message: &Message) -> Option<(&MailboxView, &Message)> {
        if !self.marked.contains(message.uid) {
            return None;
        }
        let index = self.newest.index_of(message.uid).ok()?;
        Some((&self.newest, self.newest.message(index)?))
    }
}
