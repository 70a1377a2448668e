//! COPY and MOVE: messages get new UIDs in the target and keep their bodies.

use super::fill::Fill;
use super::{Failure, Operation, expunge};
use crate::account::Batch;
use crate::flag::Keywords;
use crate::limits::COPY_DIGEST_OCTETS;
use crate::mailbox::Copied;
use crate::message::Message;
use crate::{Error, Mailbox, MailboxId, MailboxView};
use bytes::Bytes;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{MailboxName, ModSeq, Uid};
use std::sync::Arc;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verb {
    Copy,
    Move,
}

/// Copies or moves messages.
pub(crate) struct Copy {
    pub source: MailboxId,
    pub uids: UidRanges,
    pub target: MailboxName,
    pub digests: CopiedDigests,
    pub verb: Verb,
}

/// Digests to be copied, ascending. Those that are missing are made again when they are read.
pub(crate) type CopiedDigests = Vec<(Uid, Bytes)>;

/// Reads the digests, then has the writer do it.
pub(crate) async fn run(
    mailbox: &Mailbox,
    view: &MailboxView,
    uids: &UidRanges,
    target: &MailboxName,
    verb: Verb,
) -> Result<Copied, Error> {
    // UIDs that are not in the view are passed over (RFC 3501 §6.4.8).
    let uids: UidRanges = view.version().named(uids).map(|message| message.uid).collect();
    let account = mailbox.account();
    account.tree().selectable(target)?;
    let digests = digests(mailbox, view, &uids, COPY_DIGEST_OCTETS).await?;
    let (source, last) = (mailbox.id(), digests.last().map(|(uid, _)| *uid));
    let operation = Copy { source, uids, target: target.clone(), digests, verb };
    let (copied, target) = account.run(operation).await?;
    if let Some(last) = last {
        fill(mailbox, view, &copied, target, last).await;
    }
    Ok(copied)
}

/// Copies the digests behind `last`, a slice at a time, so that other changes have their turn. The
/// copy itself is done and durable: what goes wrong here is made again when it is read.
async fn fill(
    mailbox: &Mailbox,
    view: &MailboxView,
    copied: &Copied,
    target: MailboxId,
    last: Uid,
) {
    let pairs = copied.source.iter().zip(copied.target.iter());
    let mut pairs = pairs.skip_while(|(old, _)| *old <= last).peekable();
    let Some((next, _)) = pairs.peek() else { return };
    let start = view.index_of(*next).unwrap_or_else(|place| place);
    let mut pages = mailbox.digests(view, start..view.exists());
    while pairs.peek().is_some()
        && let Ok(Some(page)) = pages.next_stored().await
    {
        let mut digests = Vec::with_capacity(page.len());
        for (uid, row) in page {
            while pairs.next_if(|(old, _)| *old < uid).is_some() {}
            if let Some((_, new)) = pairs.next_if(|(old, _)| *old == uid) {
                digests.push((new, row));
            }
        }
        if mailbox.account().run(Fill { mailbox: target, digests }).await.is_err() {
            return;
        }
    }
}

/// The stored digests of messages, until there are more than so many octets.
pub(crate) async fn digests(
    mailbox: &Mailbox,
    view: &MailboxView,
    uids: &UidRanges,
    most: usize,
) -> Result<CopiedDigests, Error> {
    let mut copied = CopiedDigests::new();
    let mut octets = 0;
    for (first, last) in uids.ranges() {
        let start = view.index_of(*first).unwrap_or_else(|place| place);
        let end = view.index_of(*last).map_or_else(|place| place, |index| index + 1);
        let mut digests = mailbox.digests(view, start..end);
        while let Some(page) = digests.next_stored().await? {
            octets += page.iter().map(|(_, row)| row.len()).sum::<usize>();
            copied.extend(page);
            if octets > most {
                return Ok(copied);
            }
        }
    }
    Ok(copied)
}

impl Operation for Copy {
    type Answer = (Copied, MailboxId);

    fn octets(&self) -> usize {
        self.digests.iter().map(|(_, row)| row.len()).sum()
    }

    fn apply(&self, batch: &mut Batch) -> Result<(Copied, MailboxId), Failure> {
        let target = batch.resolve(&self.target)?;
        let source = batch.mailbox(self.source)?;
        let messages: Vec<Message> = source.version.named(&self.uids).cloned().collect();
        // RFC 2180 §4.4.1: a copy of what is gone fails as a whole. What is gone cannot be moved,
        // but it is where its owner wanted it not to be: the others are moved.
        if self.verb == Verb::Copy && (messages.len() as u64) < self.uids.count() {
            return Err(Error::Expunged.into());
        }
        let copied = transfer(batch, self.source, target, messages, &self.digests, self.verb)?;
        Ok((copied, target))
    }
}

/// Gives messages of `source` to `target`, under their own names for keywords.
pub(crate) fn transfer(
    batch: &mut Batch,
    source: MailboxId,
    target: MailboxId,
    mut messages: Vec<Message>,
    digests: &CopiedDigests,
    verb: Verb,
) -> Result<Copied, Failure> {
    let now = batch.now;
    let names = Arc::clone(&batch.mailbox(source)?.version.keywords);
    let working = batch.mailbox(target)?;
    let uid_validity = working.version.uid_validity;
    let uids: UidRanges = messages.iter().map(|message| message.uid).collect();
    if messages.is_empty() {
        return Ok(Copied { uid_validity, source: uids, target: UidRanges::new(), mod_seq: None });
    }
    working.check_room(messages.len())?;
    let mod_seq = working.next_mod_seq()?;
    let mut keywords = Arc::clone(&working.version.keywords);
    for message in &mut messages {
        message.keywords = Keywords::translate(&mut keywords, &names, &message.keywords)?;
        message.saved = now;
    }
    // Both may be the same mailbox, whose second change follows the first.
    let gone = match source == target {
        true => ModSeq(mod_seq.0 + 1),
        false => batch.mailbox(source)?.next_mod_seq()?,
    };
    let working = batch.mailbox(target)?;
    working.version.keywords = keywords;
    let copied = working.append(mod_seq, messages.clone());
    let pairs: Vec<(Uid, Uid)> = uids.iter().zip(copied.iter()).collect();
    put_digests(batch, target, &pairs, digests);
    let mut answer = Copied { uid_validity, source: uids, target: copied, mod_seq: None };
    batch.changed = true;
    // What was moved is still seen in the source by who has not been told: so it is a copy there,
    // too, until it is reclaimed.
    messages.iter().for_each(|message| batch.refer(message.body));
    if verb == Verb::Move {
        let removed = batch.mailbox(source)?.remove(&answer.source, gone, &|_| true);
        expunge::note(batch, source, gone, &answer.source, &removed);
        answer.mod_seq = Some(gone);
    }
    Ok(answer)
}

/// Stores the digests of copied messages under their new UIDs.
fn put_digests(
    batch: &mut Batch,
    target: MailboxId,
    pairs: &[(Uid, Uid)],
    digests: &CopiedDigests,
) {
    let mut digests = digests.iter().peekable();
    for (old, new) in pairs {
        while digests.next_if(|(uid, _)| uid < old).is_some() {}
        if let Some((_, row)) = digests.next_if(|(uid, _)| uid == old) {
            batch.put_digest(target, *new, row.clone());
        }
    }
}
