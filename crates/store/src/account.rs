//! A handle to one account: its tree of mailboxes, and the one task that writes to it.

mod batch;
mod load;
mod queue;
mod state;
mod writer;

pub(crate) use batch::{Batch, PlacedBody, Working};
pub(crate) use load::{rows, subscription, subscription_row};
pub(crate) use state::{Core, Opened, Slot, State};
pub(crate) use writer::Writer;

use crate::headers::HeaderCache;
use crate::limits::BATCH_OPERATIONS;
use crate::message::Counts;
use crate::operation::{self, Operation};
use crate::{AccountId, Error, Mailbox, MailboxId, Reclaimed, Tree};
use arc_swap::ArcSwap;
use bytes::Bytes;
use peregrine_kv::Engine;
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::list::SpecialUse;
use peregrine_proto::{DateTime, Flag, MailboxName, ModSeq, Uid, UidValidity};
use queue::Request;
use std::sync::{Arc, Weak};
use std::time::SystemTime;
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// A handle to an account; cloning it is cheap.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    queue: mpsc::Sender<Request>,
}

/// A handle that does not keep the account's writer alive.
#[derive(Clone)]
pub(crate) struct WeakAccount(Weak<Inner>);

impl WeakAccount {
    pub(crate) fn upgrade(&self) -> Option<Account> {
        self.0.upgrade().map(Account)
    }
}

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
    /// The mailbox.
    pub mailbox: MailboxId,
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
        self.0.core.id
    }

    /// All names, uses and subscriptions, as they are now.
    #[must_use]
    pub fn tree(&self) -> Arc<Tree> {
        Arc::clone(&self.0.core.state.load().tree)
    }

    /// Wakes at each change of the tree.
    #[must_use]
    pub fn tree_changes(&self) -> watch::Receiver<u64> {
        self.0.core.tree_changes.subscribe()
    }

    /// Makes a mailbox, and those above it that are missing (RFC 3501 §6.3.3). Does not subscribe.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Cannot`] or [`Error::Limit`] for the name.
    pub async fn create(&self, name: &MailboxName) -> Result<(), Error> {
        self.create_for(name, None).await.map(drop)
    }

    /// As [`Self::create`], with a special use (RFC 6154 §3); tells the new mailbox's number.
    ///
    /// # Errors
    /// As there; [`Error::UseTaken`] where another mailbox has the use already.
    pub async fn create_for(
        &self,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
    ) -> Result<MailboxId, Error> {
        self.run(operation::create::Create { name: name.clone(), special_use }).await
    }

    /// Deletes a mailbox with its messages. A name with children stays and becomes `\Noselect`
    /// (RFC 3501 §6.3.4). Subscriptions stay. Tells the number that the mailbox had.
    ///
    /// # Errors
    /// [`Error::NonExistent`]; [`Error::Cannot`] for INBOX, and for a `\Noselect` name that still
    /// has children.
    pub async fn delete(&self, name: &MailboxName) -> Result<MailboxId, Error> {
        self.run(operation::delete::Delete { name: name.clone() }).await
    }

    /// Gives a mailbox and all below it another name. INBOX stays: its messages move to the new
    /// mailbox, its children stay (RFC 3501 §6.3.5). Subscriptions stay as they are: they are
    /// names, and a client that renames also subscribes.
    ///
    /// # Errors
    /// [`Error::NonExistent`], [`Error::AlreadyExists`], [`Error::Cannot`], [`Error::Limit`].
    pub async fn rename(&self, from: &MailboxName, to: &MailboxName) -> Result<(), Error> {
        operation::rename::run(self, from, to).await
    }

    /// Subscribes a name (RFC 3501 §6.3.6). It must exist now; it stays subscribed when it goes.
    ///
    /// # Errors
    /// [`Error::NonExistent`], [`Error::Limit`].
    pub async fn subscribe(&self, name: &MailboxName) -> Result<(), Error> {
        self.run(operation::subscribe::Subscribe { name: name.clone(), on: true }).await
    }

    /// Unsubscribes a name; no error if it is not subscribed.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn unsubscribe(&self, name: &MailboxName) -> Result<(), Error> {
        self.run(operation::subscribe::Subscribe { name: name.clone(), on: false }).await
    }

    /// Opens a mailbox.
    ///
    /// # Errors
    /// [`Error::NonExistent`], [`Error::Cannot`] for a `\Noselect` name.
    pub async fn open(&self, name: &MailboxName) -> Result<Mailbox, Error> {
        loop {
            let state = self.0.core.state.load_full();
            let entry = state.tree.selectable(name)?;
            let slot = state.slots.get(&entry.id).ok_or(Error::NonExistent("mailbox"))?;
            if let Some(opened) = slot.opened() {
                return Ok(Mailbox::new(self.clone(), opened));
            }
            // The writer may let go of it at once, if it loads many; then it is asked again.
            self.run(operation::open::Open { mailbox: entry.id }).await?;
        }
    }

    /// What STATUS tells of a mailbox, open or not; from memory.
    ///
    /// # Errors
    /// [`Error::NonExistent`], [`Error::Cannot`] for a `\Noselect` name.
    pub fn status(&self, name: &MailboxName) -> Result<Status, Error> {
        let state = self.0.core.state.load();
        let entry = state.tree.selectable(name)?;
        let head = *state.slots.get(&entry.id).ok_or(Error::NonExistent("mailbox"))?.head();
        Ok(Status {
            mailbox: entry.id,
            counts: head.counts,
            recent: head.recent,
            uid_next: head.uid_next,
            uid_validity: entry.uid_validity,
            mod_seq: head.mod_seq,
        })
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
        operation::append::run(self, name, messages, None).await
    }

    /// Appends messages with the UIDs that they had elsewhere, all or none: a copy of a mailbox
    /// that clients need not read anew. [`adopt`](Self::adopt) comes first.
    ///
    /// # Errors
    /// As [`append`](Self::append); [`Error::Cannot`] where the mailbox has another UIDVALIDITY,
    /// or where the UIDs do not ascend from UIDNEXT on.
    pub async fn append_with_uids(
        &self,
        name: &MailboxName,
        uid_validity: UidValidity,
        messages: Vec<(Uid, NewMessage)>,
    ) -> Result<Appended, Error> {
        let (uids, messages) = messages.into_iter().unzip();
        operation::append::run(self, name, messages, Some((uid_validity, uids))).await
    }

    /// Gives a mailbox that never held a message the UIDVALIDITY of the mailbox that it is to be a
    /// copy of. Mailboxes made later get larger ones (RFC 3501 §2.3.1.1).
    ///
    /// # Errors
    /// [`Error::Cannot`] where it has held messages, or where the number lies in the future: those
    /// of new mailboxes are seconds since 1970, and would soon have no larger one.
    pub async fn adopt(&self, name: &MailboxName, uid_validity: UidValidity) -> Result<(), Error> {
        self.run(operation::adopt::Adopt { name: name.clone(), uid_validity }).await
    }

    /// Never gives UIDs below `next` to messages of a mailbox: clients have seen them in the mailbox
    /// that it is a copy of. They are free from its UIDNEXT on.
    ///
    /// # Errors
    /// [`Error::NonExistent`].
    pub async fn reserve_uids(&self, name: &MailboxName, next: Uid) -> Result<(), Error> {
        self.run(operation::adopt::Reserve { name: name.clone(), next }).await
    }

    /// Gives back now what nobody can see any more; it happens by itself a while after a change.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn reclaim(&self) -> Result<Reclaimed, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Reclaim(reply)).await?;
        answer.await.map_err(|_| stopped())?
    }

    /// How many operations wait for the writer: a measure of how busy the account is.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.0.queue.max_capacity() - self.0.queue.capacity()
    }

    /// Begins to work on an account that is stored.
    pub(crate) async fn start(
        engine: Arc<dyn Engine>,
        headers: Arc<HeaderCache>,
        id: AccountId,
    ) -> Result<Self, Error> {
        let unread = Arc::new(Notify::new());
        let loaded = load::account(&*engine, id, &state::Slots::new(), &unread).await?;
        let (queue, requests) = mpsc::channel(BATCH_OPERATIONS);
        let state =
            State { tree: Arc::clone(&loaded.state.tree), slots: Arc::clone(&loaded.state.slots) };
        let core = Arc::new(Core {
            id,
            engine,
            headers,
            texts: crate::search::SharedTexts::default(),
            state: ArcSwap::from_pointee(state),
            tree_changes: watch::Sender::new(0),
            unread,
        });
        tokio::spawn(Writer::new(Arc::clone(&core), requests, loaded).run());
        Ok(Self(Arc::new(Inner { core, queue })))
    }

    pub(crate) fn downgrade(&self) -> WeakAccount {
        WeakAccount(Arc::downgrade(&self.0))
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0.core
    }

    /// Waits until all that was asked before is done.
    pub(crate) async fn drain(&self) {
        let (reply, answer) = oneshot::channel();
        if self.send(Request::Drain(reply)).await.is_ok() {
            // An error says that the writer has ended, which is as good.
            let _ = answer.await;
        }
    }

    /// Hands an operation to the writer and waits until it is durable and shown. If the future is
    /// dropped, the operation is done wholly or not at all.
    pub(crate) async fn run<O: Operation>(&self, operation: O) -> Result<O::Answer, Error> {
        let (pending, answer) = queue::pending(operation);
        self.send(Request::Change(pending)).await?;
        answer.await.map_err(|_| stopped())?
    }

    /// Hands an operation to the writer, if it has room; nobody waits for the answer.
    pub(crate) fn offer<O: Operation>(&self, operation: O) {
        let (pending, _) = queue::pending(operation);
        // It is offered again when it is next wanted.
        let _ = self.0.queue.try_send(Request::Change(pending));
    }

    async fn send(&self, request: Request) -> Result<(), Error> {
        self.0.queue.send(request).await.map_err(|_| stopped())
    }
}

/// The writer ends with the last handle, so this is a panic of it.
fn stopped() -> Error {
    Error::bug("the account's writer has ended")
}

/// Seconds since 1970, up to 2106.
pub(crate) fn now() -> u32 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}
