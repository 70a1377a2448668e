//! What can go wrong in an engine, told apart by what the caller should do about it.

use std::io;
use std::sync::Arc;

/// Why an engine could not do what was asked.
///
/// Cheap to clone, because one failed sync is the answer to every transaction of its group.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused a read or a write.
    #[error("input or output failed: {0}")]
    Io(Arc<io::Error>),
    /// No space is left (disk, quota or a configured bound). Nothing was changed, and the engine
    /// goes on: deleting or waiting may help.
    #[error("no space is left in the store")]
    Full,
    /// Stored bytes are not those that were written.
    #[error("stored data is damaged: {what}")]
    Corrupt {
        /// What was found to be damaged, for the log.
        what: String,
    },
    /// A key, a value, a topic or a whole transaction is above its limit. Nothing was changed.
    #[error("{what} is {size} bytes long, {limit} are allowed")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The largest allowed size in bytes.
        limit: usize,
    },
    /// The request contradicts itself: a fault of the caller. Nothing was changed.
    #[error("the request is not valid: {0}")]
    Invalid(&'static str),
    /// The named object does not exist.
    #[error("the object does not exist")]
    NotFound,
    /// The store writes no more, after a failed sync or because it was closed. Reads go on.
    #[error("the store has stopped writing")]
    Stopped,
    /// Anything else the engine said.
    #[error("the engine failed: {0}")]
    Engine(String),
}

impl Error {
    /// Damaged data, described by `what`.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    /// Whether the cause is a lack of space.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::NotFound => Self::NotFound,
            _ => Self::Io(Arc::new(error)),
        }
    }
}

/// Why a transaction was not committed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The expectation of this index does not hold. Nothing was changed; read again and retry.
    #[error("expectation {0} does not hold")]
    Expectation(usize),
    /// The engine failed. Nothing of the transaction is visible, and nothing was changed, with one
    /// exception: when the sync itself failed, later answers are [`Error::Stopped`], and only
    /// opening the store again shows whether the transaction reached the disk.
    #[error(transparent)]
    Failed(#[from] Error),
}
