//! What brings messages: APPEND and REPLACE.

use super::apply::{Doing, no};
use super::{Mailbox, Next, State, Why};
use crate::command::Command;
use crate::dialogue::EntryId;
use peregrine_proto::Status;
use peregrine_proto::response::Code;

impl Doing<'_> {
    pub(super) fn append(&self, state: &State) -> Result<Next, Why> {
        let Command::Append { mailbox: name, .. } = &self.asked.command else {
            return Ok(Next::Same);
        };
        let found = state.mailbox(name);
        let Some((id, _)) = found.filter(|_| self.status_of_reply() == Status::Ok) else {
            return self.may_be_missing(found.is_some());
        };
        let mut made = state.clone();
        self.bring(&mut made, id, self.asked.code())?;
        Ok(Next::Made(vec![made]))
    }

    /// RFC 8508 §3.4: APPEND and UID EXPUNGE of the one message, at once.
    pub(super) fn replace(&self, state: &State) -> Result<Next, Why> {
        self.in_some_view(state, |view| self.replace_in(state, view))
    }

    fn replace_in(&self, state: &State, view: &[EntryId]) -> Result<Next, Why> {
        let Command::Replace { set, mailbox: to, .. } = &self.asked.command else {
            return Ok(Next::Same);
        };
        let (from, mailbox) = self.in_selected(state)?;
        let Some((uids, beyond)) = self.resolve(state, view, set) else {
            no!(self.context, "its message is not known yet")
        };
        let old = uids.first().filter(|uid| mailbox.messages.contains_key(uid));
        let target = state.mailbox(to);
        match self.status_of_reply() {
            Status::Ok if self.is_read_only() => {
                no!(self.context, "it is open for reading only, and the reply is OK")
            }
            Status::Ok => {}
            Status::Bad | Status::No if beyond => return Ok(Next::Same),
            Status::No if target.is_none() || old.is_none() || self.is_read_only() => {
                return Ok(Next::Same);
            }
            status => no!(self.context, "it can be done, and the reply is {}", status.word()),
        }
        let Some(old) = old else {
            no!(self.context, "the message to be replaced is not there, and the reply is OK")
        };
        let Some((target, _)) = target else {
            no!(self.context, "there is no such mailbox, and the reply is OK")
        };
        let mut made = state.clone();
        self.bring(&mut made, target, self.asked.data.copied.as_ref().or(self.asked.code()))?;
        made.change(from).messages.remove(old);
        Ok(Next::Made(vec![made]))
    }

    /// Puts the command's messages into a mailbox, with the UIDs that APPENDUID tells.
    fn bring(&self, made: &mut State, id: usize, code: Option<&Code>) -> Result<(), Why> {
        let messages = self.asked.command.messages();
        let next = made.boxes[id].next;
        let (uids, validity) = match code {
            Some(Code::AppendUid { uid_validity, uids }) => {
                let uids: Vec<u32> = uids.iter().map(|uid| uid.0.get()).collect();
                (uids, Some(uid_validity.0.get()))
            }
            _ if self.context.server.uid_plus && !self.asked.lost => {
                no!(self.context, "APPENDUID is missing")
            }
            _ => ((next..).take(messages.len()).collect(), None),
        };
        if uids.len() != messages.len() {
            no!(self.context, "it brings {} messages, and APPENDUID tells {uids:?}", messages.len())
        }
        for ((token, flags), uid) in messages.into_iter().zip(uids) {
            self.is_next(&made.boxes[id], uid, validity)?;
            made.change(id).add(uid, flags, token.into());
        }
        let mailbox = made.change(id);
        mailbox.validity = mailbox.validity.or(validity);
        Ok(())
    }

    /// Whether a new message can have this UID.
    fn is_next(&self, mailbox: &Mailbox, uid: u32, validity: Option<u32>) -> Result<(), Why> {
        let next = mailbox.next;
        if uid < next || (self.context.server.next_by_one && uid > next) {
            no!(self.context, "the next UID is {next}, and {uid} was given")
        }
        if validity.is_some_and(|validity| !mailbox.has_validity(validity)) {
            no!(self.context, "the UIDVALIDITY was told otherwise before")
        }
        Ok(())
    }
}
