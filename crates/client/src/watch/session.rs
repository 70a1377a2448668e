//! One connection after another.

use super::known::{Difference, Known, Method, Resynchronized};
use super::{BackOff, Change};
use crate::client::Client;
use crate::command::{Items, Query};
use crate::error::{Error, Result};
use crate::mailbox::Mailbox;
use crate::message::Message;
use crate::update::{Update, Updates};
use peregrine_proto::number::{Bound, NumberSet, UidRanges};
use peregrine_proto::{Code, MailboxName, Uid, UidSet};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::mpsc;

pub(super) struct Watching {
    mailbox: MailboxName,
    back_off: BackOff,
    changes: mpsc::Sender<Change>,
    known: Option<Known>,
    /// Whether the connection has told all that there was to tell.
    synchronized: bool,
}

impl Watching {
    pub(super) fn new(
        mailbox: MailboxName,
        back_off: BackOff,
        changes: mpsc::Sender<Change>,
    ) -> Self {
        Self { mailbox, back_off, changes, known: None, synchronized: false }
    }

    /// Connects again and again, until it makes no sense any more.
    pub(super) async fn run<F>(mut self, dial: impl Fn() -> F)
    where
        F: Future<Output = Result<Client>>,
    {
        let mut pause = self.back_off.first;
        loop {
            let error = match dial().await {
                Ok(client) => self.connected(client).await,
                Err(error) => error,
            };
            if !may_pass(&error) {
                return self.tell(Change::Ended(error)).await;
            }
            if std::mem::take(&mut self.synchronized) {
                pause = self.back_off.first;
            }
            // A server that says how long knows best.
            let again_in = error.retry_after().unwrap_or_default().max(pause);
            self.tell(Change::Lost { error, again_in }).await;
            tokio::time::sleep(again_in).await;
            pause = (pause * 2).min(self.back_off.longest);
        }
    }

    /// Watches over one connection; gives the error that ended it.
    async fn connected(&mut self, client: Client) -> Error {
        if let Err(error) = prepare(&client).await {
            return error;
        }
        // From here on, so that nothing falls between the comparison and the first update.
        let mut updates = client.updates();
        let mailbox = match client.examine(&self.mailbox).await {
            Ok(mailbox) => mailbox,
            Err(error) => return error,
        };
        if let Err(error) = self.catch_up(&mailbox).await {
            return error;
        }
        self.synchronized = true;
        let _idle = client.idle();
        loop {
            if let Err(error) = self.follow(&mailbox, &mut updates).await {
                return error;
            }
        }
    }

    /// One update.
    async fn follow(&mut self, mailbox: &Mailbox, updates: &mut Updates) -> Result<()> {
        let Some(known) = &mut self.known else { return self.compare(mailbox).await };
        match updates.next().await {
            None => Err(mailbox.client().gone("IDLE")),
            Some(Update::Lost(cause)) => {
                Err(Error::Lost { command: "IDLE", sent: false, cause: Arc::clone(&cause) })
            }
            Some(Update::Deselected) => Err(Error::MailboxChanged { command: "IDLE" }),
            Some(Update::Resynchronize { .. }) => self.compare(mailbox).await,
            Some(Update::Alert(text)) => {
                self.tell(Change::Alert(text)).await;
                Ok(())
            }
            Some(Update::Exists(count)) if count as usize > known.count() => {
                self.arrived(mailbox).await
            }
            Some(Update::Expunged { uid: Some(uid), .. }) => {
                if known.remove(uid) {
                    self.tell(Change::Expunged(uid)).await;
                }
                Ok(())
            }
            Some(Update::Vanished(gone)) => {
                let mut told = Vec::new();
                known.remove_all(&gone, |uid| told.push(uid));
                for uid in told {
                    self.tell(Change::Expunged(uid)).await;
                }
                Ok(())
            }
            // Which one, nobody knows.
            Some(Update::Expunged { uid: None, .. }) => self.compare(mailbox).await,
            Some(Update::Message(message)) => {
                if let (Some(uid), Some(flags)) = (message.uid, &message.flags)
                    && known.note(uid, flags) == Some(true)
                {
                    self.tell(Change::Flags(*message)).await;
                }
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }

    async fn arrived(&mut self, mailbox: &Mailbox) -> Result<()> {
        let Some(next) = self.known.as_ref().and_then(Known::next) else { return Ok(()) };
        let set: UidSet =
            NumberSet { ranges: [(Bound::Number(next), Bound::Largest)].into_iter().collect() };
        let messages = mailbox.fetch(set, Items::new().flags()).await?;
        let Some(known) = &mut self.known else { return Ok(()) };
        // `n:*` names the last message even where its UID is below n.
        let new = messages.into_iter().filter(|message| match (message.uid, &message.flags) {
            (Some(uid), Some(flags)) => uid >= next && known.add(uid, flags),
            _ => false,
        });
        let new: Vec<Message> = new.collect();
        if !new.is_empty() {
            self.tell(Change::Arrived(new)).await;
        }
        Ok(())
    }

    /// Finds out how the mailbox differs from what is known of it, in the cheapest way.
    async fn catch_up(&mut self, mailbox: &Mailbox) -> Result<()> {
        let status = mailbox.status();
        let Some(known) = &mut self.known else { return self.compare(mailbox).await };
        let Some(since) = known.since(status) else { return self.compare(mailbox).await };
        let capabilities = mailbox.client().capabilities();
        if !capabilities.has("CONDSTORE") && !capabilities.has("QRESYNC") {
            return self.compare(mailbox).await;
        }
        let changes = mailbox.fetch_changes(since, Items::new().flags());
        let (by, difference) = match capabilities.is_enabled("QRESYNC") {
            true => {
                let (changed, gone) = changes.await?;
                let gone: Vec<UidRanges> =
                    gone.iter().flatten().map(|uids| uids.resolve(None)).collect();
                let is_gone = |uid| gone.iter().any(|uids| uids.contains(uid));
                (Method::QResync, known.update(status, changed, is_gone))
            }
            false => {
                let left = mailbox.search(Query::all());
                let (changed, _) = changes.await?;
                let left: HashSet<Uid> = left.await?.into_iter().collect();
                (Method::CondStore, known.update(status, changed, |uid| !left.contains(&uid)))
            }
        };
        self.resynchronized(mailbox, by, difference).await;
        Ok(())
    }

    /// Reads UIDs and flags of all messages.
    async fn compare(&mut self, mailbox: &Mailbox) -> Result<()> {
        let messages = mailbox.fetch(crate::numbers::all(), Items::new().flags()).await?;
        let first = self.known.is_none();
        let known = self.known.get_or_insert_with(Known::new);
        let difference = known.replace(mailbox.status(), messages);
        match first {
            true => {
                let (mailbox, messages) = (mailbox.clone(), difference.arrived);
                self.tell(Change::Begun { mailbox, messages }).await;
            }
            false => self.resynchronized(mailbox, Method::Comparison, difference).await,
        }
        Ok(())
    }

    async fn resynchronized(&self, mailbox: &Mailbox, by: Method, difference: Difference) {
        let Difference { renewed, vanished, changed, arrived } = difference;
        let mailbox = mailbox.clone();
        self.tell(Change::Resynchronized(Resynchronized {
            mailbox,
            by,
            renewed,
            vanished,
            changed,
            arrived,
        }))
        .await;
    }

    async fn tell(&self, change: Change) {
        // Where nobody reads any more, the task is about to end.
        _ = self.changes.send(change).await;
    }
}

/// Lets the server tell what vanishes by UID, where it can.
async fn prepare(client: &Client) -> Result<()> {
    match client.capabilities().has("QRESYNC") {
        true => match client.enable(&["QRESYNC"]).await {
            // Offered and refused: it goes without.
            Err(Error::Refused(_)) => Ok(()),
            result => result,
        },
        false => Ok(()),
    }
}

/// Whether trying again can help.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Lost { .. } | Error::MailboxChanged { .. } | Error::Unreadable { .. } => true,
        Error::Connect(error) => {
            use crate::error::ConnectError::{Io, Lost, Timeout};
            matches!(**error, Io { .. } | Lost { .. } | Timeout { .. })
        }
        Error::Refused(refusal) => match refusal.code {
            Some(Code::Unavailable | Code::InUse | Code::ServerBug | Code::Limit) => true,
            _ => error.retry_after().is_some(),
        },
        _ => false,
    }
}
