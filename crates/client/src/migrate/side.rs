//! The two ends of a migration: what is read from, and what is written to as well.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use peregrine_proto::response::list::SpecialUse;
use peregrine_proto::{DateTime, Flag, MailboxName, Uid, UidValidity};

/// Work that a side does. It begins when the method is called where the future is `'static`, so
/// that many can be on their way at once.
pub type Doing<'a, T> = BoxFuture<'a, Result<T, SideError>>;

/// Mail that can be read.
pub trait Side: Send {
    /// All mailboxes of the user's own that can hold messages.
    fn folders(&mut self) -> Doing<'_, Vec<Folder>>;

    /// Opens a mailbox and tells what is in it, by ascending UID.
    fn open(&mut self, name: &MailboxName) -> Doing<'_, Overview>;

    /// A whole message of the mailbox that is open; `None` when it is gone. Nothing becomes \Seen.
    fn read(&mut self, uid: Uid) -> Doing<'static, Option<Bytes>>;
}

/// Mail that can be read and added to.
pub trait Target: Side {
    /// The name that a mailbox of this path has here.
    ///
    /// # Errors
    /// It can have none; the reason for a person.
    fn name_for(&self, path: &[String]) -> Result<MailboxName, String>;

    /// Makes a mailbox. Where the use cannot be given, it is made without.
    fn create(&mut self, name: &MailboxName, special_use: Option<SpecialUse>) -> Doing<'_, ()>;

    /// Gives a mailbox that has never held a message this UIDVALIDITY, so that UIDs can be kept.
    /// Most sides cannot; that is no error.
    fn adopt(&mut self, name: &MailboxName, uid_validity: UidValidity) -> Doing<'_, ()>;

    /// Subscribes a mailbox.
    fn subscribe(&mut self, name: &MailboxName) -> Doing<'_, ()>;

    /// Adds messages to the mailbox that is open, in this order; keeps their UIDs where that can
    /// be. For each, why it was refused if it was.
    fn append(&mut self, messages: Vec<Mail>) -> Doing<'static, Vec<Result<(), String>>>;

    /// Replaces the flags of messages of the mailbox that is open.
    fn set_flags(&mut self, uids: Vec<Uid>, flags: Vec<Flag>) -> Doing<'_, ()>;
}

/// A mailbox as a side lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder {
    /// Its name on its own side, with its own separator.
    pub name: MailboxName,
    /// Its levels, without the prefix of the side's namespace; `INBOX` for the inbox.
    pub path: Vec<String>,
    /// What it is for (RFC 6154).
    pub special_use: Option<SpecialUse>,
    /// Whether it is subscribed.
    pub subscribed: bool,
    /// How many messages it holds, for the progress.
    pub messages: u64,
}

/// What a mailbox holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overview {
    /// Of its UIDs; `None` where they mean nothing next time.
    pub uid_validity: Option<UidValidity>,
    /// By ascending UID.
    pub messages: Vec<Summary>,
}

/// What is known of a message without reading it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Its UID on its side.
    pub uid: Uid,
    /// Octets.
    pub size: u64,
    /// INTERNALDATE.
    pub date: DateTime,
    /// Its flags, without \Recent.
    pub flags: Vec<Flag>,
    /// What [`message_id`](super::message_id) finds in its header.
    pub message_id: Option<u64>,
}

/// A message on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// The UID that it had.
    pub uid: Uid,
    /// The UIDVALIDITY of the mailbox that it comes from.
    pub uid_validity: Option<UidValidity>,
    /// INTERNALDATE.
    pub date: DateTime,
    /// Its flags.
    pub flags: Vec<Flag>,
    /// Its octets.
    pub body: Bytes,
}

/// Why a side cannot go on. What was done so far stays; the migration can be run again.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    /// A server.
    #[error("{0}")]
    Imap(#[from] crate::Error),
    /// Any other side.
    #[error("{0}")]
    Other(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl SideError {
    /// Whether it is about what was asked for alone, so that the next thing can be tried. A server
    /// that is too busy says so of everything.
    pub(super) fn is_refusal(&self) -> bool {
        use crate::Error;
        match self {
            Self::Imap(error @ Error::Refused(_)) => error.retry_after().is_none(),
            Self::Imap(error) => matches!(
                error,
                Error::Name(_)
                    | Error::Unreadable { .. }
                    | Error::Missing { .. }
                    | Error::TooLarge { .. }
            ),
            Self::Other(_) => true,
        }
    }
}
