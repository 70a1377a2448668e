//! What each command touches, and the one judgement whether two commands may run at once
//! (RFC 3501 §5.5).
//!
//! A command declares its [`Effects`] from its arguments alone. [`conflicts`] judges a pair; the
//! server's scheduler and the client use nothing else.

mod declare;
mod overlap;

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
    /// A mailbox by name: which messages it holds, their flags and counts.
    Contents(MailboxName),
    /// Messages of all mailboxes, their flags and counts; only ever read.
    AllContents,
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

/// Why one command must wait for another: the resource in words, for traces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflict(pub &'static str);

/// Whether `later` must wait for `earlier`, and for what; where several things stand between them,
/// the first in the order of their uses. Whether they conflict is the same when the two are
/// exchanged: what keeps a pair from running at once does not depend on which came first.
///
/// `selected` is the name of the mailbox that is selected now, so that an APPEND to it and a FETCH
/// from it are known to meet. `None` means that it is not known: any name may be it. Where an
/// earlier SELECT has not finished, the later command waits for that anyway, and is to be judged
/// again by the new name before it starts.
///
/// Cost: a few comparisons for each pair of uses; linear in the ranges of two message sets.
pub fn conflicts(
    earlier: &Effects,
    later: &Effects,
    selected: Option<&MailboxName>,
) -> Option<Conflict> {
    if earlier.changes_connection() || later.changes_connection() {
        return Some(Conflict::CONNECTION);
    }
    let pairs = earlier.uses.iter().flat_map(|a| later.uses.iter().map(move |b| (a, b)));
    pairs.filter(|(a, b)| !a.commutes_with(b)).find_map(|(a, b)| {
        if a.resource.rank() <= b.resource.rank() {
            judge(a, b, selected)
        } else {
            judge(b, a, selected)
        }
    })
}

/// The table of pairs. `first` is the one of lower [`Resource::rank`]; at least one of the two is a
/// change.
fn judge(first: &Use, second: &Use, selected: Option<&MailboxName>) -> Option<Conflict> {
    use Resource::*;
    let first_changes = first.access != Access::Read;
    let second_changes = second.access != Access::Read;
    let (meet, why) = match (&first.resource, &second.resource) {
        (Selection, Selection) => (true, Conflict::SELECTION),
        (Selection, Existence(_) | Flags(_)) => (first_changes, Conflict::SELECTION),
        (Selection, Tree(name)) => (
            first_changes && second_changes && overlap::may_hold(name.as_ref(), selected),
            Conflict::SELECTED_NAME,
        ),
        (Existence(a), Existence(b)) => (overlap::renumbers(a, b), Conflict::EXISTENCE),
        (Existence(a), Flags(b)) => {
            (first_changes && overlap::renumbers(a, b), Conflict::FLAGS_OF_EXPUNGED)
        }
        (Existence(_), Contents(name)) => {
            (overlap::may_be(name, selected), Conflict::SELECTED_MESSAGES)
        }
        (Flags(a), Flags(b)) => (overlap::scopes(a, b), Conflict::FLAGS),
        (Existence(_), AllContents) => (true, Conflict::SELECTED_MESSAGES),
        (Flags(_), AllContents) => (true, Conflict::SELECTED_FLAGS),
        (Contents(_), AllContents) => (true, Conflict::CONTENTS),
        (Flags(_), Contents(name)) => (overlap::may_be(name, selected), Conflict::SELECTED_FLAGS),
        (Existence(_) | Flags(_), Tree(name)) => {
            (second_changes && overlap::may_hold(name.as_ref(), selected), Conflict::SELECTED_NAME)
        }
        (Contents(a), Contents(b)) => (a == b, Conflict::CONTENTS),
        (Contents(name), Tree(tree)) => {
            (second_changes && overlap::holds(tree.as_ref(), name), Conflict::NAME_IN_USE)
        }
        (Tree(a), Tree(b)) => (overlap::trees(a.as_ref(), b.as_ref()), Conflict::TREE),
        (Subscriptions, Subscriptions) => (true, Conflict::SUBSCRIPTIONS),
        (Enabled, Enabled) => (true, Conflict::ENABLED),
        (SavedResult, SavedResult) => (true, Conflict::SAVED_RESULT),
        _ => return None,
    };
    meet.then_some(why)
}

/// One sentence for each kind of pair.
impl Conflict {
    /// Connection against anything.
    pub const CONNECTION: Self =
        Self("the connection itself changes, so nothing else may be in progress");
    /// Selection against selection, existence or flags.
    pub const SELECTION: Self =
        Self("which mailbox is selected changes, and the other command works in the selected one");
    /// A change of names against the selected mailbox or its being left.
    pub const SELECTED_NAME: Self =
        Self("the selected mailbox may be created, deleted or renamed, and the other uses it");
    /// Existence against existence.
    pub const EXISTENCE: Self =
        Self("messages vanish or are renumbered, and the other command names some of them");
    /// Existence against flags.
    pub const FLAGS_OF_EXPUNGED: Self =
        Self("messages vanish or are renumbered, and the other command uses flags of some of them");
    /// Flags against flags.
    pub const FLAGS: Self =
        Self("flags change, and the other command reads or changes flags of the same messages");
    /// Contents by name against existence, where that name is selected.
    pub const SELECTED_MESSAGES: Self =
        Self("messages change in the selected mailbox, which the other command uses by its name");
    /// Contents by name against flags, where that name is selected.
    pub const SELECTED_FLAGS: Self = Self(
        "the other command uses the selected mailbox by its name, and flags in it are touched",
    );
    /// Contents against contents.
    pub const CONTENTS: Self =
        Self("messages of one mailbox are changed, and the other command uses the same mailbox");
    /// Contents against a change of names.
    pub const NAME_IN_USE: Self =
        Self("a mailbox may be created, deleted or renamed, and the other command uses it by name");
    /// Tree against tree.
    pub const TREE: Self =
        Self("mailbox names change, and the other command reads or changes the same part of them");
    /// Subscriptions against subscriptions.
    pub const SUBSCRIPTIONS: Self =
        Self("subscriptions change, and the other command reads or changes them too");
    /// Enabled against enabled.
    pub const ENABLED: Self =
        Self("what is enabled changes, and the other command depends on it or changes it too");
    /// Saved result against saved result.
    pub const SAVED_RESULT: Self =
        Self("a search saves its result, and the other command uses or replaces what `$` means");
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Effects {
    /// A barrier, even for commands that touch nothing at all: what they mean to the client may
    /// depend on where they stand (a NOOP after LOGOUT is never answered).
    fn changes_connection(&self) -> bool {
        let changes = |used: &Use| {
            matches!(used.resource, Resource::Connection) && used.access != Access::Read
        };
        self.uses.iter().any(changes)
    }
}

impl Use {
    /// Whether the accesses alone let both go at once, whatever the resources are.
    ///
    /// Additions commute only within one kind: APPEND to the selected mailbox and `+FLAGS` on
    /// `1:*` are both additions, but the new message gets the flag only in one order.
    fn commutes_with(&self, other: &Self) -> bool {
        match (self.access, other.access) {
            (Access::Read, Access::Read) => true,
            (Access::Add, Access::Add) => self.resource.rank() == other.resource.rank(),
            _ => false,
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
            Resource::Tree(_) => 6,
            Resource::Subscriptions => 7,
            Resource::Enabled => 8,
            Resource::SavedResult => 9,
        }
    }
}
