//! LOGOUT (RFC 3501 §6.1.3).

use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Logout;

impl Client {
    /// Ends the connection when all calls before it are answered. Later ones fail.
    pub fn logout(&self) -> Call<()> {
        self.call(CommandBody::Logout(Logout), |_| Ok(()))
    }
}
