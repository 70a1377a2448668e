//! STATUS response (RFC 3501 §7.2.4).

use crate::MailboxName;
use crate::command::status::StatusItem;
use smallvec::SmallVec;

/// The data of a STATUS response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusData {
    /// Which mailbox.
    pub mailbox: MailboxName,
    /// Items and values, in the server's order; may be empty.
    pub items: SmallVec<[(StatusItem, u64); 6]>,
}
