//! DELETE (RFC 3501).

use crate::MailboxName;

/// The DELETE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delete {
    /// The mailbox to remove.
    pub mailbox: MailboxName,
}
