//! CREATE (RFC 3501 §6.3.3).

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Create;
use smallvec::SmallVec;

impl Client {
    /// Makes a mailbox, and those above it that are missing.
    pub fn create(&self, mailbox: impl IntoName) -> Call<()> {
        match mailbox.into_name() {
            Ok(mailbox) => {
                let uses = SmallVec::new();
                self.call(CommandBody::Create(Create { mailbox, uses }), |_| Ok(()))
            }
            Err(error) => Call::answered(Err(error)),
        }
    }
}
