//! One account, read row by row as far as it goes.

use super::{Damage, Loss, sweep, words};
use crate::row::account::AccountRow;
use crate::row::garbage::Garbage;
use crate::row::head::Head;
use crate::row::{chunk, keywords, mailbox};
use crate::{AccountId, BodyNumber, Entry, Error, Keywords, MailboxId, Message, keys};
use peregrine_kv::{Key, Range, Snapshot, Value};
use peregrine_proto::{MailboxName, Uid};
use std::collections::{BTreeMap, HashMap};

/// What can be read of an account.
pub(crate) struct Inspected {
    pub id: AccountId,
    pub name: String,
    pub row: Option<AccountRow>,
    pub mailboxes: BTreeMap<MailboxId, Part>,
    pub garbage: Vec<(u64, Garbage)>,
    /// Who refers to a body: messages of mailboxes, and of what is to be reclaimed.
    pub references: HashMap<BodyNumber, Vec<(MailboxId, Uid)>>,
    pub damage: Vec<Damage>,
}

/// What can be read of a mailbox.
#[derive(Default)]
pub(crate) struct Part {
    pub entry: Option<(MailboxName, Entry)>,
    pub head: Option<Head>,
    pub keywords: Keywords,
    pub messages: Vec<Message>,
    /// Whether rows of messages could not be read.
    pub torn: bool,
    /// Whether it was deleted, and waits to be reclaimed.
    pub deleted: bool,
}

impl Inspected {
    /// Reads all but bodies and digests, and judges each mailbox.
    pub(crate) async fn read(
        snapshot: &dyn Snapshot,
        id: AccountId,
        name: &str,
    ) -> Result<Self, Error> {
        let mut account = Self {
            id,
            name: name.to_owned(),
            row: None,
            mailboxes: BTreeMap::new(),
            garbage: Vec::new(),
            references: HashMap::new(),
            damage: Vec::new(),
        };
        account.read_row(snapshot).await;
        account.read_garbage(snapshot).await?;
        account.read_mailboxes(snapshot).await?;
        account.read_messages(snapshot).await?;
        account.read_subscriptions(snapshot).await?;
        account.judge_counters();
        account.judge_mailboxes(snapshot).await?;
        account.refer();
        Ok(account)
    }

    /// The mailboxes that were not deleted.
    pub(crate) fn living(&self) -> impl Iterator<Item = (&MailboxId, &Part)> {
        self.mailboxes.iter().filter(|(_, part)| !part.deleted)
    }

    /// Notes damage.
    pub(crate) fn note(
        &mut self,
        loss: Loss,
        mailbox: Option<MailboxId>,
        uid: Option<Uid>,
        what: impl Into<String>,
    ) {
        let part = mailbox.map(|id| match self.mailboxes.get(&id).and_then(|p| p.entry.as_ref()) {
            Some((name, _)) => name.as_str().to_owned(),
            None => format!("mailbox {}", id.0),
        });
        self.damage.push(Damage {
            loss,
            user: Some(self.name.clone()),
            mailbox: part,
            uid: uid.map(|uid| uid.0.get()),
            what: what.into(),
        });
    }

    /// The rows of a range, with what is wrong noted as this user's.
    pub(crate) async fn rows(
        &mut self,
        snapshot: &dyn Snapshot,
        range: Range,
        what: &str,
    ) -> Result<Vec<(Key, Value)>, Error> {
        let mut damage = Vec::new();
        let rows = sweep::all(snapshot, range, what, &mut damage).await?;
        let user = Some(self.name.clone());
        self.damage.extend(damage.into_iter().map(|d| Damage { user: user.clone(), ..d }));
        Ok(rows)
    }

    async fn read_row(&mut self, snapshot: &dyn Snapshot) {
        let row = snapshot.get(&keys::account(self.id)).await.map_err(Error::from);
        let row = row.and_then(|row| row.ok_or_else(|| Error::corrupt("its own row is missing")));
        match row.and_then(|row| AccountRow::decode(&row)) {
            Ok(row) => self.row = Some(row),
            Err(error) => {
                let what = format!("the account does not open: {}", words(&error));
                self.note(Loss::Settings, None, None, what);
            }
        }
    }

    async fn read_garbage(&mut self, snapshot: &dyn Snapshot) -> Result<(), Error> {
        let what = "messages to be reclaimed";
        for (key, row) in self.rows(snapshot, keys::all_garbage(self.id), what).await? {
            match (keys::garbage_of(&key), Garbage::decode(&row)) {
                (Some(number), Ok(garbage)) => {
                    if let Garbage::Mailbox(id) = &garbage {
                        self.mailboxes.entry(*id).or_default().deleted = true;
                    }
                    self.garbage.push((number, garbage));
                }
                _ => self.note(Loss::Nothing, None, None, what),
            }
        }
        Ok(())
    }

    async fn read_mailboxes(&mut self, snapshot: &dyn Snapshot) -> Result<(), Error> {
        for (key, row) in self.rows(snapshot, keys::mailboxes(self.id), "a mailbox's name").await? {
            let Some(id) = keys::mailbox_of(&key) else { continue };
            match mailbox::decode(id, &row) {
                Ok(entry) => self.mailboxes.entry(id).or_default().entry = Some(entry),
                Err(error) => self.note(Loss::Settings, Some(id), None, words(&error)),
            }
        }
        for (key, row) in self.rows(snapshot, keys::heads(self.id), "a mailbox's counts").await? {
            let Some(id) = keys::mailbox_of(&key) else { continue };
            match Head::decode(&row) {
                Ok(head) => self.mailboxes.entry(id).or_default().head = Some(head),
                Err(error) => self.note(Loss::Settings, Some(id), None, words(&error)),
            }
        }
        for (key, row) in self.rows(snapshot, keys::all_keywords(self.id), "keywords").await? {
            let Some(id) = keys::mailbox_of(&key) else { continue };
            match keywords::decode(&row) {
                Ok(words) => self.mailboxes.entry(id).or_default().keywords = words,
                Err(error) => self.note(Loss::Mail, Some(id), None, words(&error)),
            }
        }
        Ok(())
    }

    async fn read_messages(&mut self, snapshot: &dyn Snapshot) -> Result<(), Error> {
        let mut sweep = sweep::Sweep::new(snapshot, keys::all_chunks(self.id));
        while let Some(page) = sweep.next().await? {
            for (key, row) in page {
                let Some(id) = keys::mailbox_of(&key) else { continue };
                let row = row.map_err(Error::from);
                let first = keys::uid_of(&key).unwrap_or_default();
                match row.and_then(|row| chunk::decode(&row)) {
                    Ok(messages) => {
                        let wrong = messages.first().is_some_and(|m| m.uid.0.get() < first);
                        if wrong {
                            self.note(Loss::Nothing, Some(id), None, "a row's key");
                        }
                        self.mailboxes.entry(id).or_default().messages.extend(messages);
                    }
                    Err(error) => {
                        self.mailboxes.entry(id).or_default().torn = true;
                        let what = format!("messages from UID {first} on: {}", words(&error));
                        self.note(Loss::Mail, Some(id), None, what);
                    }
                }
            }
        }
        if let Some(gap) = sweep.gap {
            self.note(Loss::Mail, None, None, format!("messages are out of reach: {gap}"));
        }
        Ok(())
    }

    async fn read_subscriptions(&mut self, snapshot: &dyn Snapshot) -> Result<(), Error> {
        let range = keys::subscriptions(self.id);
        let rows = self.rows(snapshot, range, "a subscription").await?;
        for (key, row) in rows {
            let name = crate::account::subscription(&row);
            if name.as_ref().ok().map(|name| keys::subscription(self.id, name.as_str()))
                != Some(key)
            {
                self.note(Loss::Settings, None, None, "a subscription");
            }
        }
        Ok(())
    }

    fn judge_counters(&mut self) {
        let Some(row) = self.row else { return };
        let mailbox = self.mailboxes.keys().next_back().is_some_and(|id| *id >= row.next_mailbox);
        let garbage = self.garbage.iter().any(|(number, _)| *number >= row.next_garbage);
        let entries = self.mailboxes.values().filter_map(|part| part.entry.as_ref());
        let validity =
            entries.map(|(_, entry)| entry.uid_validity.0.get()).max().unwrap_or_default();
        for (wrong, what) in [
            (mailbox, "the number of the next mailbox was used already"),
            (garbage, "the number of the next garbage was used already"),
            (validity > row.uid_validity, "the next UIDVALIDITY was used already"),
        ] {
            if wrong {
                self.note(Loss::Nothing, None, None, what);
            }
        }
        let named = self.mailboxes.values().filter(|part| part.entry.is_some()).count();
        if row.mailboxes.is_some_and(|count| count as usize != named) {
            let what = format!("{named} mailboxes are there, not as many as are counted");
            self.note(Loss::Settings, None, None, what);
        }
    }

    /// Notes who refers to which body.
    fn refer(&mut self) {
        for (id, part) in &self.mailboxes {
            for message in &part.messages {
                self.references.entry(message.body).or_default().push((*id, message.uid));
            }
        }
        for (_, garbage) in &self.garbage {
            let Garbage::Messages { mailbox, entries } = garbage else { continue };
            for (uid, body) in entries {
                self.references.entry(*body).or_default().push((*mailbox, *uid));
            }
        }
    }
}
