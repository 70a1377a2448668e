//! SELECT (RFC 3501 §6.3.1), and what EXAMINE has in common with it.

use super::IntoName;
use crate::call::{Call, Reply};
use crate::client::Client;
use crate::error::Result;
use crate::mailbox::{Mailbox, MailboxStatus};
use peregrine_proto::command::Select;
use peregrine_proto::command::select::SelectParameters;
use peregrine_proto::{Code, CommandBody, MailboxName, Response};

impl Client {
    /// Selects a mailbox: the one that its [`Mailbox`] and all updates are about from then on. It
    /// waits for calls in the mailbox before.
    pub fn select(&self, mailbox: impl IntoName) -> Call<Mailbox> {
        match mailbox.into_name() {
            Ok(mailbox) => {
                let body = CommandBody::Select(Select {
                    mailbox: mailbox.clone(),
                    parameters: SelectParameters::default(),
                });
                self.call(body, opened(self.clone(), mailbox, false))
            }
            Err(error) => Call::answered(Err(error)),
        }
    }
}

/// Puts together what the server told.
pub(super) fn opened(
    client: Client,
    name: MailboxName,
    examined: bool,
) -> impl FnOnce(Reply) -> Result<Mailbox> {
    move |reply| {
        let mut status = MailboxStatus {
            name,
            exists: 0,
            recent: 0,
            flags: Vec::new(),
            permanent_flags: None,
            new_keywords: false,
            read_only: examined,
            uid_validity: None,
            uid_next: None,
            first_unseen: None,
            highest_mod_seq: None,
        };
        for response in reply.responses {
            match response {
                Response::Exists(count) => status.exists = count,
                Response::Recent(count) => status.recent = count,
                Response::Flags(flags) => status.flags = flags,
                Response::Condition { text, .. } => note(&mut status, text.code),
                _ => {}
            }
        }
        note(&mut status, reply.text.code);
        Ok(Mailbox::new(client, reply.epoch, status))
    }
}

fn note(status: &mut MailboxStatus, code: Option<Code>) {
    match code {
        Some(Code::UidValidity(validity)) => status.uid_validity = Some(validity),
        Some(Code::UidNext(uid)) => status.uid_next = Some(uid),
        Some(Code::Unseen(number)) => status.first_unseen = Some(number),
        Some(Code::HighestModSeq(mod_seq)) => status.highest_mod_seq = Some(mod_seq),
        Some(Code::ReadOnly) => status.read_only = true,
        Some(Code::PermanentFlags { flags, new_keywords }) => {
            status.permanent_flags = Some(flags);
            status.new_keywords = new_keywords;
        }
        // UIDs that mean something else next time are of no use (RFC 4315 §3).
        Some(Code::UidNotSticky) => status.uid_validity = None,
        _ => {}
    }
}
