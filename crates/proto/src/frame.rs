//! Decides where a client's command ends, without understanding it.

use bytes::Bytes;
use smallvec::SmallVec;

/// One whole command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The command with its literals in place, without the last line's end.
    pub text: Bytes,
    /// Literals that went to the caller's storage; their octets are absent from `text`.
    pub spooled: SmallVec<[Spooled; 1]>,
}

/// A literal that went to the caller's storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spooled {
    /// Where its octets would be: the offset in the frame's text right behind `{n}` CRLF.
    pub at: usize,
    /// The framer's number for it, unique in the connection.
    pub id: u64,
    /// Octets.
    pub length: u32,
}
