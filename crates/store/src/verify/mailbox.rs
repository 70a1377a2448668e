//! What must hold in one mailbox: order of UIDs, counts, MODSEQs, keywords, the log of what
//! vanished.

use super::Loss;
use super::account::{Inspected, Part};
use crate::message::Counts;
use crate::row::head::Head;
use crate::row::vanished;
use crate::{Error, MailboxId, keys};
use peregrine_kv::Snapshot;
use peregrine_proto::{ModSeq, Uid};

impl Inspected {
    /// Judges each mailbox by itself.
    pub(super) async fn judge_mailboxes(&mut self, snapshot: &dyn Snapshot) -> Result<(), Error> {
        let ids: Vec<MailboxId> = self.mailboxes.keys().copied().collect();
        for id in ids {
            let Some(part) = self.mailboxes.get(&id).filter(|part| !part.deleted) else { continue };
            let mut wrong = part.wrong();
            if let Some(head) = part.head {
                let log = self.log(snapshot, id, head).await?;
                wrong.extend(log);
            }
            for (loss, uid, what) in wrong {
                self.note(loss, Some(id), uid, what);
            }
        }
        Ok(())
    }

    /// What is wrong with the log of what vanished (RFC 7162 §3.2).
    async fn log(
        &mut self,
        snapshot: &dyn Snapshot,
        id: MailboxId,
        head: Head,
    ) -> Result<Vec<Wrong>, Error> {
        let range = keys::all_vanished(self.id, id);
        let rows = self.rows(snapshot, range, "the log of what vanished").await?;
        let part = self.mailboxes.get(&id);
        let mut wrong = Vec::new();
        for (key, row) in rows {
            let Some(mod_seq) = keys::mod_seq_of(&key) else { continue };
            let right = part.is_none_or(|part| part.log_holds(&key, &row, &head));
            if !right {
                let what = format!("the log of what vanished, at MODSEQ {}", mod_seq.0);
                wrong.push((Loss::Nothing, None, what));
            }
        }
        Ok(wrong)
    }
}

/// What is lost, which message, and what it is.
type Wrong = (Loss, Option<Uid>, String);

impl Part {
    /// Whether a row of the log of what vanished can be.
    pub(crate) fn log_holds(&self, key: &[u8], row: &[u8], head: &Head) -> bool {
        match keys::mod_seq_of(key) {
            None => false,
            Some(ModSeq(0)) => {
                vanished::decode_forgotten(row).is_ok_and(|up_to| up_to <= head.mod_seq)
            }
            Some(mod_seq) => vanished::decode(row).is_ok_and(|ranges| {
                mod_seq <= head.mod_seq
                    && ranges.iter().all(|(first, end)| first <= end && *end < head.uid_next)
                    && !self.has_any(&ranges)
            }),
        }
    }

    /// Whether it has a message of these UIDs.
    fn has_any(&self, ranges: &[(Uid, Uid)]) -> bool {
        ranges.iter().any(|(first, last)| {
            let place = self.messages.partition_point(|message| message.uid < *first);
            self.messages.get(place).is_some_and(|message| message.uid <= *last)
        })
    }

    /// What is wrong with what its rows say.
    fn wrong(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let Some((_, entry)) = &self.entry else {
            let what = "its name and UIDVALIDITY are missing".to_owned();
            return vec![(Loss::Settings, None, what)];
        };
        if !entry.selectable {
            if !self.messages.is_empty() || self.head.is_some() {
                wrong.push((Loss::Nothing, None, "a name without a mailbox has messages".into()));
            }
            return wrong;
        }
        let Some(head) = self.head else {
            let what = "its UIDNEXT, HIGHESTMODSEQ and counts are missing".to_owned();
            return vec![(Loss::Settings, None, what)];
        };
        let mut before: Option<Uid> = None;
        let mut counts = Counts::default();
        for message in &self.messages {
            let mut note = |loss, what: String| wrong.push((loss, Some(message.uid), what));
            if before.is_some_and(|before| before >= message.uid) {
                note(Loss::Nothing, "its UID is not above the one before".into());
            }
            before = Some(message.uid);
            if message.uid >= head.uid_next {
                note(Loss::Settings, format!("its UID is not below UIDNEXT {}", head.uid_next.0));
            }
            if message.mod_seq > head.mod_seq {
                let what = format!(
                    "its MODSEQ {} is above HIGHESTMODSEQ {}",
                    message.mod_seq.0, head.mod_seq.0
                );
                note(Loss::Settings, what);
            }
            if message.keywords.iter().any(|number| number >= self.keywords.names().len()) {
                note(Loss::Mail, "it has a keyword whose name is lost".into());
            }
            counts.add(message);
        }
        if counts != head.counts {
            let what = format!(
                "it has {} messages ({} unseen, {} deleted, {} octets) and counts {} ({}, {}, {})",
                counts.messages,
                counts.unseen,
                counts.deleted,
                counts.octets,
                head.counts.messages,
                head.counts.unseen,
                head.counts.deleted,
                head.counts.octets
            );
            let loss =
                if counts.messages < head.counts.messages { Loss::Mail } else { Loss::Nothing };
            wrong.push((loss, None, what));
        }
        if head.recent_from > head.uid_next.0.get() || head.recent > head.counts.messages {
            wrong.push((Loss::Nothing, None, "how many messages are recent".into()));
        }
        wrong
    }
}
