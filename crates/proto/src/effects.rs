//! What each command touches, and the one judgement whether two commands may run at once
//! (RFC 3501 §5.5).
//!
//! A command declares its [`Effects`] from its arguments alone. [`conflicts`] judges a pair; the
//! server's scheduler and the client use nothing else.

use crate::MailboxName;
use crate::command::Messages;
use smallvec::SmallVec;

/// What a command touches and how it answers.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// What it touches, each with the way it does.
    pub uses: SmallVec<[Use; 4]>,
    /// Untagged data that does not name its command: given to the oldest pending one by clients,
    /// so it is sent in order of sending among its kind.
    pub answers: Option<Answer>,
    /// Sequence numbers occur in the command or its answers: no EXPUNGE is told meanwhile
    /// (RFC 3501 §7.4.1).
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

/// Reading and reading never conflict; anything else does where the resources overlap.
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
    /// The connection as a whole: with anything else, in either order (STARTTLS, LOGIN, LOGOUT, IDLE).
    Connection,
    /// Which mailbox is selected.
    Selection,
    /// Which messages the selected mailbox holds, and their numbering.
    Existence(Scope),
    /// Flags of messages in the selected mailbox.
    Flags(Scope),
    /// A mailbox by name: which messages it holds, their flags and counts.
    Contents(MailboxName),
    /// Names: one mailbox and all below it, or the whole tree.
    Tree(Option<MailboxName>),
    /// The list of subscriptions.
    Subscriptions,
    /// What has been enabled.
    Enabled,
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
    /// LSUB
    Lsub,
    /// STATUS
    Status,
    /// SEARCH
    Search,
    /// CAPABILITY
    Capability,
    /// NAMESPACE
    Namespace,
    /// ID
    Id,
    /// ENABLED
    Enabled,
}

/// Why one command must wait for another: the resource in words, for traces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflict(pub &'static str);

/// Whether `later` must wait for `earlier`, and for what. `selected` is the name of the mailbox
/// that is selected now, so that APPEND to it and FETCH from it are known to meet.
pub fn conflicts(
    earlier: &Effects,
    later: &Effects,
    selected: Option<&MailboxName>,
) -> Option<Conflict> {
    let _ = (earlier, later, selected);
    Some(Conflict("not judged"))
}
