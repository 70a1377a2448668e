//! What a client makes of the reply to a command.

use super::client::{Client, Idle, Pending};
use super::command::{Command, How};
use super::history::{Change, History, Removal, known_to};
use super::view::View;
use super::{flags, generate};
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::number::Bound;
use peregrine_proto::response::Code;
use peregrine_proto::{Response, Status, UidSet};

impl Client {
    pub fn tagged(
        &mut self,
        tag: &str,
        status: Status,
        code: Option<Code>,
        history: &mut History,
    ) -> Result<(), String> {
        let place = self.pending.iter().position(|pending| pending.tag == tag);
        let place = place.ok_or_else(|| format!("I28: {tag} does not wait for a reply"))?;
        let held = std::mem::take(&mut self.group);
        let selected =
            status == Status::Ok && matches!(self.pending[place].command, Command::Select { .. });
        let mut described = Vec::new();
        for response in held {
            match selected && !matches!(response, Response::Status(_) | Response::List(_)) {
                true => described.push(response),
                false => self.apply(response, history)?,
            }
        }
        self.keeps_order(place, status)?;
        self.keeps_numbers(place)?;
        let data = std::mem::take(&mut self.group);
        let pending = self.pending.remove(place);
        self.replied = self.replied.max(pending.origin.order);
        let what = |error: String| format!("{error}\n  at {tag} {:?}", pending.command);
        pending.may_end(status, code.as_ref()).map_err(what)?;
        if status != Status::Ok {
            history.counts.refused += 1;
        }
        self.changed(&pending, status, code.as_ref(), history);
        if matches!(pending.command, Command::Select { .. }) {
            self.view = None;
        }
        if status == Status::Ok {
            self.done(&pending, code, &data, history).map_err(what)?;
            if selected {
                self.select(&pending, described, history).map_err(what)?;
            }
        }
        if pending.command == Command::Idle {
            self.idle = Idle::No;
        }
        match self.copy_uid.take() {
            Some(_) => Err(what("COPYUID before a reply to another command".to_owned())),
            None => Ok(()),
        }
    }

    /// I28: what depends on an earlier command is answered behind it.
    fn keeps_order(&self, place: usize, status: Status) -> Result<(), String> {
        let this = &self.pending[place];
        if status != Status::Ok || this.renumbered {
            return Ok(());
        }
        for earlier in self.pending[..place].iter().filter(|earlier| !earlier.renumbered) {
            if let Some(why) = earlier.command.must_precede(&this.command) {
                let (one, other) = (&this.tag, &earlier.tag);
                return Err(format!("I28: {one} is answered before {other}, but {why}"));
            }
        }
        Ok(())
    }

    /// I6: which EXPUNGE responses may stand before this reply.
    fn keeps_numbers(&mut self, place: usize) -> Result<(), String> {
        let this = &self.pending[place];
        if !std::mem::take(&mut self.expunges) {
            return Ok(());
        }
        if this.command.forbids_expunge() {
            return Err(format!("I6: EXPUNGE before the reply to {}", this.tag));
        }
        let others = self.pending.iter().filter(|other| other.origin != this.origin);
        for other in others.filter(|other| other.command.has_numbers()) {
            let earlier = other.origin.order < this.origin.order;
            // The server has surely read it, since it answered what was sent behind it.
            let read = earlier || other.origin.order < self.replied;
            if other.sent.is_some() && read && (earlier || !this.command.removes()) {
                let (one, other) = (&other.tag, &this.tag);
                return Err(format!(
                    "I6: {one} uses numbers; EXPUNGE came before the reply to {other}"
                ));
            }
        }
        Ok(())
    }

    /// Flags that the command has changed, as all know from now on.
    fn changed(
        &mut self,
        pending: &Pending,
        status: Status,
        code: Option<&Code>,
        history: &mut History,
    ) {
        let done = status == Status::Ok || matches!(code, Some(Code::ExpungeIssued));
        if !done {
            return history.changes.retain(|change| change.origin != pending.origin);
        }
        let now = history.now;
        let Some(change) = history.change(pending.origin) else { return };
        change.done = Some(now);
        if pending.renumbered {
            change.others = true;
            change.uids.clear();
        }
        let Command::Store { how, flags: named, silent: true, .. } = &pending.command else {
            return;
        };
        let Some(view) = &mut self.view else { return };
        // RFC 3501 §6.4.6: the client changes its own copy. Where flags were told meanwhile, or
        // the numbers were not clear, it can't know which came first.
        for entry in &mut view.entries {
            let Some(known) = entry.flags else { continue };
            let after = match how {
                How::Add => known | named,
                How::Remove => known & !named,
                How::Replace => *named,
            };
            let sure = entry.uid.is_some_and(|uid| pending.uids.contains(&uid));
            let told = entry.uid.is_some_and(|uid| pending.told.contains(&uid));
            if sure && !pending.renumbered && !told {
                entry.flags = Some(after);
            } else if (sure || pending.others || pending.renumbered) && after != known {
                entry.flags = None;
            }
        }
    }

    /// What follows from OK.
    fn done(
        &mut self,
        pending: &Pending,
        code: Option<Code>,
        data: &[Response],
        history: &mut History,
    ) -> Result<(), String> {
        let sent = pending.sent.ok_or("I28: answered before it was sent")?;
        match &pending.command {
            Command::Append { token, flags, .. } => {
                let Some(Code::AppendUid { uid_validity, uids }) = code else {
                    return Err("no APPENDUID".to_owned());
                };
                let uid = uids.iter().next().ok_or("APPENDUID without a UID")?;
                let key = (uid_validity.0.get(), uid.0.get());
                history.make(key, sent, *flags, !flags & flags::ALL)?;
                history.learn(key, token)
            }
            Command::Copy { .. } => copied(pending, code, sent, false, history),
            Command::Move { .. } => copied(pending, self.copy_uid.take(), sent, true, history),
            Command::Expunge | Command::UidExpunge(_) | Command::Close => {
                let uids = match &pending.command {
                    Command::UidExpunge(set) => Some(set.clone()),
                    _ => None,
                };
                if !pending.read_only {
                    let (origin, validity) = (pending.origin, pending.validity);
                    history.expunged(&Removal { origin, validity, uids, moves: false }, sent);
                }
                if pending.command == Command::Close {
                    self.view = None;
                }
                Ok(())
            }
            Command::Unselect => {
                self.view = None;
                Ok(())
            }
            // No mailbox is selected any more, as after CLOSE.
            Command::Delete(name) => {
                self.view.take_if(|view| view.name == *name);
                Ok(())
            }
            Command::Fetch { .. } => self.all_answered(pending),
            Command::Search { .. } if !pending.found => Err("I28: OK without SEARCH".to_owned()),
            Command::Noop | Command::Check => self.up_to_date(pending, sent, history),
            Command::Status(name) => counted(name, sent, data, history),
            Command::List(pattern) => listed(pattern, data),
            _ => Ok(()),
        }
    }

    /// I5: each message that a FETCH named and that is still there was told.
    fn all_answered(&self, pending: &Pending) -> Result<(), String> {
        let Some(view) = self.view.as_ref().filter(|_| !pending.renumbered) else { return Ok(()) };
        let left_out = pending.uids.difference(&pending.answered).find(|uid| view.has(**uid));
        left_out.map_or(Ok(()), |uid| Err(format!("I5: UID {uid} was asked for and not told")))
    }

    /// I9: after NOOP the client knows what was done before it, by anybody.
    fn up_to_date(
        &mut self,
        pending: &Pending,
        sent: u64,
        history: &History,
    ) -> Result<(), String> {
        // Other commands may hold back EXPUNGE, and their answers may be of an older state.
        if !self.pending.is_empty() {
            return Ok(());
        }
        let Some(view) = &mut self.view else { return Ok(()) };
        if pending.selection != Some(view.number) {
            return Ok(());
        }
        if let Some(uid) = view.missing.iter().find(|uid| view.has(**uid)) {
            return Err(format!("I21: SEARCH has left out UID {uid}, which is still there"));
        }
        view.missing.clear();
        let seen = |change: &Change| {
            known_to(change, pending.origin, sent) || change.origin.client == pending.origin.client
        };
        for entry in &view.entries {
            if let (Some(uid), Some(told)) = (entry.uid, entry.flags) {
                let key = view.key(uid);
                history.explains(key, told, &seen).map_err(|e| format!("I9: after NOOP, {e}"))?;
                let gone = history.messages.get(&key).and_then(|message| message.gone_at);
                if gone.is_some_and(|gone| gone < sent) {
                    return Err(format!("I9: UID {uid} was gone before NOOP"));
                }
            }
        }
        Ok(())
    }

    fn select(
        &mut self,
        pending: &Pending,
        described: Vec<Response>,
        history: &mut History,
    ) -> Result<(), String> {
        let Command::Select { name, examine } = &pending.command else { return Ok(()) };
        self.selections += 1;
        let mut view = View {
            name: name.clone(),
            validity: 0,
            read_only: *examine,
            number: self.selections,
            entries: Vec::new(),
            keywords: 0,
            missing: Default::default(),
        };
        let mut next = 0;
        for response in described {
            match response {
                Response::Exists(count) => view.exists(count)?,
                Response::Flags(list) => view.keywords = flags::read(&list)?.flags,
                Response::Recent(_) => {}
                Response::Condition { text, .. } => match text.code {
                    Some(Code::UidValidity(validity)) => view.validity = validity.0.get(),
                    Some(Code::UidNext(uid)) => next = uid.0.get(),
                    Some(
                        Code::Unseen(_)
                        | Code::PermanentFlags { .. }
                        | Code::MailboxId(_)
                        | Code::HighestModSeq(_)
                        | Code::Closed,
                    ) => {}
                    other => return Err(format!("{other:?} in SELECT")),
                },
                other => return Err(format!("{other:?} in SELECT")),
            }
        }
        next_is(view.validity, next, pending.sent.unwrap_or(0), history)?;
        self.view = Some(view);
        Ok(())
    }
}

impl Pending {
    /// Whether the command may have this result.
    fn may_end(&self, status: Status, code: Option<&Code>) -> Result<(), String> {
        // The client broke the rules of RFC 3501 §5.5, and its numbers may be beyond the end.
        let unclear = self.renumbered || !self.covers;
        let may_miss = |name: &str| generate::is_fleeting(name);
        let right = match (status, &self.command) {
            (Status::Ok, Command::Store { .. } | Command::UidExpunge(_)) => !self.read_only,
            (Status::Ok, Command::Expunge | Command::Move { .. }) => !self.read_only,
            (Status::Ok, _) => true,
            (Status::Bad, _) => unclear,
            (Status::No, Command::Store { .. }) => {
                self.read_only || matches!(code, Some(Code::ExpungeIssued))
            }
            (Status::No, Command::Expunge | Command::UidExpunge(_)) => self.read_only,
            (Status::No, Command::Copy { to, .. }) => {
                may_miss(to) || matches!(code, Some(Code::ExpungeIssued))
            }
            (Status::No, Command::Move { to, .. }) => self.read_only || may_miss(to),
            (Status::No, Command::Append { mailbox: name, .. } | Command::Status(name)) => {
                may_miss(name)
            }
            (Status::No, Command::Select { name, .. }) => may_miss(name),
            (Status::No, Command::Create(_) | Command::Delete(_) | Command::Rename(..)) => true,
            (Status::No, _) => false,
        };
        if right && !matches!(code, Some(Code::ServerBug)) {
            return Ok(());
        }
        Err(format!("it may not end with {status:?} {code:?}"))
    }
}

/// COPYUID: I18, I19, I20.
fn copied(
    pending: &Pending,
    code: Option<Code>,
    sent: u64,
    moved: bool,
    history: &mut History,
) -> Result<(), String> {
    let Some(Code::CopyUid { uid_validity, source, target }) = code else {
        let surely = !pending.renumbered && !pending.uids.is_empty() && !moved;
        let dead = |uid: &u32| history.is_dead((pending.validity, *uid));
        return match surely && pending.command.set().is_some_and(|set| !set.uid) {
            true if !pending.uids.iter().any(dead) => Err("I18: no COPYUID".to_owned()),
            _ => Ok(()),
        };
    };
    let (source, target) = (plain(&source), plain(&target));
    if source.len() != target.len() {
        return Err("I18: COPYUID of unequal length".to_owned());
    }
    let other = |uid: &&u32| !pending.uids.contains(uid);
    if !pending.others && !pending.renumbered && source.iter().any(|uid| other(&uid)) {
        return Err("I18: COPYUID names what the command did not".to_owned());
    }
    for (from, to) in source.into_iter().zip(target) {
        let (from, to) = ((pending.validity, from), (uid_validity.0.get(), to));
        let (with, without) = history.inherited(from, pending.origin, sent);
        history.make(to, sent, with, without)?;
        match history.token(from).cloned() {
            Some(token) => history.learn(to, &token)?,
            None => history.message(to).origin = Some(from),
        }
        let now = history.now;
        let message = history.message(from);
        if moved {
            if std::mem::replace(&mut message.moved, true) {
                return Err(format!("I19: UID {} was moved twice", from.1));
            }
            message.gone = Some(format!("{} has moved it (I19)", pending.tag));
            message.gone_at = Some(now);
        }
    }
    Ok(())
}

fn plain(set: &UidSet) -> Vec<u32> {
    let end = |end: &Bound<_>| match end {
        Bound::Number(peregrine_proto::Uid(uid)) => uid.get(),
        Bound::Largest => u32::MAX,
    };
    set.ranges.iter().flat_map(|(first, last)| end(first)..=end(last)).collect()
}

/// I3: UIDNEXT.
fn next_is(validity: u32, next: u32, sent: u64, history: &mut History) -> Result<(), String> {
    let floor = history.floor(validity, sent);
    history.raise(validity, next);
    if next < floor {
        return Err(format!("I3: UIDNEXT is {next} and was {floor} before"));
    }
    Ok(())
}

/// STATUS: one answer, of the right name (I28), with UIDNEXT as it may be (I3).
fn counted(name: &str, sent: u64, data: &[Response], history: &mut History) -> Result<(), String> {
    let [Response::Status(status)] = data else {
        return Err(format!("I28: STATUS has {} answers before its reply", data.len()));
    };
    if status.mailbox.as_str() != name {
        return Err(format!("I28: STATUS of {} for {name}", status.mailbox.as_str()));
    }
    let value = |item: StatusItem| {
        let found = status.items.iter().find(|(told, _)| *told == item);
        found.map(|(_, value)| *value as u32).ok_or(format!("STATUS lacks {}", item.name()))
    };
    let (messages, unseen) = (value(StatusItem::Messages)?, value(StatusItem::Unseen)?);
    if unseen > messages || value(StatusItem::Recent)? > messages {
        return Err("I22: STATUS counts more than there are".to_owned());
    }
    next_is(value(StatusItem::UidValidity)?, value(StatusItem::UidNext)?, sent, history)
}

/// LIST: answers of the right name (I28); the lasting mailboxes are always there.
fn listed(pattern: &str, data: &[Response]) -> Result<(), String> {
    let fits = |response: &Response| matches!(response, Response::List(list) if list.mailbox.as_str() == pattern);
    if !data.iter().all(fits) {
        return Err(format!("I28: data of another command in the answer to LIST {pattern}"));
    }
    let lasting = !generate::is_fleeting(pattern);
    match data.len() {
        1 => Ok(()),
        0 if !lasting => Ok(()),
        count => Err(format!("LIST {pattern} has {count} answers")),
    }
}
