//! APPEND (RFC 3501).

use crate::{DateTime, Flag, MailboxName};
use bytes::Bytes;
use smallvec::SmallVec;

/// The APPEND command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// Where to.
    pub mailbox: MailboxName,
    /// Flags to set; may be empty.
    pub flags: SmallVec<[Flag; 4]>,
    /// INTERNALDATE; the time of arrival where none is given.
    pub date: Option<DateTime>,
    /// The message itself.
    pub message: Literal,
}

/// An APPEND's message: in memory, or streamed by the framer to the caller's storage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Literal {
    /// The octets themselves.
    Inline(Bytes),
    /// The octets went to the caller's storage under this number; so many they were.
    Spooled {
        /// The framer's number for this literal, unique in the connection.
        id: u64,
        /// Octets.
        length: u32,
    },
}
