//! CREATE (RFC 3501 §6.3.3).

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Create;

impl Client {
    /// Makes a mailbox, and those above it that are missing.
    pub fn create(&self, mailbox: impl IntoName) -> Call<()> {
        match mailbox.into_name() {
            Ok(mailbox) => self.call(CommandBody::Create(Create { mailbox }), |_| Ok(())),
            Err(error) => Call::answered(Err(error)),
        }
    }
}
