//! EXAMINE (RFC 3501).

use crate::MailboxName;

/// The EXAMINE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Examine {
    /// The mailbox to open for reading only.
    pub mailbox: MailboxName,
}
