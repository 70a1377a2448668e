//! UNSUBSCRIBE (RFC 3501).

use crate::MailboxName;

/// The UNSUBSCRIBE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsubscribe {
    /// The name to unsubscribe from.
    pub mailbox: MailboxName,
}
