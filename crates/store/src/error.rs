//! What can go wrong in the store, told apart by the response code that a client should read.

use peregrine_kv::CommitError;

/// Why an operation had no effect. Each kind stands for one response code (RFC 5530 §3 and
/// others), named at each variant; the words in it are fit for a client.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// `NONEXISTENT`: no such account or mailbox (`TRYCREATE` where it is a target).
    #[error("there is no such {0}")]
    NonExistent(&'static str),
    /// `ALREADYEXISTS`: the name is taken.
    #[error("there is already such a {0}")]
    AlreadyExists(&'static str),
    /// `CANNOT`: it can never be done this way.
    #[error("{0}")]
    Cannot(&'static str),
    /// `CANNOT` (`TRYCREATE` where it is a target): a name without a mailbox (`\Noselect`); CREATE makes
    /// one of it.
    #[error("the name only has children; it holds no messages")]
    OnlyAName,
    /// `HASCHILDREN`: names lie below it, so it cannot be deleted (RFC 9051 §6.3.5).
    #[error("the name has children; delete these first")]
    HasChildren,
    /// `USEATTR`: a special use belongs to one mailbox (RFC 6154 §3).
    #[error("another mailbox has this use already")]
    UseTaken,
    /// `LIMIT`: one of our bounds is reached.
    #[error("{0}")]
    Limit(&'static str),
    /// `TOOBIG`: the message is longer than is taken.
    #[error("the message is {size} octets long, {limit} are allowed")]
    TooBig {
        /// Its octets.
        size: u64,
        /// The most that is taken.
        limit: u64,
    },
    /// `EXPUNGEISSUED`: messages that were named are gone (RFC 2180 §4.4.1).
    #[error("some of the messages no longer exist")]
    Expunged,
    /// `BADCHARSET`: the search's character set is not known.
    #[error("the character set is not known")]
    BadCharset,
    /// `OVERQUOTA`: no space is left. Nothing was changed; deleting helps.
    #[error("no space is left in the store")]
    Full,
    /// `CORRUPTION`: stored data is not what was written. The words are for the log.
    #[error("stored data is damaged")]
    Corrupt {
        /// What is damaged.
        what: String,
    },
    /// `UNAVAILABLE`: the store does not work now; the words are for the log.
    #[error("the store is not available")]
    Unavailable {
        /// What the engine said.
        cause: String,
    },
    /// `UNAVAILABLE`: nothing is saved any more until the store is opened again, since a sync has
    /// failed. What is there can be read.
    #[error("the store has stopped: nothing is saved any more")]
    Stopped,
    /// `SERVERBUG`: our own fault; the words are for the log.
    #[error("the store failed")]
    Bug {
        /// What happened.
        what: String,
    },
}

impl Error {
    /// Damaged data, described by `what`.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    /// A fault of ours, described by `what`.
    pub(crate) fn bug(what: impl Into<String>) -> Self {
        Self::Bug { what: what.into() }
    }
}

impl From<peregrine_kv::Error> for Error {
    fn from(error: peregrine_kv::Error) -> Self {
        use peregrine_kv::Error as Kv;
        match error {
            Kv::Full => Self::Full,
            Kv::Corrupt { what } => Self::Corrupt { what },
            Kv::NotFound => Self::corrupt("an object is missing"),
            Kv::TooLarge { what: "a transaction", .. } => {
                Self::Limit("the change is too large to be made at once; make it in parts")
            }
            Kv::TooLarge { .. } | Kv::Invalid(_) => Self::bug(error.to_string()),
            Kv::Stopped => Self::Stopped,
            Kv::Io(_) | Kv::Engine(_) => Self::Unavailable { cause: error.to_string() },
        }
    }
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Failed(error) => error.into(),
            CommitError::Expectation(_) => {
                Self::Unavailable { cause: "another process keeps changing the account".into() }
            }
        }
    }
}
