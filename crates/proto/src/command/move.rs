//! MOVE (RFC 3501).

use super::Messages;
use crate::MailboxName;

/// The MOVE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Move {
    /// Which messages.
    pub messages: Messages,
    /// Where to.
    pub mailbox: MailboxName,
}
