//! What ENABLE changes in what a server may tell: IMAP4rev2 (RFC 9051), QRESYNC (RFC 7162), UIDONLY
//! (RFC 9586).

use super::read::Reader;
use super::{Dialogue, plain};
use crate::command::{Command, Extensions};
use crate::finding::Rule;
use peregrine_proto::response::FetchData;
use peregrine_proto::{Flag, Response};
use std::collections::{BTreeSet, VecDeque};

impl Dialogue {
    /// What was enabled before a command was sent.
    pub fn enabled(&self, place: usize) -> Extensions {
        let enables = self.asked[..place].iter().filter(|asked| asked.is_ok());
        enables.fold(Extensions::default(), |all, asked| match asked.command {
            Command::Enable(more) => all.and(more),
            _ => all,
        })
    }
}

impl Reader<'_> {
    /// What ENABLE was sent for, or was answered for, before the response that is read.
    pub(super) fn enabled(&self, answered: bool) -> Extensions {
        let enables = self.dialogue.asked.iter().filter(|asked| {
            let reply = asked.reply.as_ref().filter(|_| asked.is_ok());
            asked.sent_at <= self.index
                && reply.is_some_and(|reply| !answered || reply.index < self.index)
        });
        enables.fold(Extensions::default(), |all, asked| match asked.command {
            Command::Enable(more) => all.and(more),
            _ => all,
        })
    }

    /// Whether a response has the form that was agreed on; if not, it is not read.
    pub(super) fn is_agreed(&mut self, response: &Response) -> bool {
        let (sent, answered) = (self.enabled(false), self.enabled(true));
        let recent = |data: &[FetchData]| {
            data.iter().any(
                |item| matches!(item, FetchData::Flags(flags) if flags.contains(&Flag::Recent)),
            )
        };
        let text = match response {
            Response::Recent(_) if answered.rev2 => "RECENT, and IMAP4rev2 is enabled",
            Response::Search(..) if answered.rev2 => "SEARCH data, and IMAP4rev2 is enabled",
            Response::Fetch { data, .. } | Response::UidFetch { data, .. }
                if answered.rev2 && recent(data) =>
            {
                "\\Recent, and IMAP4rev2 is enabled"
            }
            Response::Fetch { .. } if answered.uid_only => "FETCH, and UIDONLY is enabled",
            Response::UidFetch { .. } if !sent.uid_only => "UIDFETCH, and UIDONLY is not enabled",
            _ => return true,
        };
        self.complain(Rule::Enabled, text.to_owned());
        false
    }

    /// RFC 9051 §6.3.2, §7.1: SELECT tells LIST of the mailbox, and CLOSED of the one before.
    pub(super) fn judge_select(&mut self, place: usize, name: &str) {
        if !self.dialogue.enabled(place).rev2 {
            return;
        }
        let data = &self.dialogue.asked[place].data;
        let (lists, closed) = (data.names == [name], data.closed);
        if !lists {
            let text = format!("SELECT of {name} has told no LIST of it alone");
            self.complain(Rule::Enabled, text);
        }
        if self.current.is_some() && !closed {
            let text = format!("SELECT of {name} has told no CLOSED of the mailbox before");
            self.complain(Rule::Enabled, text);
        }
    }

    /// With UIDONLY nobody says which UID stands where: it is known where all were told at some time
    /// while the mailbox is selected. Gives the UIDs of the messages that are there, and keeps those
    /// of the messages that come; none where they are not known.
    pub(super) fn foresee(&mut self, exists: u32, next: Option<u32>) -> Vec<u32> {
        self.coming = VecDeque::new();
        let (mut told, mut count, mut grown) = (BTreeSet::new(), exists, 0);
        for index in self.index + 1..self.responses.len() {
            let selects = |place: &usize| {
                let asked = &self.dialogue.asked[*place];
                let here = asked.reply.as_ref().is_some_and(|reply| reply.index == index);
                here && asked.command.selects() && asked.is_ok()
            };
            if (0..self.dialogue.asked.len()).any(|place| selects(&place)) {
                break;
            }
            match &self.responses[index] {
                Some(Response::UidFetch { uid, .. }) => drop(told.insert(uid.0.get())),
                Some(Response::Vanished(gone)) if !gone.earlier => {
                    let uids = plain(&gone.uids);
                    count = count.saturating_sub(uids.len() as u32);
                    told.extend(uids);
                }
                Some(Response::Exists(more)) if self.of_select[index].is_none() => {
                    grown += more.saturating_sub(count);
                    count = *more;
                }
                _ => {}
            }
        }
        let next = next.unwrap_or(0);
        let (old, new): (Vec<u32>, Vec<u32>) = told.into_iter().partition(|uid| *uid < next);
        let whole = |uids: &[u32], count: u32| uids.is_empty() || uids.len() == count as usize;
        if !whole(&old, exists) || !whole(&new, grown) {
            self.dialogue.unclear = true;
            return Vec::new();
        }
        self.coming = new.into();
        old
    }
}
