//! A command that has started: what the caller runs.

use crate::{Enabled, Host, View};
use peregrine_proto::{CommandBody, MailboxName, ModSeq, Tag};
use std::sync::Arc;

/// Names a job within its session; never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct JobId(pub u64);

/// A command to run now. The caller answers with blocks, prompts and one
/// [`Outcome`](crate::Outcome).
pub struct Job<H: Host> {
    /// Which job.
    pub id: JobId,
    /// The client's tag.
    pub tag: Tag,
    /// What it asks. It is legal in the state that `context` shows.
    pub body: Box<CommandBody>,
    /// The connection's state as this command sees it.
    pub context: Context<H>,
    /// What the client has enabled.
    pub enabled: Enabled,
}

/// The states of RFC 3501 §3 in which commands run.
pub enum Context<H: Host> {
    /// Nobody has logged in.
    NotAuthenticated,
    /// Somebody has; no mailbox is selected.
    Authenticated(H::Account),
    /// A mailbox is selected.
    Selected(H::Account, Arc<Selected<H>>),
}

/// The selected mailbox.
pub struct Selected<H: Host> {
    /// The mailbox.
    pub mailbox: H::Mailbox,
    /// Its name when it was selected.
    pub name: MailboxName,
    /// What the client has been told of it: what this command's numbers mean.
    pub view: View<H::Snapshot>,
    /// The client knows the flags of every message up to this version, which may be older than the
    /// view's: see [`OwnChange::replaced`](crate::OwnChange::replaced).
    pub known: ModSeq,
    /// EXAMINE.
    pub read_only: bool,
}

impl<H: Host> Context<H> {
    /// Who is logged in.
    pub fn account(&self) -> Option<&H::Account> {
        match self {
            Self::NotAuthenticated => None,
            Self::Authenticated(account) | Self::Selected(account, _) => Some(account),
        }
    }

    /// The selected mailbox.
    pub fn selected(&self) -> Option<&Selected<H>> {
        match self {
            Self::Selected(_, selected) => Some(selected),
            _ => None,
        }
    }
}

impl<H: Host> Clone for Context<H> {
    fn clone(&self) -> Self {
        match self {
            Self::NotAuthenticated => Self::NotAuthenticated,
            Self::Authenticated(account) => Self::Authenticated(account.clone()),
            Self::Selected(account, selected) => Self::Selected(account.clone(), selected.clone()),
        }
    }
}
