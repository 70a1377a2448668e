//! Commands that change mail: STORE, COPY, MOVE, EXPUNGE, and names and subscriptions.

use super::apply::{Doing, no};
use super::{Mailbox, Next, State, Why};
use crate::command::{Command, How, Set};
use crate::dialogue::{EntryId, plain};
use crate::flags;
use peregrine_proto::Status;
use peregrine_proto::response::Code;
use std::rc::Rc;

impl Doing<'_> {
    pub(super) fn store(&self, state: &State) -> Result<Next, Why> {
        self.in_some_view(state, |view| self.store_in(state, view))
    }

    fn store_in(&self, state: &State, view: &[EntryId]) -> Result<Next, Why> {
        let Command::Store { set, how, flags, silent, unchanged } = &self.asked.command else {
            return Ok(Next::Same);
        };
        let (id, mailbox) = self.in_selected(state)?;
        let Some((mut uids, beyond)) = self.resolve(state, view, set) else {
            no!(self.context, "its messages are not known yet")
        };
        if unchanged.is_some() {
            self.pass_over_modified(state, view, set, &mut uids);
        }
        let status = self.status_of_reply();
        let gone = uids.iter().any(|uid| !mailbox.messages.contains_key(uid));
        match status {
            Status::Ok if self.is_read_only() => return self.pretends(),
            Status::Ok => {}
            Status::Bad | Status::No if beyond => return Ok(Next::Same),
            Status::No if self.is_read_only() => return Ok(Next::Same),
            Status::No if gone => {}
            status => no!(self.context, "it can be done, and the reply is {}", status.word()),
        }
        let dialogue = &self.context.dialogues[self.connection];
        let mut made = state.clone();
        let mut changed = false;
        for uid in uids.iter().filter(|uid| mailbox.messages.contains_key(uid)) {
            let old = mailbox.messages[uid].flags;
            let new = match how {
                How::Add => old | flags,
                How::Remove => old & !flags,
                How::Replace => *flags,
            };
            if new == old {
                continue;
            }
            changed = true;
            let entry = self.entry_of(state, view, *uid);
            let told =
                self.told.iter().any(|told| Some(told.entry) == entry && told.flags.is_some());
            // What somebody expunged meanwhile is told by its EXPUNGE, unless the mailbox was left.
            let gone = entry.is_some_and(|entry| dialogue.is_expunged(entry))
                || self.is_gone_at_last(*uid);
            if !silent && !self.asked.lost && status == Status::Ok && !told && !gone {
                let new = flags::names(new);
                no!(self.context, "UID {uid} has the flags ({new}) then, which was not told")
            }
            if let Some(message) = made.change(id).messages.get_mut(uid) {
                message.flags = new;
            }
        }
        Ok(match (changed, status) {
            (false, _) => Next::Same,
            (true, Status::Ok) => Next::Made(vec![made]),
            // RFC 2180 §4.2: what is there may have been changed or not.
            (true, _) => Next::Made(vec![made, state.clone()]),
        })
    }

    /// RFC 7162 §3.1.3: what was not stored, by UID or by number, as the command names messages.
    fn pass_over_modified(&self, state: &State, view: &[EntryId], set: &Set, uids: &mut Vec<u32>) {
        let Some(Code::Modified(modified)) = self.asked.code() else { return };
        let modified = plain(modified);
        uids.retain(|uid| match set.uid {
            true => !modified.contains(uid),
            false => !modified.iter().any(|number| {
                let entry = view.get((*number as usize).wrapping_sub(1));
                entry.is_some_and(|it| state.uid(self.connection, *it) == Some(*uid))
            }),
        });
    }

    /// Whether the last connection, which looks at everything, finds a message of the selected
    /// mailbox no more.
    fn is_gone_at_last(&self, uid: u32) -> bool {
        let dialogues = self.context.dialogues;
        let Some(last) = dialogues.last() else { return false };
        let name = self.asked.name.as_ref();
        let looked = last.selections.iter().find(|selection| Some(&selection.name) == name);
        let view = looked.and_then(|selection| selection.views.first());
        // Under another name, or deleted, it cannot be looked at: then others may have removed it.
        let alone = dialogues.len() <= 2;
        view.map_or(!alone, |(_, view)| {
            !view.iter().any(|entry| last.entries[*entry].uid == Some(uid))
        })
    }

    /// OK to a change of a mailbox that is open for reading only: some servers say so and do
    /// nothing.
    fn pretends(&self) -> Result<Next, Why> {
        match self.context.server.excused {
            true => Ok(Next::Same),
            false => no!(self.context, "it is open for reading only, and the reply is OK"),
        }
    }

    pub(super) fn copy(
        &self,
        state: &State,
        set: &Set,
        to: &str,
        moves: bool,
    ) -> Result<Next, Why> {
        self.in_some_view(state, |view| self.copy_in(state, view, set, to, moves))
    }

    fn copy_in(
        &self,
        state: &State,
        view: &[EntryId],
        set: &Set,
        to: &str,
        moves: bool,
    ) -> Result<Next, Why> {
        let (from, mailbox) = self.in_selected(state)?;
        let Some((uids, beyond)) = self.resolve(state, view, set) else {
            no!(self.context, "its messages are not known yet")
        };
        let living = uids.iter().copied().filter(|uid| mailbox.messages.contains_key(uid));
        let living: Vec<u32> = living.collect();
        let target = state.mailbox(to);
        match self.status_of_reply() {
            Status::Ok if moves && self.is_read_only() && !living.is_empty() => {
                if self.asked.data.copied.is_some() {
                    no!(
                        self.context,
                        "it was opened with EXAMINE (RFC 3501 §6.3.2: no change is permitted), and \
                         UIDs {living:?} were moved out of it"
                    )
                }
                return self.pretends();
            }
            Status::Ok => {}
            Status::Bad | Status::No if beyond => return Ok(Next::Same),
            Status::No if target.is_none() || living.len() < uids.len() => return Ok(Next::Same),
            Status::No if moves && self.is_read_only() => return Ok(Next::Same),
            status => no!(self.context, "it can be done, and the reply is {}", status.word()),
        }
        if living.is_empty() {
            return match self.copied() {
                Some(_) => no!(self.context, "nothing is there to be copied, and COPYUID was told"),
                None => Ok(Next::Same),
            };
        }
        let Some((target, goal)) = target else {
            no!(self.context, "there is no such mailbox, and the reply is OK")
        };
        let new = self.new_uids(&living, goal)?;
        let mut made = state.clone();
        for (old, new) in living.iter().zip(&new) {
            let message = &mailbox.messages[old];
            made.change(target).add(*new, message.flags, Rc::clone(&message.token));
        }
        if moves {
            made.change(from).messages.retain(|uid, _| !living.contains(uid));
        }
        Ok(Next::Made(vec![made]))
    }

    /// COPYUID.
    fn copied(&self) -> Option<&Code> {
        let told = self.asked.data.copied.as_ref().or(self.asked.code());
        told.filter(|code| matches!(code, Code::CopyUid { .. }))
    }

    /// The UIDs of the copies, as COPYUID tells them.
    fn new_uids(&self, living: &[u32], goal: &Mailbox) -> Result<Vec<u32>, Why> {
        let Some(Code::CopyUid { uid_validity, source, target }) = self.copied() else {
            if self.context.server.uid_plus && !self.asked.lost {
                no!(self.context, "UIDs {living:?} are copied, and COPYUID is missing")
            }
            return Ok((goal.next..).take(living.len()).collect());
        };
        let (source, target) = (plain(source), plain(target));
        if source != living {
            no!(self.context, "UIDs {living:?} are copied, and COPYUID says {source:?}")
        }
        let mut expected = goal.next;
        for uid in &target {
            if *uid < expected || (self.context.server.next_by_one && *uid > expected) {
                no!(self.context, "the next UID is {expected}, and {uid} was given")
            }
            expected = uid + 1;
        }
        if !goal.has_validity(uid_validity.0.get()) || target.len() != source.len() {
            no!(self.context, "COPYUID does not fit the target")
        }
        Ok(target)
    }

    /// EXPUNGE, UID EXPUNGE, CLOSE.
    pub(super) fn expunge(&self, state: &State, set: Option<&Set>) -> Result<Next, Why> {
        let (id, mailbox) = self.in_selected(state)?;
        let closes = self.asked.command == Command::Close;
        match self.status_of_reply() {
            Status::Ok if !self.is_read_only() => {}
            Status::Ok if closes => return Ok(Next::Same),
            Status::Ok => return self.pretends(),
            Status::No if self.is_read_only() => return Ok(Next::Same),
            status => no!(self.context, "the reply is {}", status.word()),
        }
        // `*` is the last message that there is, or the last that the client knows.
        let ends = self.views.iter().filter_map(|view| view.last());
        let ends = ends.filter_map(|entry| state.uid(self.connection, *entry));
        let mut lasts: Vec<u32> =
            ends.chain(mailbox.messages.keys().next_back().copied()).collect();
        lasts.sort_unstable();
        lasts.dedup();
        let (mut made, mut same) = (Vec::new(), lasts.is_empty());
        for last in lasts {
            let saved = &state.saved[self.connection];
            let named = |uid: &u32| match set {
                Some(set) if set.is_saved() => saved.contains(uid),
                Some(set) => set.holds(*uid, last),
                None => true,
            };
            let deleted = mailbox.messages.iter().filter(|(_, it)| it.flags & flags::DELETED != 0);
            let all: Vec<u32> = deleted.map(|(uid, _)| *uid).filter(named).collect();
            // What the client does not know of may go as well, or stay; and what it comes to know
            // while this is in progress.
            let known = |view: &Rc<[EntryId]>| {
                let of_view = |uid: &u32| self.entry_of(state, view, *uid).is_some();
                all.iter().copied().filter(of_view).collect::<Vec<u32>>()
            };
            let mut ways: Vec<Vec<u32>> = self.views.iter().map(known).collect();
            ways.push(all.clone());
            ways.sort_unstable();
            ways.dedup();
            for gone in ways {
                same |= gone.is_empty();
                let mut without = state.clone();
                without.change(id).messages.retain(|uid, _| !gone.contains(uid));
                made.extend((!gone.is_empty()).then_some(without));
            }
        }
        match (made.is_empty(), same) {
            (true, _) => return Ok(Next::Same),
            (false, true) => made.push(state.clone()),
            (false, false) => {}
        }
        Ok(Next::Made(made))
    }

    pub(super) fn subscribe(&self, state: &State, name: &str, on: bool) -> Result<Next, Why> {
        if self.status_of_reply() != Status::Ok {
            // RFC 3501 §6.3.6, §6.3.7 leave it to the server whether these are failures.
            let missing = match on {
                true => !state.names.contains_key(name),
                false => !state.subscriptions.contains(name),
            };
            return match missing {
                true => Ok(Next::Same),
                false => no!(self.context, "it can be done, and the reply is not OK"),
            };
        }
        let mut made = state.clone();
        match on {
            true => drop(made.subscriptions.insert(name.to_owned())),
            false => drop(made.subscriptions.remove(name)),
        }
        Ok(Next::Made(vec![made]))
    }
}
