//! CHECK (RFC 3501 §6.4.1).

use crate::call::Call;
use crate::mailbox::Mailbox;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Check;

impl Mailbox {
    /// Asks the server to bring the mailbox in order. Servers that write at once have nothing to do.
    pub fn check(&self) -> Call<()> {
        self.call(CommandBody::Check(Check), |_| Ok(()))
    }
}
