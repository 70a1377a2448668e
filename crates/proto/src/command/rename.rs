//! RENAME (RFC 3501).

use crate::MailboxName;

/// The RENAME command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rename {
    /// The present name.
    pub from: MailboxName,
    /// The name to be.
    pub to: MailboxName,
}
