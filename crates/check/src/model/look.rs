//! Commands that only look: FETCH (which may set `\Seen`), STATUS, LIST, LSUB, SELECT.

use super::apply::{Doing, no};
use super::{Mailbox, Next, State, Why};
use crate::command::{Command, What};
use crate::dialogue::EntryId;
use crate::flags;
use crate::order::fits;
use peregrine_proto::Status;
use peregrine_proto::command::status::StatusItem;
use std::rc::Rc;

impl Doing<'_> {
    fn selected<'s>(&self, state: &'s State) -> Result<(usize, &'s Mailbox), Why> {
        let opened = self.asked.selection.and_then(|one| state.opened[self.connection][one]);
        match opened {
            Some(id) => Ok((id, &state.boxes[id])),
            None => no!(self.context, "the mailbox was not selected yet"),
        }
    }

    pub(super) fn in_selected<'s>(&self, state: &'s State) -> Result<(usize, &'s Mailbox), Why> {
        self.selected(state)
    }

    /// Tries each view that the numbers may be meant in; what comes of any of them.
    pub(super) fn in_some_view(
        &self,
        state: &State,
        attempt: impl Fn(&[EntryId]) -> Result<Next, Why>,
    ) -> Result<Next, Why> {
        let mut made = Vec::new();
        let (mut same, mut why) = (false, String::new());
        for view in self.views {
            match attempt(view) {
                Ok(Next::Same) => same = true,
                Ok(Next::Made(states)) => made.extend(states),
                Err(reason) => why = reason,
            }
        }
        match (made.is_empty(), same) {
            (true, true) => return Ok(Next::Same),
            (true, false) => return Err(why),
            (false, true) => made.push(state.clone()),
            (false, false) => {}
        }
        Ok(Next::Made(made))
    }

    pub(super) fn fetch(&self, state: &State) -> Result<Next, Why> {
        self.in_some_view(state, |view| self.fetch_in(state, view))
    }

    fn fetch_in(&self, state: &State, view: &[EntryId]) -> Result<Next, Why> {
        let Command::Fetch { set, what, since } = &self.asked.command else {
            return Ok(Next::Same);
        };
        let (id, mailbox) = self.selected(state)?;
        let Some((uids, beyond)) = self.resolve(state, view, set) else {
            no!(self.context, "its messages are not known yet")
        };
        let living = uids.iter().filter(|uid| mailbox.messages.contains_key(uid)).copied();
        let living: Vec<u32> = living.collect();
        match self.status_of_reply() {
            // RFC 2180 §4.1.2.
            Status::No if living.len() < uids.len() => return Ok(Next::Same),
            Status::Bad | Status::No if beyond => return Ok(Next::Same),
            Status::Ok => {}
            status => {
                no!(self.context, "its messages are there, and the reply is {}", status.word())
            }
        }
        let sets = what.sets_seen() && !self.is_read_only();
        // Which of them have changed is judged by the order of MODSEQs.
        for uid in living.iter().filter(|_| since.is_none() && !self.asked.lost) {
            self.fetched(state, view, mailbox, *uid, *what, sets)?;
        }
        let unseen = |uid: &&u32| mailbox.messages[uid].flags & flags::SEEN == 0;
        if !sets || !living.iter().any(|uid| unseen(&uid)) {
            return Ok(Next::Same);
        }
        let mut made = state.clone();
        for uid in &living {
            if let Some(message) = made.change(id).messages.get_mut(uid) {
                message.flags |= flags::SEEN;
            }
        }
        Ok(Next::Made(vec![made]))
    }

    /// Whether a message that is there was answered as it is.
    fn fetched(
        &self,
        state: &State,
        view: &[EntryId],
        mailbox: &Mailbox,
        uid: u32,
        what: What,
        sets: bool,
    ) -> Result<(), Why> {
        let message = &mailbox.messages[&uid];
        let entry = self.entry_of(state, view, uid);
        let of_it = self.told.iter().filter(|told| Some(told.entry) == entry);
        let text = Some(&*message.token);
        if what.asks_text() && !of_it.clone().any(|told| told.token.as_deref() == text) {
            no!(self.context, "the text of UID {uid} is `{}`, and was not told", message.token)
        }
        let size = Some(message.text_octets());
        if what == What::BinarySize && !of_it.clone().any(|told| told.size == size) {
            no!(self.context, "the size of UID {uid} was not told")
        }
        if !what.asks_flags() {
            return Ok(());
        }
        let seen = if sets { flags::SEEN } else { 0 };
        let right = |told: &u16| *told == message.flags || *told == message.flags | seen;
        let told: Vec<u16> = of_it.filter_map(|told| told.flags).collect();
        // Where it sets \Seen, it may tell the flags as they are when it answers, as STORE may.
        let changes = sets && message.flags & flags::SEEN == 0;
        if told.iter().any(right) || (changes && !told.is_empty()) {
            return Ok(());
        }
        let real = flags::names(message.flags);
        match told.last() {
            None => {
                no!(self.context, "UID {uid} is there with the flags ({real}), and was left out")
            }
            Some(told) => {
                let told = flags::names(*told);
                no!(self.context, "UID {uid} has the flags ({real}), and ({told}) was told")
            }
        }
    }

    pub(super) fn status(&self, state: &State, name: &str) -> Result<Next, Why> {
        let found = state.mailbox(name);
        let Some((_, mailbox)) = found.filter(|_| self.status_of_reply() == Status::Ok) else {
            return self.may_be_missing(found.is_some());
        };
        let [data] = &*self.asked.data.status else {
            let count = self.asked.data.status.len();
            no!(self.context, "it has {count} STATUS responses instead of one")
        };
        let unseen = mailbox.messages.values().filter(|one| one.flags & flags::SEEN == 0).count();
        for (item, told) in &data.items {
            let real = match item {
                StatusItem::Messages => mailbox.messages.len() as u64,
                StatusItem::Unseen => unseen as u64,
                StatusItem::UidNext if self.context.server.next_by_one => mailbox.next.into(),
                StatusItem::UidNext if *told < mailbox.next.into() => mailbox.next.into(),
                StatusItem::UidValidity if !mailbox.has_validity(*told as u32) => {
                    mailbox.validity.unwrap_or_default().into()
                }
                _ => continue,
            };
            if real != *told {
                no!(self.context, "{} of {name} is {real}, not {told}", item.name())
            }
        }
        Ok(Next::Same)
    }

    /// A reply that is not OK, or not where the name is missing.
    pub(super) fn may_be_missing(&self, exists: bool) -> Result<Next, Why> {
        match (exists, self.status_of_reply()) {
            (false, Status::No) => Ok(Next::Same),
            (false, status) => {
                no!(self.context, "there is no such mailbox, and the reply is {}", status.word())
            }
            (true, status) => {
                no!(self.context, "it can be done, and the reply is {}", status.word())
            }
        }
    }

    pub(super) fn list(&self, state: &State, pattern: &str, subscribed: bool) -> Result<Next, Why> {
        if self.status_of_reply() != Status::Ok {
            no!(self.context, "it can be done, and the reply is not OK")
        }
        let all: Vec<&String> = match subscribed {
            true => state.subscriptions.iter().collect(),
            false => state.names.keys().collect(),
        };
        let wanted: Vec<&String> = all.into_iter().filter(|name| fits(pattern, name)).collect();
        let mut told: Vec<&String> = self.asked.data.names.iter().collect();
        told.sort_unstable();
        if told != wanted {
            no!(self.context, "the names are {wanted:?}, and {told:?} were told")
        }
        Ok(Next::Same)
    }

    pub(super) fn select(&self, state: &State, name: &str) -> Result<Next, Why> {
        let found = state.mailbox(name);
        let Some((id, mailbox)) = found.filter(|_| self.status_of_reply() == Status::Ok) else {
            return self.may_be_missing(found.is_some());
        };
        let data = &self.asked.data;
        let count = mailbox.messages.len();
        if count != data.exists as usize {
            no!(self.context, "{name} holds {count} messages, not {}", data.exists)
        }
        let exact = self.context.server.next_by_one;
        let wrong = |told: &u32| *told < mailbox.next || (exact && *told > mailbox.next);
        if let Some(told) = data.uid_next.filter(wrong) {
            no!(self.context, "UIDNEXT of {name} is {}, not {told}", mailbox.next)
        }
        if let Some(told) = data.validity.filter(|told| !mailbox.has_validity(*told)) {
            no!(self.context, "UIDVALIDITY of {name} was told otherwise than {told}")
        }
        let Some(opened) = self.asked.opens else { return Ok(Next::Same) };
        let dialogue = &self.context.dialogues[self.connection];
        let view = dialogue.selections[opened].views.first().map_or(&[][..], |(_, view)| view);
        let mut made = state.clone();
        made.opened[self.connection][opened] = Some(id);
        // RFC 5182 §2.1: `$` is empty then.
        made.saved[self.connection] = Rc::default();
        for (entry, uid) in view.iter().zip(mailbox.messages.keys()) {
            if let Some(told) = dialogue.entries[*entry].uid.filter(|told| told != uid) {
                no!(self.context, "a message of {name} has UID {uid}, not {told}")
            }
            made.bind(self.connection, *entry, *uid);
        }
        if data.validity.is_some() && mailbox.validity.is_none() {
            made.change(id).validity = data.validity;
        }
        Ok(Next::Made(vec![made]))
    }
}
