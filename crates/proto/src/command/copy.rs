//! COPY (RFC 3501).

use super::Messages;
use crate::MailboxName;

/// The COPY command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copy {
    /// Which messages.
    pub messages: Messages,
    /// Where to.
    pub mailbox: MailboxName,
}
