//! LIST and LSUB responses (RFC 3501 §7.2.2, RFC 3348, RFC 6154).

use crate::MailboxName;
use bytestring::ByteString;
use smallvec::SmallVec;

/// The data of one LIST or LSUB response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListData {
    /// In the server's order.
    pub attributes: SmallVec<[ListAttribute; 4]>,
    /// Hierarchy separator; `None` for NIL.
    pub separator: Option<char>,
    /// The name; empty for the answer to `LIST "" ""`.
    pub mailbox: MailboxName,
}

/// `mbx-list-flags`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ListAttribute {
    /// `\Noinferiors`
    NoInferiors,
    /// `\Noselect`
    NoSelect,
    /// `\NonExistent` (RFC 5258)
    NonExistent,
    /// `\HasChildren` (RFC 3348)
    HasChildren,
    /// `\HasNoChildren`
    HasNoChildren,
    /// `\Marked`
    Marked,
    /// `\Unmarked`
    Unmarked,
    /// `\Subscribed` (RFC 5258)
    Subscribed,
    /// A use (RFC 6154 §2).
    Use(SpecialUse),
    /// Any other, without its backslash.
    Other(ByteString),
}

/// What a mailbox is for (RFC 6154 §2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SpecialUse {
    /// `\All`
    All,
    /// `\Archive`
    Archive,
    /// `\Drafts`
    Drafts,
    /// `\Flagged`
    Flagged,
    /// `\Junk`
    Junk,
    /// `\Sent`
    Sent,
    /// `\Trash`
    Trash,
}
