//! Writing an account that was put together anew. Nobody else uses the store, so that it need not be
//! one transaction.

use super::account::Rebuilt;
use crate::limits::CHUNK_MESSAGES;
use crate::row::{chunk, index, keywords, mailbox, vanished};
use crate::verify::bodies::{Bodies, short};
use crate::verify::sweep::Sweep;
use crate::{Error, digest, keys};
use bytes::Bytes;
use peregrine_kv::{Engine, Key, Range, Transaction};
use peregrine_proto::Uid;
use peregrine_proto::number::Number;
use std::sync::Arc;

/// Octets of one transaction, roughly.
const STEP: usize = 4 * 1024 * 1024;

/// Rows on their way.
struct Rows<'e> {
    engine: &'e Arc<dyn Engine>,
    transaction: Transaction,
    gathered: usize,
}

impl Rebuilt {
    pub(super) async fn write(
        &self,
        engine: &Arc<dyn Engine>,
        bodies: &Bodies,
    ) -> Result<(), Error> {
        let mut rows = Rows { engine, transaction: Transaction::new(), gathered: 0 };
        let id = self.id;
        for range in [
            keys::mailboxes(id),
            keys::heads(id),
            keys::all_keywords(id),
            keys::all_extra(id),
            keys::all_index(id),
        ] {
            rows.clear(range).await?;
        }
        self.write_mailboxes(&mut rows).await?;
        for (number, count) in self.references() {
            if count > 1 && bodies.right.contains_key(&number) {
                rows.put(keys::extra(id, number), (count - 1).to_be_bytes().to_vec()).await?;
            }
        }
        for (number, (hash, _)) in &bodies.right {
            rows.put(keys::index(id, hash), index::encode(*number)).await?;
        }
        for number in &bodies.wrong {
            rows.delete(keys::body(id, *number)).await?;
        }
        rows.put(keys::account(id), self.row.encode()).await?;
        self.clear_digests(&mut rows, bodies).await?;
        rows.flush().await
    }

    async fn write_mailboxes(&self, rows: &mut Rows<'_>) -> Result<(), Error> {
        let id = self.id;
        for (mailbox, part) in &self.mailboxes {
            if part.deleted {
                continue;
            }
            rows.clear(keys::chunks(id, *mailbox)).await?;
            if let Some((name, entry)) = &part.entry {
                rows.put(keys::mailbox(id, *mailbox), mailbox::encode(name, entry)).await?;
            }
            let Some(head) = part.head else { continue };
            if self.changed.contains(mailbox) {
                rows.clear(keys::all_vanished(id, *mailbox)).await?;
                let row = vanished::encode_forgotten(head.mod_seq);
                rows.put(keys::forgotten(id, *mailbox), row).await?;
            } else {
                self.write_log(rows, *mailbox).await?;
            }
            rows.put(keys::head(id, *mailbox), head.encode()).await?;
            if !part.keywords.names().is_empty() {
                let words = keywords::encode(&part.keywords);
                rows.put(keys::keywords(id, *mailbox), words).await?;
            }
            for some in part.messages.chunks(CHUNK_MESSAGES) {
                let first = some.first().map_or(0, |message| message.uid.0.get());
                rows.put(keys::chunk(id, *mailbox, first), chunk::encode(some)).await?;
            }
        }
        Ok(())
    }

    /// Where the log of what vanished has a row that cannot be, it begins anew.
    async fn write_log(&self, rows: &mut Rows<'_>, mailbox: crate::MailboxId) -> Result<(), Error> {
        let Some(part) = self.mailboxes.get(&mailbox) else { return Ok(()) };
        let Some(head) = part.head else { return Ok(()) };
        let snapshot = rows.engine.snapshot().await?;
        let range = keys::all_vanished(self.id, mailbox);
        let log = crate::account::rows(&*snapshot, range.clone()).await?;
        drop(snapshot);
        if log.iter().all(|(key, row)| part.log_holds(key, row, &head)) {
            return Ok(());
        }
        rows.clear(range).await?;
        rows.put(keys::forgotten(self.id, mailbox), vanished::encode_forgotten(head.mod_seq)).await
    }

    /// Takes away digests that are not those of the messages that are there; they are made again.
    async fn clear_digests(&self, rows: &mut Rows<'_>, bodies: &Bodies) -> Result<(), Error> {
        rows.flush().await?;
        let snapshot = rows.engine.snapshot().await?;
        let mut sweep = Sweep::new(&*snapshot, keys::every_digest(self.id));
        while let Some(page) = sweep.next().await? {
            for (key, row) in page {
                let uid = keys::uid_of(&key).and_then(Uid::new);
                let (Some(mailbox), Some(uid)) = (keys::mailbox_of(&key), uid) else { continue };
                let part = self.mailboxes.get(&mailbox);
                if part.is_some_and(|part| part.deleted) {
                    continue;
                }
                let there =
                    part.is_some_and(|p| p.messages.binary_search_by_key(&uid, |m| m.uid).is_ok());
                let made = bodies.digests.get(&(mailbox, uid));
                let right = row.is_ok_and(|row| {
                    digest::is_old(&row) || made.is_none_or(|made| *made == short(&row))
                });
                if !there || !right {
                    rows.delete(key).await?;
                }
            }
        }
        Ok(())
    }
}

impl Rows<'_> {
    async fn put(&mut self, key: Key, value: impl Into<Bytes>) -> Result<(), Error> {
        let value = value.into();
        self.gathered += 64 + value.len();
        self.transaction.put(key, value);
        self.step().await
    }

    async fn delete(&mut self, key: Key) -> Result<(), Error> {
        self.gathered += 64;
        self.transaction.delete(key);
        self.step().await
    }

    async fn clear(&mut self, range: Range) -> Result<(), Error> {
        if let Range { start, end: Some(end), .. } = range {
            self.gathered += 64;
            self.transaction.delete_range(start, end);
        }
        self.step().await
    }

    async fn step(&mut self) -> Result<(), Error> {
        if self.gathered >= STEP { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.gathered = 0;
        let transaction = std::mem::take(&mut self.transaction);
        if !transaction.is_empty() {
            self.engine.commit(transaction).await?;
        }
        Ok(())
    }
}
