//! CREATE (RFC 3501).

use crate::MailboxName;

/// The CREATE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Create {
    /// The name to make; a trailing separator is dropped (RFC 3501 §6.3.3).
    pub mailbox: MailboxName,
}
