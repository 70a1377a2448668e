//! UNAUTHENTICATE (RFC 8437).

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Unauthenticate;

impl Client {
    /// Leaves the user, so that another can log in on this connection. Nothing but TLS stays: no
    /// mailbox is selected, nothing enabled, nothing compressed.
    pub fn unauthenticate(&self) -> Call<()> {
        if !self.capabilities().has("UNAUTHENTICATE") {
            return Call::answered(Err(Error::Unsupported("UNAUTHENTICATE")));
        }
        let pending = self.send(CommandBody::Unauthenticate(Unauthenticate), None, None);
        let client = self.clone();
        Call::steps(async move {
            pending.await?;
            client.know_capabilities().await
        })
    }
}
