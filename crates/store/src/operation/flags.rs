//! STORE: flags of messages.

use super::{Failure, Operation};
use crate::MailboxId;
use crate::account::Batch;
use crate::flag::{KeywordSet, Keywords, SystemFlags};
use crate::mailbox::{FlagChange, Stored};
use crate::message::Message;
use crate::view::Version;
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{ModSeq, Uid};
use std::sync::Arc;

/// Changes flags.
pub(crate) struct StoreFlags {
    pub mailbox: MailboxId,
    pub uids: UidRanges,
    pub change: FlagChange,
}

impl Operation for StoreFlags {
    type Answer = Stored;

    fn apply(&self, batch: &mut Batch) -> Result<Stored, Failure> {
        let FlagChange { action, flags, unchanged_since, replaced_since } = &self.change;
        let working = batch.mailbox(self.mailbox)?;
        let mod_seq = working.next_mod_seq()?;
        let mut keywords = Arc::clone(&working.version.keywords);
        let (system, set) = match action {
            // A keyword that is not known is on no message.
            StoreAction::Remove => {
                let (system, set, _) = keywords.bits(flags);
                (system, set)
            }
            _ => Keywords::bits_of(&mut keywords, flags)?,
        };
        let fits = |message: &Message| unchanged_since.is_none_or(|since| message.mod_seq <= since);
        let modified = match unchanged_since {
            Some(_) => {
                let named = working.version.named(&self.uids);
                named.filter(|message| !fits(message)).map(|message| message.uid).collect()
            }
            None => UidRanges::new(),
        };
        let missing = working.version.count(&self.uids) < self.uids.count();
        let replaced = replaced_since.map(|since| newer(&working.version, &self.uids, since));
        let changed = working.change(&self.uids, mod_seq, &|message| {
            let new = apply(*action, message, system, &set);
            let differs = new.0 != message.flags || new.1 != message.keywords;
            (differs && fits(message)).then_some(new)
        });
        if changed.is_empty() {
            return Ok(Stored { modified, missing, ..Stored::default() });
        }
        working.version.keywords = keywords;
        batch.changed = true;
        let mut replaced = replaced.unwrap_or_default();
        replaced.retain(|(uid, _)| changed.contains(*uid));
        Ok(Stored { mod_seq: Some(mod_seq), changed, modified, missing, replaced })
    }
}

/// The messages named that have changed since, with their MODSEQ.
fn newer(version: &Version, uids: &UidRanges, since: ModSeq) -> Vec<(Uid, ModSeq)> {
    if version.messages.summary.mod_seq <= since {
        return Vec::new();
    }
    let newer = version.named(uids).filter(|message| message.mod_seq > since);
    newer.map(|message| (message.uid, message.mod_seq)).collect()
}

fn apply(
    action: StoreAction,
    message: &Message,
    system: SystemFlags,
    set: &KeywordSet,
) -> (SystemFlags, KeywordSet) {
    match action {
        StoreAction::Replace => (system, set.clone()),
        StoreAction::Add => (message.flags | system, message.keywords.union(set)),
        StoreAction::Remove => (message.flags & !system, message.keywords.without(set)),
    }
}
