//! A handle to an open mailbox. It is bound to the mailbox, not to its name: RENAME does not part
//! them.

use crate::account::Opened;
use crate::operation::append;
use crate::operation::copy::{self, Verb};
use crate::operation::expunge::Expunge;
use crate::operation::flags::StoreFlags;
use crate::{
    Account, Appended, Bodies, Body, Digests, Error, MailboxId, MailboxView, NewMessage, Query,
    Threaded,
};
use crate::{body, search, vanished};
use peregrine_proto::command::sort::SortCriterion;
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::command::thread::ThreadAlgorithm;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{Flag, MailboxName, ModSeq, Uid, UidValidity};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::watch;

/// A handle to an open mailbox; cloning it is cheap.
#[derive(Clone)]
pub struct Mailbox {
    account: Account,
    opened: Arc<Opened>,
}

/// What STORE does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlagChange {
    /// Add, remove or replace.
    pub action: StoreAction,
    /// Which flags. `\Recent` and unknown system flags are passed over.
    pub flags: Vec<Flag>,
    /// Pass over messages with a greater MODSEQ (UNCHANGEDSINCE, RFC 7162 §3.1.3).
    pub unchanged_since: Option<ModSeq>,
    /// List the messages that had a greater MODSEQ before this change in [`Stored::replaced`].
    pub replaced_since: Option<ModSeq>,
}

/// What STORE answers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stored {
    /// MODSEQ of the change; `None` when no message changed.
    pub mod_seq: Option<ModSeq>,
    /// Messages whose flags changed.
    pub changed: UidRanges,
    /// Messages that were passed over because of `unchanged_since`.
    pub modified: UidRanges,
    /// Whether named messages are gone (RFC 2180 §4.2: EXPUNGEISSUED, the others are changed).
    pub missing: bool,
    /// Messages of `changed` that had changed after `replaced_since` already, with the MODSEQ that
    /// they had; ascending.
    pub replaced: Vec<(Uid, ModSeq)>,
}

/// What EXPUNGE answers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expunged {
    /// Messages that went.
    pub uids: UidRanges,
    /// MODSEQ of the change; `None` when no message went.
    pub mod_seq: Option<ModSeq>,
}

/// What COPY and MOVE answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// The target's UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// Messages in the source, ascending. Empty if none was named: nothing was done then.
    pub source: UidRanges,
    /// Their UIDs in the target, in the same order.
    pub target: UidRanges,
    /// After MOVE, the source's MODSEQ of their going; `None` after COPY, or if nothing moved.
    pub mod_seq: Option<ModSeq>,
}

impl Mailbox {
    pub(crate) fn new(account: Account, opened: Arc<Opened>) -> Self {
        Self { account, opened }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        self.opened.slot.id
    }

    /// Its UIDVALIDITY.
    #[must_use]
    pub fn uid_validity(&self) -> UidValidity {
        self.view().uid_validity()
    }

    /// Its account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The name that it has now; `None` once it is deleted.
    #[must_use]
    pub fn name(&self) -> Option<MailboxName> {
        self.account.tree().name_of(self.id()).cloned()
    }

    /// Its newest version.
    #[must_use]
    pub fn view(&self) -> MailboxView {
        self.opened.view()
    }

    /// Wakes at each new version, and when the mailbox is deleted.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.opened.changes()
    }

    /// Whether it was deleted. What was seen of it can still be read, nothing can be changed.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.opened.is_deleted()
    }

    /// The messages of `view` that are recent for the caller: each is given to one session only
    /// (RFC 3501 §2.3.2). Not to be called for EXAMINE.
    pub fn claim_recent(&self, view: &MailboxView) -> UidRanges {
        let next = view.uid_next().0.get();
        let from = self.opened.slot.claim(&self.opened.view(), next);
        view.version().uids_from(from)
    }

    /// The messages of `view` that are recent and that nobody has claimed (for EXAMINE).
    #[must_use]
    pub fn recent(&self, view: &MailboxView) -> UidRanges {
        view.version().uids_from(self.opened.slot.head().recent_from)
    }

    /// Changes flags (STORE). Messages that are gone are passed over.
    ///
    /// # Errors
    /// [`Error::NonExistent`] if the mailbox is deleted, [`Error::Limit`] for too many keywords.
    pub async fn store_flags(&self, uids: &UidRanges, change: FlagChange) -> Result<Stored, Error> {
        let mailbox = self.id();
        self.account.run(StoreFlags { mailbox, uids: uids.clone(), change }).await
    }

    /// Removes messages with `\Deleted`: all of them, or those that are named (UID EXPUNGE).
    ///
    /// # Errors
    /// [`Error::NonExistent`] if the mailbox is deleted.
    pub async fn expunge(&self, uids: Option<&UidRanges>) -> Result<Expunged, Error> {
        self.account.run(Expunge { mailbox: self.id(), uids: uids.cloned() }).await
    }

    /// Copies messages of `view`, all or none. UIDs that are not in `view` are passed over.
    ///
    /// # Errors
    /// [`Error::NonExistent`] if there is no target (TRYCREATE), [`Error::Expunged`] if a message of
    /// `view` is gone (RFC 2180 §4.4.1), [`Error::Limit`].
    pub async fn copy(
        &self,
        view: &MailboxView,
        uids: &UidRanges,
        target: &MailboxName,
    ) -> Result<Copied, Error> {
        copy::run(self, view, uids, target, Verb::Copy).await
    }

    /// Moves messages (RFC 6851), all at once. UIDs that are not in `view`, and messages that are
    /// gone, are passed over: somebody else has moved or removed them.
    ///
    /// # Errors
    /// [`Error::NonExistent`] if there is no target (TRYCREATE), [`Error::Limit`].
    pub async fn move_messages(
        &self,
        view: &MailboxView,
        uids: &UidRanges,
        target: &MailboxName,
    ) -> Result<Copied, Error> {
        copy::run(self, view, uids, target, Verb::Move).await
    }

    /// Puts a message into a mailbox and removes another from this one, as one change (RFC 8508).
    ///
    /// # Errors
    /// As [`Account::append`]; [`Error::Expunged`] if the other message is gone.
    pub async fn replace(
        &self,
        old: Uid,
        target: &MailboxName,
        new: NewMessage,
    ) -> Result<Appended, Error> {
        append::replace(&self.account, (self.id(), old), target, new).await
    }

    /// Reads the digests of the messages of these indexes, in order, a page at a time.
    #[must_use]
    pub fn digests(&self, view: &MailboxView, indexes: Range<u32>) -> Digests {
        Digests::new(&self.account, view, indexes)
    }

    /// The body of a message.
    ///
    /// # Errors
    /// [`Error::Expunged`] if another process has removed it, [`Error::Corrupt`].
    pub async fn body(&self, view: &MailboxView, index: u32) -> Result<Body, Error> {
        body::one(&self.account, view, index).await
    }

    /// Reads the bodies of the messages of these indexes, in order, a page at a time.
    #[must_use]
    pub fn bodies(&self, view: &MailboxView, indexes: Range<u32>) -> Bodies {
        Bodies::new(&self.account, view, indexes)
    }

    /// Which UIDs of `known` went after the change `since`, up to `view` (RFC 7162 §3.2.6). Where
    /// that is so long ago that it is forgotten ([`crate::limits::VANISHED_ROWS`]), all UIDs of
    /// `known` that were given out and are not in `view`.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn vanished(
        &self,
        view: &MailboxView,
        since: ModSeq,
        known: &UidRanges,
    ) -> Result<UidRanges, Error> {
        let core = self.account.core();
        vanished::since(&*core.engine, core.id, view, since, known).await
    }

    /// The indexes of the messages of `view` that a query finds, ascending. Dropping the future ends
    /// the search.
    ///
    /// # Errors
    /// [`Error::Limit`] if it takes longer than [`crate::limits::SEARCH_BUDGET`].
    pub async fn search(&self, view: &MailboxView, query: Query) -> Result<Vec<u32>, Error> {
        search::run(self, view, query).await
    }

    /// Puts messages of `view`, given by ascending indexes, in order (SORT).
    ///
    /// # Errors
    /// [`Error::Limit`] as [`Self::search`].
    pub async fn sort(
        &self,
        view: &MailboxView,
        indexes: Vec<u32>,
        criteria: &[SortCriterion],
    ) -> Result<Vec<u32>, Error> {
        search::sort(self, view, indexes, criteria).await
    }

    /// Puts messages of `view`, given by ascending indexes, into conversations (THREAD).
    ///
    /// # Errors
    /// [`Error::Limit`] as [`Self::search`], and for references that take too long to follow.
    pub async fn thread(
        &self,
        view: &MailboxView,
        indexes: Vec<u32>,
        algorithm: ThreadAlgorithm,
    ) -> Result<Vec<Threaded>, Error> {
        search::thread(self, view, indexes, algorithm).await
    }
}
