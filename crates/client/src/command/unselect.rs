//! UNSELECT (RFC 3691).

use crate::call::Call;
use crate::mailbox::Mailbox;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Unselect;

impl Mailbox {
    /// Leaves the mailbox and removes nothing.
    pub fn unselect(&self) -> Call<()> {
        self.call(CommandBody::Unselect(Unselect), |_| Ok(()))
    }
}
