//! EXAMINE (RFC 3501 §6.3.2).

use super::IntoName;
use super::select::opened;
use crate::call::Call;
use crate::client::Client;
use crate::mailbox::Mailbox;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Examine;
use peregrine_proto::command::select::SelectParameters;

impl Client {
    /// Selects a mailbox for reading only.
    pub fn examine(&self, mailbox: impl IntoName) -> Call<Mailbox> {
        match mailbox.into_name() {
            Ok(mailbox) => {
                let body = CommandBody::Examine(Examine {
                    mailbox: mailbox.clone(),
                    parameters: SelectParameters::default(),
                });
                self.call(body, opened(self.clone(), mailbox, true))
            }
            Err(error) => Call::answered(Err(error)),
        }
    }
}
