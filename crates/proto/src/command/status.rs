//! STATUS (RFC 3501).

use crate::MailboxName;
use smallvec::SmallVec;

/// The STATUS command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// The mailbox asked about.
    pub mailbox: MailboxName,
    /// What is asked, at least one item, in the client's order.
    pub items: SmallVec<[StatusItem; 6]>,
}

/// `status-att`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StatusItem {
    /// `MESSAGES`
    Messages,
    /// `RECENT`
    Recent,
    /// `UIDNEXT`
    UidNext,
    /// `UIDVALIDITY`
    UidValidity,
    /// `UNSEEN`: how many have no \Seen.
    Unseen,
}
