//! Whether a command's answer can be what it is, where the command is done at this moment.

use super::{Context, Next, State, Why};
use crate::command::{Command, Set};
use crate::dialogue::{Asked, EntryId, Message, Told};
use crate::flags;
use peregrine_proto::Status;
use peregrine_proto::response::Code;
use std::rc::Rc;

/// Ends with a reason, if reasons are wanted.
macro_rules! no {
    ($context:expr, $($words:tt)*) => {
        return Err(if $context.words { format!($($words)*) } else { String::new() })
    };
}
pub(super) use no;

/// A command of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Doing<'a> {
    pub context: Context<'a>,
    pub connection: usize,
    pub asked: &'a Asked,
    /// Views that its numbers may be meant in: those from its start to its reply.
    pub views: &'a [Rc<[EntryId]>],
    /// What FETCH told of the selected mailbox meanwhile.
    pub told: &'a [&'a Message],
}

impl Doing<'_> {
    /// Does the command: what comes of it, or why its answer cannot be this.
    pub fn apply(&self, state: &State) -> Result<Next, Why> {
        if self.asked.reply.is_none() {
            return Ok(if self.asked.lost { self.perhaps(state) } else { Next::Same });
        }
        let status = self.status_of_reply();
        if self.asked.command.in_selected() && self.asked.selection.is_none() {
            return match status {
                Status::Ok => no!(self.context, "no mailbox is selected, so it must be refused"),
                _ => Ok(Next::Same),
            };
        }
        if self.asked.enabled.uid_only && self.asked.command.by_number() {
            return match self.asked.code() {
                Some(Code::UidRequired) if status == Status::Bad => Ok(Next::Same),
                _ => no!(self.context, "it goes by numbers, and UIDONLY is enabled"),
            };
        }
        if status != Status::Ok && self.is_excused() {
            return Ok(Next::Same);
        }
        self.done(state)
    }

    /// Nobody knows whether it was done.
    fn perhaps(&self, state: &State) -> Next {
        let selected = self.asked.selection.filter(|_| self.asked.command.in_selected());
        let alive = selected.is_some_and(|it| state.is_named(self.connection, it));
        // In a mailbox that is deleted nothing is done that anybody could see.
        if self.asked.command.in_selected() && !alive {
            return Next::Same;
        }
        match self.done(state) {
            Ok(Next::Made(mut made)) => {
                made.insert(0, state.clone());
                Next::Made(made)
            }
            _ => Next::Same,
        }
    }

    fn done(&self, state: &State) -> Result<Next, Why> {
        let status = self.status_of_reply();
        match &self.asked.command {
            Command::Oversize(_) | Command::Nonsense => match status {
                Status::Ok => no!(self.context, "it must be refused"),
                _ => Ok(Next::Same),
            },
            Command::Fetch { .. } => self.fetch(state),
            Command::Search { .. } => self.search(state),
            Command::Status(name) => self.status(state, name),
            Command::List(pattern) => self.list(state, pattern, false),
            Command::Lsub(pattern) => self.list(state, pattern, true),
            Command::Append { .. } => self.append(state),
            Command::Store { .. } => self.store(state),
            Command::Copy { set, to } => self.copy(state, set, to, false),
            Command::Move { set, to } => self.copy(state, set, to, true),
            Command::Replace { .. } => self.replace(state),
            Command::Expunge => self.expunge(state, None),
            Command::UidExpunge(set) => self.expunge(state, Some(set)),
            Command::Close if status == Status::Ok => self.expunge(state, None),
            Command::Select { name, .. } => self.select(state, name),
            Command::Create(name) => self.create(state, name),
            Command::Delete(name) => self.delete(state, name),
            Command::Rename(from, to) => self.rename(state, from, to),
            Command::Subscribe(name) => self.subscribe(state, name, true),
            Command::Unsubscribe(name) => self.subscribe(state, name, false),
            Command::Noop | Command::Check | Command::Idle | Command::Close => self.must_be_ok(),
            Command::Enable { .. } => self.must_be_ok(),
            Command::Unselect | Command::Capability | Command::Logout => self.must_be_ok(),
        }
    }

    fn is_excused(&self) -> bool {
        self.context.server.excused
            && matches!(
                self.asked.code(),
                Some(
                    Code::Limit
                        | Code::InUse
                        | Code::Unavailable
                        | Code::OverQuota
                        | Code::NoPerm
                        | Code::ContactAdmin
                )
            )
    }

    pub(super) fn status_of_reply(&self) -> Status {
        self.asked.reply.as_ref().map_or(Status::Ok, |reply| reply.status)
    }

    fn must_be_ok(&self) -> Result<Next, Why> {
        match self.status_of_reply() {
            Status::Ok => Ok(Next::Same),
            status => no!(self.context, "it can be done, and the reply is {}", status.word()),
        }
    }

    pub(super) fn is_read_only(&self) -> bool {
        let selection = self.asked.selection;
        selection
            .is_some_and(|one| self.context.dialogues[self.connection].selections[one].read_only)
    }

    /// The UIDs that a set names in a view, in the view's order; whether a number lies behind the
    /// last message. `None` where some message is not known yet.
    pub(super) fn resolve(
        &self,
        state: &State,
        view: &[EntryId],
        set: &Set,
    ) -> Option<(Vec<u32>, bool)> {
        let uid = |entry: &EntryId| state.uid(self.connection, *entry);
        if set.is_saved() {
            let mut uids: Vec<u32> = view.iter().filter_map(uid).collect();
            uids.retain(|uid| state.saved[self.connection].contains(uid));
            return Some((uids, false));
        }
        if set.uid {
            let uids: Option<Vec<u32>> = view.iter().map(uid).collect();
            let mut uids = uids?;
            let last = uids.last().copied().unwrap_or(0);
            uids.retain(|uid| set.holds(*uid, last));
            return Some((uids, false));
        }
        let last = view.len() as u32;
        let named = view.iter().zip(1..).filter(|(_, number)| set.holds(*number, last));
        let uids: Option<Vec<u32>> = named.map(|(entry, _)| uid(entry)).collect();
        Some((uids?, view.is_empty() || set.greatest() > last))
    }

    pub(super) fn entry_of(&self, state: &State, view: &[EntryId], uid: u32) -> Option<EntryId> {
        view.iter().copied().find(|entry| state.uid(self.connection, *entry) == Some(uid))
    }
}

impl Context<'_> {
    /// Whether something told can be true at this moment, and what it makes known.
    pub fn observe(
        &self,
        state: &State,
        connection: usize,
        selection: usize,
        told: &Told,
    ) -> Result<Next, Why> {
        let Some(mailbox) = state.of_selection(connection, selection) else {
            no!(self, "the mailbox was not selected yet")
        };
        match told {
            Told::More(new) => self.more(state, connection, selection, new),
            Told::Deleted if state.is_named(connection, selection) => {
                no!(self, "the mailbox is there, and the server says BYE")
            }
            Told::Deleted => Ok(Next::Same),
            Told::Gone(entry) => match state.uid(connection, *entry) {
                None => no!(self, "nothing is known of the message that is said to be gone"),
                Some(uid) if mailbox.messages.contains_key(&uid) => {
                    no!(self, "the message with UID {uid} is still there")
                }
                Some(_) => Ok(Next::Same),
            },
            Told::Message(Message { entry, flags, token, size, .. }) => {
                let Some(uid) = state.uid(connection, *entry) else {
                    no!(self, "nothing is known of this message yet")
                };
                // RFC 2180 §4.1: what is gone may still be told of as it was.
                let Some(message) = mailbox.messages.get(&uid) else { return Ok(Next::Same) };
                if let Some(flags) = flags.filter(|flags| *flags != message.flags) {
                    let (told, real) = (flags::names(flags), flags::names(message.flags));
                    no!(self, "UID {uid} has the flags ({real}), not ({told})")
                }
                if let Some(token) = token.as_deref().filter(|token| *token != &*message.token) {
                    no!(self, "UID {uid} holds `{}`, not `{token}`", message.token)
                }
                if let Some(size) = size.filter(|size| *size != message.text_octets()) {
                    no!(
                        self,
                        "the text of UID {uid} has {} octets, not {size}",
                        message.text_octets()
                    )
                }
                Ok(Next::Same)
            }
        }
    }

    /// EXISTS: the new messages are those behind the last one that was ever told.
    fn more(
        &self,
        state: &State,
        connection: usize,
        selection: usize,
        new: &[EntryId],
    ) -> Result<Next, Why> {
        let Some(mailbox) = state.of_selection(connection, selection) else {
            return Ok(Next::Same);
        };
        let entries = &self.dialogues[connection].entries;
        let mine = entries.iter().zip(0..).filter(|(entry, _)| entry.selection == selection);
        let top = mine.filter_map(|(_, entry)| state.uid(connection, entry)).max().unwrap_or(0);
        let uids: Vec<u32> = mailbox.messages.range(top + 1..).map(|(uid, _)| *uid).collect();
        if uids.len() != new.len() {
            no!(self, "{} new messages are there, not {}", uids.len(), new.len())
        }
        let mut made = state.clone();
        for (entry, uid) in new.iter().zip(uids) {
            if let Some(told) = entries[*entry].uid.filter(|told| *told != uid) {
                no!(self, "the new message has UID {uid}, not {told}")
            }
            made.bind(connection, *entry, uid);
        }
        Ok(Next::Made(vec![made]))
    }

    /// Whether the client's view and the flags that it was told at last are what there is.
    pub fn settled(
        &self,
        state: &State,
        connection: usize,
        selection: usize,
        view: &[(EntryId, Option<u16>)],
    ) -> Result<Next, Why> {
        let Some(mailbox) = state.of_selection(connection, selection) else {
            no!(self, "the mailbox was not selected")
        };
        if !state.is_named(connection, selection) {
            no!(self, "the mailbox is deleted, and the client was not told so")
        }
        let uids = view.iter().map(|(entry, _)| state.uid(connection, *entry));
        let uids: Vec<u32> = uids.map(Option::unwrap_or_default).collect();
        if !uids.iter().eq(mailbox.messages.keys()) {
            let real: Vec<u32> = mailbox.messages.keys().copied().collect();
            no!(self, "the client was told of UIDs {uids:?}, there are {real:?}")
        }
        for ((_, told), (uid, message)) in view.iter().zip(&mailbox.messages) {
            if let Some(told) = told.filter(|told| *told != message.flags) {
                let (told, real) = (flags::names(told), flags::names(message.flags));
                no!(self, "UID {uid} has the flags ({real}), and ({told}) was told at last")
            }
        }
        Ok(Next::Same)
    }
}
