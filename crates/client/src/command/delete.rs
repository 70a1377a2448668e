//! DELETE (RFC 3501 §6.3.4).

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Delete;

impl Client {
    /// Deletes a mailbox with all its messages.
    pub fn delete(&self, mailbox: impl IntoName) -> Call<()> {
        match mailbox.into_name() {
            Ok(mailbox) => self.call(CommandBody::Delete(Delete { mailbox }), |_| Ok(())),
            Err(error) => Call::answered(Err(error)),
        }
    }
}
