//! Changes, one file each: functions of the state in memory and of the transaction that is built.
//!
//! An operation first asks for every mailbox that it needs, then judges, then changes: so one that
//! fails has no effect, and one that must wait for a mailbox to be loaded can begin anew.

pub(crate) mod adopt;
pub(crate) mod append;
pub(crate) mod copy;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod expunge;
pub(crate) mod fill;
pub(crate) mod flags;
pub(crate) mod furnish;
pub(crate) mod open;
pub(crate) mod rename;
pub(crate) mod replace;
pub(crate) mod subscribe;

use crate::account::Batch;
use crate::{Error, MailboxId};

/// One change of an account.
pub(crate) trait Operation: Send + Sync + 'static {
    /// What the caller is told once the change is durable.
    type Answer: Send + 'static;

    /// Octets that it adds to a transaction, roughly.
    fn octets(&self) -> usize {
        0
    }

    /// Makes the change, or nothing.
    fn apply(&self, batch: &mut Batch) -> Result<Self::Answer, Failure>;
}

/// Why an operation could not be applied.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It needs this mailbox in memory first.
    Load(MailboxId),
    /// It fails.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
