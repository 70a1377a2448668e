//! SUBSCRIBE (RFC 3501).

use crate::MailboxName;

/// The SUBSCRIBE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscribe {
    /// The name to subscribe to.
    pub mailbox: MailboxName,
}
