//! A user's mail in the store of this machine, as one side of a migration: what is there, the
//! octets of messages, and new messages that keep the UIDs that they had elsewhere.

use std::path::Path;

use bytes::Bytes;
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::list::SpecialUse;
use peregrine_proto::{DateTime, Flag, MailboxName, Uid, UidValidity};
use peregrine_store::limits::MAX_MESSAGE;
use peregrine_store::{
    Account, Body, Credentials, Error, FlagChange, Mailbox, MailboxView, NewMessage, Store,
};

use super::export::flags;
use super::import::{Format, ImportOptions, ImportReport, Problem, import};
use super::{AdminError, user};
use crate::config::Config;

/// Octets of a message in which its header is looked for.
const HEADER: usize = 64 << 10;

/// Messages whose headers are read at once.
const PAGE: u32 = 512;

/// A user's mail.
#[derive(Clone)]
pub struct Local {
    account: Account,
}

/// A mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalMailbox {
    /// Its name.
    pub name: MailboxName,
    /// What it is for (RFC 6154).
    pub special_use: Option<SpecialUse>,
    /// Whether it is subscribed.
    pub subscribed: bool,
    /// How many messages it holds.
    pub messages: u64,
}

/// A message in a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalMessage {
    /// Its UID.
    pub uid: Uid,
    /// Octets.
    pub size: u64,
    /// INTERNALDATE.
    pub date: DateTime,
    /// Its flags, without \Recent.
    pub flags: Vec<Flag>,
    /// Its first octets, with the header or most of it.
    pub start: Bytes,
}

/// A mailbox that is open: what it held then can be read as long as it is there.
#[derive(Clone)]
pub struct LocalOpen {
    account: Account,
    name: MailboxName,
    mailbox: Mailbox,
    view: MailboxView,
}

/// A message to be added.
#[derive(Clone, Debug)]
pub struct LocalNew {
    /// The UID that it had elsewhere.
    pub uid: Uid,
    /// Its octets.
    pub body: Bytes,
    /// Its flags.
    pub flags: Vec<Flag>,
    /// INTERNALDATE.
    pub date: DateTime,
}

impl Local {
    /// Of an account.
    #[must_use]
    pub fn new(account: Account) -> Self {
        Self { account }
    }

    /// All mailboxes that can hold messages.
    #[must_use]
    pub fn mailboxes(&self) -> Vec<LocalMailbox> {
        let tree = self.account.tree();
        let open = tree.entries().filter(|(_, entry)| entry.selectable);
        open.map(|(name, entry)| LocalMailbox {
            name: name.clone(),
            special_use: entry.special_use,
            subscribed: tree.is_subscribed(name),
            messages: self.account.status(name).map_or(0, |it| u64::from(it.counts.messages)),
        })
        .collect()
    }

    /// Makes a mailbox; without the use where another mailbox has it.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn create(
        &self,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
    ) -> Result<(), AdminError> {
        let made = match self.account.create_for(name, special_use).await {
            Err(Error::UseTaken) => self.account.create(name).await.map(drop),
            other => other.map(drop),
        };
        Ok(made?)
    }

    /// Gives a mailbox that has never held a message this UIDVALIDITY; any other keeps its own.
    ///
    /// # Errors
    /// [`AdminError::Store`] where the store fails.
    pub async fn adopt(&self, name: &MailboxName, validity: UidValidity) -> Result<(), AdminError> {
        match self.account.adopt(name, validity).await {
            Err(Error::Cannot(_) | Error::OnlyAName) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Subscribes a mailbox.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn subscribe(&self, name: &MailboxName) -> Result<(), AdminError> {
        Ok(self.account.subscribe(name).await?)
    }

    /// Opens a mailbox as it is now.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn open(&self, name: &MailboxName) -> Result<LocalOpen, AdminError> {
        let mailbox = self.account.open(name).await?;
        let view = mailbox.view();
        Ok(LocalOpen { account: self.account.clone(), name: name.clone(), mailbox, view })
    }
}

impl LocalOpen {
    /// Its UIDVALIDITY.
    #[must_use]
    pub fn uid_validity(&self) -> UidValidity {
        self.view.uid_validity()
    }

    /// Tells each message, by ascending UID; a damaged one without its first octets.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn messages(
        &self,
        told: &mut (dyn FnMut(LocalMessage) + Send),
    ) -> Result<(), AdminError> {
        let count = self.view.exists();
        let mut next = 0;
        while next < count {
            let end = count.min(next + PAGE);
            let mut bodies = self.mailbox.bodies(&self.view, next..end);
            while next < end {
                match bodies.next_page().await {
                    Ok(Some((first, page))) => {
                        for (index, body) in (first..).zip(page) {
                            self.tell(index, self.start(body).await?, told);
                            next = index + 1;
                        }
                    }
                    Ok(None) => break,
                    // One that is damaged or gone costs no others.
                    Err(Error::Corrupt { .. } | Error::Expunged) => {
                        for index in next..end {
                            match self.mailbox.body(&self.view, index).await {
                                Ok(body) => self.tell(index, self.start(body).await?, told),
                                Err(Error::Corrupt { .. }) => self.tell(index, Bytes::new(), told),
                                Err(Error::Expunged) => {}
                                Err(error) => return Err(error.into()),
                            }
                        }
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            next = end;
        }
        Ok(())
    }

    /// The first octets of a body; none of one that is damaged.
    async fn start(&self, body: Body) -> Result<Bytes, AdminError> {
        match body.read_at(0, HEADER).await {
            Err(Error::Corrupt { .. }) => Ok(Bytes::new()),
            start => Ok(start?),
        }
    }

    fn tell(&self, index: u32, start: Bytes, told: &mut (dyn FnMut(LocalMessage) + Send)) {
        let Some(message) = self.view.message(index) else { return };
        told(LocalMessage {
            uid: message.uid,
            size: u64::from(message.size),
            date: message.date(),
            flags: flags(&self.view, message),
            start,
        });
    }

    /// A message's octets; `None` when it is gone.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn read(&self, uid: Uid) -> Result<Option<Bytes>, AdminError> {
        let Ok(index) = self.view.index_of(uid) else { return Ok(None) };
        match self.mailbox.body(&self.view, index).await {
            Ok(body) => Ok(Some(body.whole().await?)),
            Err(Error::Expunged) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds messages, with their UIDs where the mailbox has that UIDVALIDITY and they are new
    /// there. For each, why it was refused if it was.
    ///
    /// # Errors
    /// [`AdminError::Store`] where the store cannot go on.
    pub async fn append(
        &self,
        validity: Option<UidValidity>,
        messages: Vec<LocalNew>,
    ) -> Result<Vec<Result<(), String>>, AdminError> {
        let count = messages.len();
        let Err(error) = self.add(validity, messages.clone()).await else {
            return Ok(vec![Ok(()); count]);
        };
        if AdminError::is_fatal(&error) {
            return Err(error.into());
        }
        // One by one, to find those that are to blame.
        let mut results = Vec::with_capacity(count);
        for message in messages {
            results.push(match self.add(validity, vec![message]).await {
                Ok(()) => Ok(()),
                Err(error) if AdminError::is_fatal(&error) => return Err(error.into()),
                Err(error) => Err(error.to_string()),
            });
        }
        Ok(results)
    }

    async fn add(&self, validity: Option<UidValidity>, new: Vec<LocalNew>) -> Result<(), Error> {
        let with_uids = |one: LocalNew| {
            (one.uid, NewMessage { body: one.body, flags: one.flags, date: one.date })
        };
        let messages: Vec<_> = new.into_iter().map(with_uids).collect();
        if let Some(validity) = validity.filter(|validity| *validity == self.uid_validity()) {
            match self.account.append_with_uids(&self.name, validity, messages.clone()).await {
                Err(Error::Cannot(_)) => {}
                other => return other.map(|_| ()),
            }
        }
        let messages = messages.into_iter().map(|(_, message)| message).collect();
        self.account.append(&self.name, messages).await.map(|_| ())
    }

    /// Replaces messages' flags.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn set_flags(&self, uids: &UidRanges, flags: Vec<Flag>) -> Result<(), AdminError> {
        let action = StoreAction::Replace;
        let change = FlagChange { action, flags, unchanged_since: None, replaced_since: None };
        self.mailbox.store_flags(uids, change).await?;
        Ok(())
    }
}

/// A store that is open for a while.
pub struct LocalStore(Store);

impl LocalStore {
    /// Closes it.
    pub async fn close(self) {
        self.0.close().await;
    }
}

/// Opens a user's mail in the store that the configuration names; a server may run meanwhile.
///
/// # Errors
/// [`AdminError::NoUser`], and those of opening the store.
pub async fn open(config: &Config, user: &str) -> Result<(Local, LocalStore), AdminError> {
    let store = user::open_store(config).await?;
    let account = user::account(&store, user).await?;
    Ok((Local::new(account), LocalStore(store)))
}

/// What was read from files.
pub struct LocalFiles {
    /// The mail.
    pub local: Local,
    /// To be closed before the folder is deleted.
    pub store: LocalStore,
    /// What could not be read, as far as it is kept.
    pub problems: Vec<Problem>,
    /// How many problems there were.
    pub problem_count: u64,
}

/// Reads a Maildir, an mbox or a folder of them into a temporary store in `folder`, so that it can
/// be listed and read like any other side.
///
/// # Errors
/// Those of [`import`](import()).
pub async fn files(source: &Path, folder: &Path) -> Result<LocalFiles, AdminError> {
    let engine = crate::engine::open(folder).await?;
    let store = Store::open(engine).await?;
    let id = store.create_account("files", Credentials::default()).await?;
    let account = store.account(id).await?;
    let options = ImportOptions {
        source: source.to_owned(),
        format: Format::Auto,
        into: None,
        dry_run: false,
        keep_line_ends: false,
        message_size: MAX_MESSAGE,
    };
    let report = import(&account, &options, &mut |_| {}).await?;
    // The account began with the usual mailboxes, which the source need not have.
    let local = Local::new(account);
    for mailbox in local.mailboxes() {
        let there = report.mailboxes.iter().any(|one| one.mailbox == mailbox.name.as_str());
        if !there && !mailbox.name.is_inbox() {
            local.account.unsubscribe(&mailbox.name).await?;
            local.account.delete(&mailbox.name).await?;
        }
    }
    let ImportReport { problems, problem_count, .. } = report;
    Ok(LocalFiles { local, store: LocalStore(store), problems, problem_count })
}
