//! A handle to one account: its tree of mailboxes, and the one task that writes to it.

use crate::message::Counts;
use crate::{AccountId, Error, Mailbox, Reclaimed, Tree};
use bytes::Bytes;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{DateTime, Flag, MailboxName, ModSeq, Uid, UidValidity};
use std::sync::Arc;
use tokio::sync::watch;

/// A handle to an account; cloning it is cheap.
#[derive(Clone)]
pub struct Account(Arc<AccountId>);

/// A message to be appended.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its octets, kept as they are.
    pub body: Bytes,
    /// Its flags. `\Recent` and unknown system flags are passed over.
    pub flags: Vec<Flag>,
    /// INTERNALDATE.
    pub date: DateTime,
}

/// What APPEND answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// The new messages' UIDs, in the order of the messages.
    pub uids: UidRanges,
    /// Their MODSEQ.
    pub mod_seq: ModSeq,
}

/// What STATUS tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// Messages, unseen, deleted, octets.
    pub counts: Counts,
    /// How many no session has claimed as recent.
    pub recent: u32,
    /// UIDNEXT.
    pub uid_next: Uid,
    /// UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// HIGHESTMODSEQ.
    pub mod_seq: ModSeq,
}

impl Account {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> AccountId {
        *self.0
    }

    /// All names, uses and subscriptions, as they are now.
    #[must_use]
    pub fn tree(&self) -> Arc<Tree> {
        Arc::default()
    }

    /// Wakes at each change of the tree.
    #[must_use]
    pub fn tree_changes(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }

    /// Makes a mailbox, and those above it that are missing (RFC 3501 §6.3.3). Does not subscribe.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Cannot`] or [`Error::Limit`] for the name.
    pub async fn create(&self, name: &MailboxName) -> Result<(), Error> {
        let _ = name;
        Err(Error::bug("not built"))
    }

    /// Deletes a mailbox with its messages. A name with children stays and becomes `\Noselect`
    /// (RFC 3501 §6.3.4). Subscriptions stay.
    ///
    /// # Errors
    /// [`Error::NonExistent`]; [`Error::Cannot`] for INBOX, and for a `\Noselect` name that still
    /// has children.
    pub async fn delete(&self, name: &MailboxName) -> Result<(), Error> {
        let _ = name;
        Err(Error::bug("not built"))
    }

    /// Gives a mailbox and all below it another name. INBOX stays: its messages move to the new
    /// mailbox, its children stay (RFC 3501 §6.3.5). Subscriptions stay as they are: they are
    /// names, and a client that renames also subscribes.
    ///
    /// # Errors
    /// [`Error::NonExistent`], [`Error::AlreadyExists`], [`Error::Cannot`], [`Error::Limit`].
    pub async fn rename(&self, from: &MailboxName, to: &MailboxName) -> Result<(), Error> {
        let _ = (from, to);
        Err(Error::bug("not built"))
    }

    /// Subscribes a name (RFC 3501 §6.3.6). It must exist now; it stays subscribed when it goes.
    ///
    /// # Errors
    /// [`Error::NonExistent`], [`Error::Limit`].
    pub async fn subscribe(&self, name: &MailboxName) -> Result<(), Error> {
        let _ = name;
        Err(Error::bug("not built"))
    }

    /// Unsubscribes a name; no error if it is not subscribed.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn unsubscribe(&self, name: &MailboxName) -> Result<(), Error> {
        let _ = name;
        Err(Error::bug("not built"))
    }

    /// Opens a mailbox.
    ///
    /// # Errors
    /// [`Error::NonExistent`], [`Error::Cannot`] for a `\Noselect` name.
    pub async fn open(&self, name: &MailboxName) -> Result<Mailbox, Error> {
        let _ = name;
        Err(Error::bug("not built"))
    }

    /// What STATUS tells of a mailbox, open or not; from memory.
    ///
    /// # Errors
    /// [`Error::NonExistent`], [`Error::Cannot`] for a `\Noselect` name.
    pub fn status(&self, name: &MailboxName) -> Result<Status, Error> {
        let _ = name;
        Err(Error::bug("not built"))
    }

    /// Appends messages, all or none.
    ///
    /// # Errors
    /// [`Error::NonExistent`] (a client should be told TRYCREATE), [`Error::TooBig`],
    /// [`Error::Limit`], [`Error::Full`].
    pub async fn append(
        &self,
        name: &MailboxName,
        messages: Vec<NewMessage>,
    ) -> Result<Appended, Error> {
        let _ = (name, messages);
        Err(Error::bug("not built"))
    }

    /// Gives back now what nobody can see any more; it happens by itself a while after a change.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn reclaim(&self) -> Result<Reclaimed, Error> {
        Err(Error::bug("not built"))
    }
}
