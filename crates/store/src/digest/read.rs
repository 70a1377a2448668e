//! Reading digests in order of UID, a page at a time.

use super::{Digest, Stored};
use crate::limits::PAGE_ROWS;
use crate::operation::fill::Fill;
use crate::{Account, Error, MailboxView, body, keys};
use bytes::Bytes;
use peregrine_kv::{Key, Value};
use peregrine_proto::Uid;
use std::ops::Range;

/// Reads digests in order, a page at a time.
pub struct Digests {
    account: Account,
    view: MailboxView,
    indexes: Range<u32>,
}

/// Digests of messages with consecutive indexes.
#[derive(Clone, Debug)]
pub struct DigestPage {
    /// The index of the first one.
    pub first: u32,
    /// One for each message. Never empty.
    pub digests: Vec<Digest>,
}

impl Digests {
    pub(crate) fn new(account: &Account, view: &MailboxView, indexes: Range<u32>) -> Self {
        let end = indexes.end.min(view.exists());
        let indexes = indexes.start.min(end)..end;
        Self { account: account.clone(), view: view.clone(), indexes }
    }

    /// The next page; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Expunged`] if another process has removed a message, [`Error::Corrupt`].
    pub async fn next_page(&mut self) -> Result<Option<DigestPage>, Error> {
        let Some((rows, indexes)) = self.next_rows().await? else { return Ok(None) };
        let mut rows = rows.into_iter().peekable();
        let mut digests = Vec::with_capacity(indexes.len());
        let mut made = Vec::new();
        for (index, message) in (indexes.start..).zip(self.view.messages(indexes.clone())) {
            let stored = row_of(&mut rows, message.uid).map(Stored::read).transpose()?;
            let digest = match stored {
                Some(Stored::Digest(digest)) => digest,
                Some(Stored::TooLong) => self.make(index).await?,
                None | Some(Stored::Old) => {
                    let digest = self.make(index).await?;
                    made.push((message.uid, digest.row.clone()));
                    digest
                }
            };
            digests.push(digest);
        }
        if !made.is_empty() {
            made.retain(|(_, row)| row.len() <= peregrine_kv::MAX_VALUE);
            let mailbox = self.view.version().mailbox;
            self.account.offer(Fill { mailbox, digests: made });
        }
        Ok(Some(DigestPage { first: indexes.start, digests }))
    }

    /// The next rows that are stored, with their UIDs; those that are not are passed over.
    pub(crate) async fn next_stored(&mut self) -> Result<Option<Vec<(Uid, Bytes)>>, Error> {
        let Some((rows, indexes)) = self.next_rows().await? else { return Ok(None) };
        let mut rows = rows.into_iter().peekable();
        let uids = self.view.messages(indexes).map(|message| message.uid);
        Ok(Some(uids.filter_map(|uid| Some((uid, row_of(&mut rows, uid)?))).collect()))
    }

    /// A page of rows, and the indexes that it answers for: at least one.
    async fn next_rows(&mut self) -> Result<Option<(Vec<(Key, Value)>, Range<u32>)>, Error> {
        let start = self.indexes.start;
        let last = self.indexes.end.min(start.saturating_add(PAGE_ROWS as u32));
        let Some(first_uid) = self.view.uid_at(start).filter(|_| start < last) else {
            return Ok(None);
        };
        let last_uid = self.view.uid_at(last - 1).unwrap_or(first_uid);
        let core = self.account.core();
        let range = keys::digests(core.id, self.view.version().mailbox, first_uid, last_uid);
        let page = core.engine.snapshot().await?.scan(range, PAGE_ROWS).await?;
        // The page may end early, and it may hold messages that the view does not have.
        let mut end = last;
        if page.more {
            let reached = page.rows.last().and_then(|(key, _)| keys::uid_of(key)).unwrap_or(0);
            let behind = |uid: Uid| uid.0.get() <= reached;
            end = start
                + self.view.messages(start..last).take_while(|m| behind(m.uid)).count() as u32;
            // Rows of other messages only: what is asked for comes later.
            if end == start {
                let key = keys::digest(core.id, self.view.version().mailbox, first_uid);
                let row = core.engine.snapshot().await?.get(&key).await?;
                self.indexes.start += 1;
                return Ok(Some((
                    row.map(|row| (key, row)).into_iter().collect(),
                    start..start + 1,
                )));
            }
        }
        self.indexes.start = end;
        Ok(Some((page.rows, start..end)))
    }

    async fn make(&self, index: u32) -> Result<Digest, Error> {
        let message = body::one(&self.account, &self.view, index).await?.whole().await?;
        let digest = tokio::task::spawn_blocking(move || Digest::of(&message)).await;
        digest.map_err(|error| Error::bug(error.to_string()))?
    }
}

/// The row of a UID among those that are left, which are ascending; those before it are dropped.
fn row_of(
    rows: &mut std::iter::Peekable<impl Iterator<Item = (Key, Value)>>,
    uid: Uid,
) -> Option<Bytes> {
    let wanted = uid.0.get();
    while rows.next_if(|(key, _)| keys::uid_of(key).is_none_or(|found| found < wanted)).is_some() {}
    Some(rows.next_if(|(key, _)| keys::uid_of(key) == Some(wanted))?.1)
}
