//! CAPABILITY (RFC 3501 §6.1.1).

use crate::call::Call;
use crate::capabilities::Capabilities;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Capability;
use std::sync::Arc;

impl Client {
    /// Asks what the server can do. Seldom needed: it is asked after the greeting and after login,
    /// see [`Client::capabilities`].
    pub fn capability(&self) -> Call<Arc<Capabilities>> {
        let client = self.clone();
        self.call(CommandBody::Capability(Capability), move |_| Ok(client.capabilities()))
    }
}
