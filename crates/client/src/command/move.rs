//! MOVE (RFC 6851).

use super::IntoName;
use super::copy::{Copied, copied};
use crate::call::Call;
use crate::error::Error;
use crate::mailbox::Mailbox;
use peregrine_proto::CommandBody;
use peregrine_proto::command::{Messages, Move};

impl Mailbox {
    /// Moves messages into a mailbox. `None` where the server does not tell their new UIDs.
    pub fn r#move(&self, messages: impl Into<Messages>, to: impl IntoName) -> Call<Option<Copied>> {
        let capabilities = self.client().capabilities();
        if !capabilities.has("MOVE") && !capabilities.has("IMAP4REV2") {
            return Call::answered(Err(Error::Unsupported("MOVE")));
        }
        let messages = messages.into();
        match to.into_name() {
            Ok(_) if crate::numbers::is_empty(&messages) => Call::answered(Ok(None)),
            Ok(mailbox) => self.call(CommandBody::Move(Move { messages, mailbox }), copied),
            Err(error) => Call::answered(Err(error)),
        }
    }
}
