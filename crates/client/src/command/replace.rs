//! REPLACE (RFC 8508).

use super::{Appended, IntoName};
use crate::call::Call;
use crate::error::Error;
use crate::mailbox::Mailbox;
use bytes::Bytes;
use peregrine_proto::command::Replace;
use peregrine_proto::command::append::{AppendMessage, Literal};
use peregrine_proto::command::replace::Replaced;
use peregrine_proto::number::Bound;
use peregrine_proto::{Code, CommandBody, Flag, Response, Uid};

impl Mailbox {
    /// Puts a message into a mailbox in the place of another of this one, which goes: as one
    /// change, such as the next version of a draft. `None` where the server does not tell the new
    /// UID.
    pub fn replace(
        &self,
        old: Uid,
        to: impl IntoName,
        flags: impl IntoIterator<Item = Flag>,
        message: impl Into<Bytes>,
    ) -> Call<Option<Appended>> {
        if !self.client().capabilities().has("REPLACE") {
            return Call::answered(Err(Error::Unsupported("REPLACE")));
        }
        let mailbox = match to.into_name() {
            Ok(mailbox) => mailbox,
            Err(error) => return Call::answered(Err(error)),
        };
        let (flags, message) = (flags.into_iter().collect(), Literal::Inline(message.into()));
        let new = AppendMessage { flags, date: None, message, binary: false };
        let replace = Replace { old: Replaced::Uid(Bound::Number(old)), mailbox, new };
        self.call(CommandBody::Replace(replace), |reply| {
            let told = reply.responses.into_iter().filter_map(|response| match response {
                Response::Condition { text, .. } => text.code,
                _ => None,
            });
            Ok(told.chain(reply.text.code).find_map(|code| match code {
                Code::AppendUid { uid_validity, uids } => Some(Appended { uid_validity, uids }),
                _ => None,
            }))
        })
    }
}
