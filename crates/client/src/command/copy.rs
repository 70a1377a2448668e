//! COPY (RFC 3501 §6.4.7), and what MOVE has in common with it.

use super::IntoName;
use crate::call::{Call, Reply};
use crate::error::Result;
use crate::mailbox::Mailbox;
use peregrine_proto::command::{Copy, Messages};
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, CommandBody, Response, UidSet, UidValidity};

/// Where the messages have come to (RFC 4315 §3): the sets pair by position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// Of the target.
    pub uid_validity: UidValidity,
    /// UIDs in the selected mailbox, in the order in which they were copied.
    pub source: UidSet,
    /// UIDs in the target.
    pub target: UidSet,
}

impl Mailbox {
    /// Copies messages into a mailbox, all or none. `None` where the server does not tell their
    /// new UIDs.
    pub fn copy(&self, messages: impl Into<Messages>, to: impl IntoName) -> Call<Option<Copied>> {
        let messages = messages.into();
        match to.into_name() {
            Ok(_) if crate::numbers::is_empty(&messages) => Call::answered(Ok(None)),
            Ok(mailbox) => self.call(CommandBody::Copy(Copy { messages, mailbox }), copied),
            Err(error) => Call::answered(Err(error)),
        }
    }
}

pub(super) fn copied(reply: Reply) -> Result<Option<Copied>> {
    let code = |text: ResponseText| match text.code {
        Some(Code::CopyUid { uid_validity, source, target }) => {
            Some(Copied { uid_validity, source, target })
        }
        _ => None,
    };
    let untagged = |response| match response {
        Response::Condition { text, .. } => code(text),
        _ => None,
    };
    Ok(reply.responses.into_iter().find_map(untagged).or_else(|| code(reply.text)))
}
