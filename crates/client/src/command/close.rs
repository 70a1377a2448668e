//! CLOSE (RFC 3501 §6.4.2).

use crate::call::Call;
use crate::mailbox::Mailbox;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Close;

impl Mailbox {
    /// Leaves the mailbox and removes for good what is marked \\Deleted, without telling what.
    pub fn close(&self) -> Call<()> {
        self.call(CommandBody::Close(Close), |_| Ok(()))
    }
}
