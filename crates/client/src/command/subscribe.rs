//! SUBSCRIBE (RFC 3501 §6.3.6).

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Subscribe;

impl Client {
    /// Adds a name to the list of subscriptions.
    pub fn subscribe(&self, mailbox: impl IntoName) -> Call<()> {
        match mailbox.into_name() {
            Ok(mailbox) => self.call(CommandBody::Subscribe(Subscribe { mailbox }), |_| Ok(())),
            Err(error) => Call::answered(Err(error)),
        }
    }
}
