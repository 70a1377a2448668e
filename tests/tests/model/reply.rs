//! What a client makes of untagged data.

use super::client::{Client, Idle, Pending};
use super::command::{Command, Key, What};
use super::history::{History, known_to};
use super::view::{Fetched, View};
use peregrine_proto::Response;
use peregrine_proto::response::Code;

impl Client {
    pub fn untagged(&mut self, response: Response, history: &mut History) -> Result<(), String> {
        let selecting = |pending: &Pending| matches!(pending.command, Command::Select { .. });
        if self.pending.iter().any(selecting) {
            // Whose data it is will be known from the reply behind it.
            self.group.push(response);
            return Ok(());
        }
        self.apply(response, history)
    }

    /// Data of the mailbox that is selected already, or of none.
    pub fn apply(&mut self, response: Response, history: &mut History) -> Result<(), String> {
        let selected = "mailbox data, but no mailbox is selected";
        match response {
            Response::Exists(count) => self.view.as_mut().ok_or(selected)?.exists(count),
            Response::Expunge(number) => {
                let waits = self.pending.iter().any(|pending| pending.sent.is_some());
                if !waits {
                    return Err("I6: EXPUNGE while no command is in progress".to_owned());
                }
                self.expunges = self.idle != Idle::Idling && self.idle != Idle::Done;
                let by_number =
                    |pending: &&mut Pending| pending.command.set().is_some_and(|set| !set.uid);
                for pending in self.pending.iter_mut().filter(by_number) {
                    pending.renumbered = true;
                    if let Some(change) = history.change(pending.origin) {
                        change.others = true;
                        change.uids.clear();
                    }
                }
                self.view.as_mut().ok_or(selected)?.expunge(number.0.get())
            }
            Response::Recent(count) => match &self.view {
                Some(view) if count as usize > view.entries.len() => {
                    Err(format!("RECENT {count} of {}", view.entries.len()))
                }
                view => view.as_ref().map(|_| ()).ok_or(selected.to_owned()),
            },
            Response::Flags(list) => {
                self.view.as_mut().ok_or(selected)?.keywords = super::flags::read(&list)?.flags;
                Ok(())
            }
            Response::Fetch { number, data } => {
                let fetched = Fetched::read(&data)?;
                let view = self.view.as_mut().ok_or(selected)?;
                let uid = view.fetch(number.0.get(), &fetched, self.number, history)?;
                self.answered(number.0.get(), uid, &fetched)
            }
            Response::Search(numbers, _) => self.found(&numbers, history),
            Response::Condition { text, .. } if matches!(text.code, Some(Code::CopyUid { .. })) => {
                self.copy_uid = text.code;
                Ok(())
            }
            // RFC 7162 §3.2.11: what follows is of the mailbox that is being selected.
            Response::Condition { text, .. } if text.code == Some(Code::Closed) => {
                self.view.as_ref().map(|_| ()).ok_or(selected.to_owned())
            }
            other @ (Response::Status(_) | Response::List(_)) => {
                self.group.push(other);
                Ok(())
            }
            other => Err(format!("nobody asked for {other:?}")),
        }
    }

    /// Gives a FETCH response to those that wait for one.
    fn answered(&mut self, number: u32, uid: Option<u32>, got: &Fetched) -> Result<(), String> {
        let mut wanted = got.body.is_none();
        for pending in &mut self.pending {
            if got.flags.is_some() {
                pending.told.extend(uid);
            }
            let Command::Fetch { set, what } = &pending.command else { continue };
            let body = !matches!(what, What::Flags);
            let flags = matches!(what, What::Flags | What::BodyAndFlags);
            let named = pending.renumbered
                || pending.others
                || uid.is_some_and(|uid| pending.uids.contains(&uid))
                || (!set.uid && set.holds(number));
            wanted |= body && named;
            let enough = (!body || got.body.is_some()) && (!flags || got.flags.is_some());
            if enough && got.uid.is_some() {
                pending.answered.extend(uid);
            }
        }
        if wanted { Ok(()) } else { Err(format!("I5: nobody asked for the text of {number}")) }
    }

    /// I21: SEARCH, which belongs to the oldest that waits (I28).
    fn found(&mut self, numbers: &[u32], history: &History) -> Result<(), String> {
        let waits = |pending: &&mut Pending| {
            matches!(pending.command, Command::Search { .. }) && !pending.found
        };
        let pending =
            self.pending.iter_mut().find(waits).ok_or("a SEARCH that nobody asked for")?;
        let view = self.view.as_mut().ok_or("SEARCH, but no mailbox is selected")?;
        pending.found = true;
        let Command::Search { uid, key } = &pending.command else { return Ok(()) };
        let mut uids = Vec::new();
        for &number in numbers {
            if *uid {
                uids.push(number);
                continue;
            }
            let entry = view.entries.get(number as usize - 1);
            let entry = entry.ok_or_else(|| format!("I21: SEARCH found {number}"))?;
            uids.extend(entry.uid);
        }
        if !uids.is_sorted() || !numbers.is_sorted() {
            return Err("I21: what SEARCH found is not in order".to_owned());
        }
        let sent = pending.sent.unwrap_or(history.now);
        for uid in &uids {
            if !fits(view, *uid, key, true, pending, sent, history) {
                return Err(format!("I21: SEARCH found UID {uid}, which does not fit"));
            }
        }
        let left_out: Vec<u32> = (pending.uids.iter().copied())
            .filter(|uid| !uids.contains(uid) && view.has(*uid))
            .filter(|uid| !fits(view, *uid, key, false, pending, sent, history))
            .collect();
        view.missing.extend(left_out);
        Ok(())
    }
}

/// Whether the message may fit the key, or may not where `value` is false.
fn fits(
    view: &View,
    uid: u32,
    key: &Key,
    value: bool,
    pending: &Pending,
    sent: u64,
    history: &History,
) -> bool {
    let message = view.key(uid);
    match key {
        Key::All => value,
        Key::Subject(token) => history.token(message).is_none_or(|known| (known == token) == value),
        Key::Flag(bit, set) => {
            let own = |change: &super::history::Change| {
                change.origin.client == pending.origin.client
                    && known_to(change, pending.origin, sent)
            };
            history.may_be_ghost(message) || history.possible(message, *bit, *set == value, &own)
        }
    }
}
