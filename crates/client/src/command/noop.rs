//! NOOP (RFC 3501 §6.1.2).

use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Noop;

impl Client {
    /// Does nothing; the server tells what has changed, as [updates](Client::updates).
    pub fn noop(&self) -> Call<()> {
        self.call(CommandBody::Noop(Noop), |_| Ok(()))
    }
}
