//! What each command touches, and the one judgement whether two commands may run at once
//! (RFC 3501 §5.5).
//!
//! A command declares its [`Effects`] from its arguments alone. [`conflicts`] judges a pair; the
//! server's scheduler and the client use nothing else.

mod conflict;
mod declare;
mod judge;
mod overlap;

pub use conflict::Conflict;

use crate::MailboxName;
use crate::command::Messages;
use smallvec::SmallVec;

/// What a command touches and how it answers.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// What it touches, each with the way it does.
    pub uses: SmallVec<[Use; 4]>,
    /// Untagged data that does not name its command: given to the oldest pending one by clients,
    /// so it is sent in order of sending among its kind. This orders the sending of answers, not
    /// the work: [`conflicts`] does not look at it.
    pub answers: Option<Answer>,
    /// Sequence numbers occur in the command or its answers: no EXPUNGE is told meanwhile
    /// (RFC 3501 §7.4.1), whether the command runs already or still waits. That keeps one
    /// numbering for all unfinished commands, so that their sequence sets can be compared.
    pub numbers: bool,
}

/// One thing that is touched.
#[derive(Clone, Debug)]
pub struct Use {
    /// What.
    pub resource: Resource,
    /// How.
    pub access: Access,
}

/// Reading and reading never conflict, nor do adding and adding to the same kind of resource;
/// anything else does where the resources overlap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Its result depends on it.
    Read,
    /// Its result depends on it as it stands when the command starts; what changes later cannot be
    /// seen in its answer, nor does the answer tell anything that a client would take for newer.
    /// Only a change of names still waits for it.
    Snapshot,
    /// Changes it in a way that commutes with other additions (`+FLAGS \Seen` twice, two APPENDs).
    Add,
    /// Changes it.
    Write,
}

/// A thing that commands can touch.
#[derive(Clone, Debug)]
pub enum Resource {
    /// The connection as a whole: changing it meets every other command, in either order
    /// (STARTTLS, LOGIN, LOGOUT, IDLE).
    Connection,
    /// Which mailbox is selected. `Existence` and `Flags` read it by themselves.
    Selection,
    /// Which messages the selected mailbox holds, and their numbering.
    Existence(Scope),
    /// Flags of messages in the selected mailbox.
    Flags(Scope),
    /// A mailbox by name: which messages it holds.
    Contents(MailboxName),
    /// Messages of all mailboxes, their flags and counts; only ever read.
    AllContents,
    /// A mailbox by name: how many of its messages have which flags.
    FlagCounts(MailboxName),
    /// Names: one mailbox and all below it, or the whole tree. CREATE and RENAME make missing names
    /// above the new one too (RFC 3501 §6.3.3), and so change the tree from the topmost of them.
    Tree(Option<MailboxName>),
    /// The list of subscriptions.
    Subscriptions,
    /// What has been enabled.
    Enabled,
    /// The result that `$` stands for (RFC 5182 §2.1).
    SavedResult,
}

/// Which messages of the selected mailbox.
#[derive(Clone, Debug)]
pub enum Scope {
    /// All of them, or unknown before it runs.
    All,
    /// Those named.
    Messages(Messages),
}

/// Kinds of untagged data that clients route by position.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Answer {
    /// LIST
    List,
    /// LIST and STATUS (RFC 5819)
    ListStatus,
    /// LSUB
    Lsub,
    /// STATUS
    Status,
    /// SEARCH
    Search,
    /// SORT
    Sort,
    /// THREAD
    Thread,
    /// CAPABILITY
    Capability,
    /// NAMESPACE
    Namespace,
    /// ID
    Id,
    /// ENABLED
    Enabled,
}

impl Answer {
    /// Whether data of one kind could be taken for the other's.
    pub fn meets(self, other: Self) -> bool {
        let both = |answer| matches!(answer, Self::List | Self::Status | Self::ListStatus);
        self == other
            || (self == Self::ListStatus && both(other))
            || (other == Self::ListStatus && both(self))
    }
}

/// What is known of the connection when a pair is judged.
#[derive(Clone, Copy, Default, Debug)]
pub struct Situation<'a> {
    /// The name of the mailbox that is selected now, so that an APPEND to it and a FETCH from it
    /// are known to meet. `None` means that it is not known: any name may be it. Where an earlier
    /// SELECT has not finished, the later command waits for that anyway, and is to be judged again
    /// by the new name before it starts.
    pub selected: Option<&'a MailboxName>,
    /// The messages in it that the client knows of; what comes later has greater numbers.
    pub known: Option<Known>,
    /// The earlier command has started: it works on the mailbox as it was told to the client then.
    pub started: bool,
}

/// The last message that the client knows of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// Its sequence number; 0 in an empty mailbox.
    pub exists: u32,
    /// Its UID; 0 in an empty mailbox.
    pub largest: u32,
}

impl<'a> From<Option<&'a MailboxName>> for Situation<'a> {
    fn from(selected: Option<&'a MailboxName>) -> Self {
        Self { selected, ..Self::default() }
    }
}

/// Whether `later` must wait for `earlier`, and for what; where several things stand between them,
/// the first in the order of their uses.
///
/// While neither has started, it is the same when the two are exchanged. Once the earlier one has
/// started, two things more are known of it. Its message set is fixed: numbers, `*` and ALL mean
/// the messages that there were, so messages that come later concern it no more. And what it reads
/// as [`Access::Snapshot`] it has read, as it were. A later command that changes nothing else may
/// then run beside it and even be answered first: the answers are those of the order of sending,
/// in which the earlier one did not see the change either.
///
/// Cost: a few comparisons for each pair of uses; linear in the ranges of two message sets.
pub fn conflicts<'a>(
    earlier: &Effects,
    later: &Effects,
    situation: impl Into<Situation<'a>>,
) -> Option<Conflict> {
    let situation = situation.into();
    if earlier.changes_connection() || later.changes_connection() {
        return Some(Conflict::CONNECTION);
    }
    let pairs = earlier.uses.iter().flat_map(|a| later.uses.iter().map(move |b| (a, b)));
    let mut pairs = pairs.filter(|(a, b)| a.access.changes() || b.access.changes());
    pairs.find_map(|(a, b)| judge::uses(a, b, &situation))
}

impl Effects {
    /// Whether it changes anything: two that don't never conflict, which spares judging them.
    pub fn change(&self) -> bool {
        self.uses.iter().any(|used| used.access.changes())
    }

    /// A barrier, even for commands that touch nothing at all: what they mean to the client may
    /// depend on where they stand (a NOOP after LOGOUT is never answered).
    fn changes_connection(&self) -> bool {
        let changes =
            |used: &Use| matches!(used.resource, Resource::Connection) && used.access.changes();
        self.uses.iter().any(changes)
    }
}

impl Access {
    /// Whether it changes the resource.
    pub fn changes(self) -> bool {
        matches!(self, Self::Add | Self::Write)
    }
}

impl Use {
    /// Whether the accesses alone let both go at once, whatever the resources are.
    ///
    /// Additions commute only within one kind: APPEND to the selected mailbox and `+FLAGS` on
    /// `1:*` are both additions, but the new message gets the flag only in one order.
    fn commutes_with(&self, other: &Self) -> bool {
        match (self.access, other.access) {
            (Access::Add, Access::Add) => self.resource.rank() == other.resource.rank(),
            (one, other) => !one.changes() && !other.changes(),
        }
    }
}

impl Resource {
    /// A number for each kind, so that a pair can be put in one order before it is judged.
    fn rank(&self) -> u8 {
        match self {
            Resource::Connection => 0,
            Resource::Selection => 1,
            Resource::Existence(_) => 2,
            Resource::Flags(_) => 3,
            Resource::Contents(_) => 4,
            Resource::AllContents => 5,
            Resource::FlagCounts(_) => 6,
            Resource::Tree(_) => 7,
            Resource::Subscriptions => 8,
            Resource::Enabled => 9,
            Resource::SavedResult => 10,
        }
    }
}
