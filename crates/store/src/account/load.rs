//! Reads an account and its mailboxes from the engine.

use super::state::{Core, Slot, Slots, State};
use crate::limits::PAGE_ROWS;
use crate::row::account::AccountRow;
use crate::row::garbage::Garbage;
use crate::row::head::Head;
use crate::row::{chunk, keywords, mailbox};
use crate::view::{Chunk, Messages, Version};
use crate::{AccountId, Error, MailboxId, Tree, keys};
use bytes::Bytes;
use peregrine_kv::{Engine, Key, Range, Snapshot, Value};
use peregrine_proto::{MailboxName, UidValidity};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// An account as the engine has it.
pub(crate) struct Loaded {
    pub row: AccountRow,
    /// The row as it is stored: what the next commit expects.
    pub stored: Bytes,
    pub state: State,
    pub garbage: Vec<(u64, Garbage)>,
}

/// Reads all but the messages. Mailboxes that `known` has keep their slots.
pub(crate) async fn account(
    engine: &dyn Engine,
    id: AccountId,
    known: &Slots,
    unread: &Arc<Notify>,
) -> Result<Loaded, Error> {
    let snapshot = engine.snapshot().await?;
    let stored = snapshot.get(&keys::account(id)).await?.ok_or(Error::NonExistent("account"))?;
    let row = AccountRow::decode(&stored)?;
    let mut heads = BTreeMap::new();
    for (key, value) in rows(&*snapshot, keys::heads(id)).await? {
        heads.insert(id_of(&key)?, Head::decode(&value)?);
    }
    let mut tree = Tree::default();
    let mut slots = Slots::new();
    for (key, value) in rows(&*snapshot, keys::mailboxes(id)).await? {
        let (name, entry) = mailbox::decode(id_of(&key)?, &value)?;
        if entry.selectable {
            let head =
                heads.remove(&entry.id).ok_or_else(|| Error::corrupt("a head is missing"))?;
            slots.insert(entry.id, slot(known, entry.id, head, unread));
        }
        tree.entries.insert(name, entry);
    }
    // Rows that are out of reach, and say nothing of it.
    if !heads.is_empty() || row.mailboxes.is_some_and(|n| n as usize != tree.entries.len()) {
        return Err(Error::corrupt("mailboxes are missing"));
    }
    for (_, value) in rows(&*snapshot, keys::subscriptions(id)).await? {
        tree.subscriptions.insert(subscription(&value)?);
    }
    let mut garbage = Vec::new();
    for (key, value) in rows(&*snapshot, keys::all_garbage(id)).await? {
        let number = keys::garbage_of(&key).ok_or_else(|| Error::corrupt("a garbage key"))?;
        garbage.push((number, Garbage::decode(&value)?));
    }
    let state = State { tree: Arc::new(tree), slots: Arc::new(slots) };
    Ok(Loaded { row, stored, state, garbage })
}

/// Reads a mailbox's messages; `None` if the account has changed since its row was `stored`.
pub(crate) async fn mailbox(
    core: &Core,
    slot: &Slot,
    uid_validity: UidValidity,
    stored: &Bytes,
) -> Result<Option<Version>, Error> {
    let snapshot = core.engine.snapshot().await?;
    if snapshot.get(&keys::account(core.id)).await?.as_ref() != Some(stored) {
        return Ok(None);
    }
    let head = snapshot.get(&keys::head(core.id, slot.id)).await?;
    let head = Head::decode(&head.ok_or_else(|| Error::corrupt("a head is missing"))?)?;
    let keywords = match snapshot.get(&keys::keywords(core.id, slot.id)).await? {
        Some(row) => keywords::decode(&row)?,
        None => crate::Keywords::default(),
    };
    let mut chunks = Vec::new();
    for (key, value) in rows(&*snapshot, keys::chunks(core.id, slot.id)).await? {
        let key = keys::uid_of(&key).ok_or_else(|| Error::corrupt("a key of messages"))?;
        chunks.push(Chunk::stored(key, chunk::decode(&value)?));
    }
    let version = Version {
        mailbox: slot.id,
        uid_validity,
        uid_next: head.uid_next,
        mod_seq: head.mod_seq,
        keywords: Arc::new(keywords),
        messages: Messages::from_chunks(chunks),
    };
    let known = version.keywords.names().len();
    let nameless = |message: &crate::Message| message.keywords.iter().any(|n| n >= known);
    if version.messages.chunks().any(|chunk| chunk.messages.iter().any(nameless)) {
        return Err(Error::corrupt("a mailbox's keywords are missing"));
    }
    if version.messages.summary.counts != head.counts {
        return Err(Error::corrupt("a mailbox's counts differ from its messages"));
    }
    Ok(Some(version))
}

/// All rows of a range; for ranges that fit memory.
pub(crate) async fn rows(
    snapshot: &dyn Snapshot,
    mut range: Range,
) -> Result<Vec<(Key, Value)>, Error> {
    let mut rows = Vec::new();
    loop {
        let page = snapshot.scan(range.clone(), PAGE_ROWS).await?;
        let more = page.more;
        rows.extend(page.rows);
        match rows.last() {
            Some((last, _)) if more => range = range.after(last),
            _ => return Ok(rows),
        }
    }
}

/// The row of a subscription: a version byte, then the name.
pub(crate) fn subscription_row(name: &MailboxName) -> Vec<u8> {
    let mut row = vec![1];
    row.extend_from_slice(name.as_str().as_bytes());
    row
}

/// What [`subscription_row`] wrote.
pub(crate) fn subscription(row: &[u8]) -> Result<MailboxName, Error> {
    let text = row.strip_prefix(&[1]).and_then(|text| std::str::from_utf8(text).ok());
    let name = text.and_then(|text| MailboxName::new(text).ok());
    name.ok_or_else(|| Error::corrupt("a subscription"))
}

fn id_of(key: &[u8]) -> Result<MailboxId, Error> {
    keys::mailbox_of(key).ok_or_else(|| Error::corrupt("a mailbox's key"))
}

fn slot(known: &Slots, id: MailboxId, head: Head, unread: &Arc<Notify>) -> Arc<Slot> {
    let Some(slot) = known.get(&id) else { return Arc::new(Slot::new(id, head, unread)) };
    slot.renew(head);
    Arc::clone(slot)
}
