//! UNSUBSCRIBE (RFC 3501 §6.3.7).

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Unsubscribe;

impl Client {
    /// Takes a name off the list of subscriptions.
    pub fn unsubscribe(&self, mailbox: impl IntoName) -> Call<()> {
        match mailbox.into_name() {
            Ok(mailbox) => self.call(CommandBody::Unsubscribe(Unsubscribe { mailbox }), |_| Ok(())),
            Err(error) => Call::answered(Err(error)),
        }
    }
}
