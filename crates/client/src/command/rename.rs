//! RENAME (RFC 3501 §6.3.5).

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Rename;

impl Client {
    /// Gives a mailbox, with all below it, another name. Of INBOX, all messages are moved there.
    pub fn rename(&self, from: impl IntoName, to: impl IntoName) -> Call<()> {
        match from.into_name().and_then(|from| Ok(Rename { from, to: to.into_name()? })) {
            Ok(rename) => self.call(CommandBody::Rename(rename), |_| Ok(())),
            Err(error) => Call::answered(Err(error)),
        }
    }
}
