//! STATUS (RFC 3501 §6.3.10).

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use peregrine_proto::command::Status;
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::response::StatusData;
use peregrine_proto::{CommandBody, Response};

impl Client {
    /// Counts of a mailbox that need not be selected. Of the selected one, servers need not tell
    /// the truth (RFC 3501 §6.3.10): its updates do.
    pub fn status(&self, mailbox: impl IntoName, items: &[StatusItem]) -> Call<StatusData> {
        if items.is_empty() {
            return Call::answered(Err(Error::Argument("STATUS needs an item")));
        }
        let mailbox = match mailbox.into_name() {
            Ok(mailbox) => mailbox,
            Err(error) => return Call::answered(Err(error)),
        };
        let status = Status { mailbox, items: items.into() };
        self.call(CommandBody::Status(status), |reply| {
            reply.last("STATUS", |response| match response {
                Response::Status(data) => Some(data),
                _ => None,
            })
        })
    }
}
