//! SELECT (RFC 3501).

use crate::MailboxName;

/// The SELECT command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Select {
    /// The mailbox to open for reading and writing.
    pub mailbox: MailboxName,
}
