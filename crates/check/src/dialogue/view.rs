//! The selected mailbox while a record is read: EXISTS, EXPUNGE, FETCH.

use super::read::Reader;
use super::{Entry, EntryId, Message, Observation, Selection, Told, plain};
use crate::finding::Rule;
use crate::flags;
use peregrine_proto::UidSet;
use peregrine_proto::response::FetchData;

impl Reader<'_> {
    /// Opens a mailbox that holds so many messages.
    pub(super) fn open(&mut self, by: usize, name: String, read_only: bool, exists: u32) -> usize {
        let selection = self.dialogue.selections.len();
        let view = self.make_entries(selection, exists);
        if self.dialogue.enabled(by).uid_only {
            let uids = self.foresee(exists, self.dialogue.asked[by].data.uid_next);
            for (entry, uid) in view.iter().zip(uids) {
                self.dialogue.entries[*entry].uid = Some(uid);
            }
        }
        let views = vec![(self.index, view.into())];
        self.dialogue.selections.push(Selection { name, read_only, views, by });
        self.current = Some(selection);
        selection
    }

    fn make_entries(&mut self, selection: usize, count: u32) -> Vec<EntryId> {
        let entries = &mut self.dialogue.entries;
        let first = entries.len();
        entries.extend((0..count).map(|_| Entry { selection, uid: None }));
        (first..entries.len()).collect()
    }

    fn view(&self) -> Vec<EntryId> {
        let selection = self.current.map(|current| &self.dialogue.selections[current]);
        selection.and_then(|selection| selection.views.last()).map_or(Vec::new(), |v| v.1.to_vec())
    }

    fn put_view(&mut self, view: Vec<EntryId>, kind: Told) {
        let Some(selection) = self.current else { return };
        let (index, at) = (self.index, self.at);
        self.dialogue.selections[selection].views.push((index, view.into()));
        self.dialogue.observations.push(Observation { index, at, selection, kind });
    }

    pub(super) fn exists(&mut self, count: u32) {
        let Some(selection) = self.current else { return };
        let mut view = self.view();
        let known = view.len() as u32;
        if count < known {
            let text = format!("EXISTS fell from {known} to {count} without EXPUNGE");
            return self.complain(Rule::Numbers, text);
        }
        if count > known {
            let new = self.make_entries(selection, count - known);
            for entry in &new {
                self.dialogue.entries[*entry].uid = self.coming.pop_front();
            }
            view.extend(&new);
            self.put_view(view, Told::More(new));
        }
    }

    pub(super) fn expunge(&mut self, number: u32) {
        if self.current.is_none() {
            let text = format!("EXPUNGE of message {number}, and no mailbox is selected");
            return self.complain(Rule::Numbers, text);
        }
        let mut view = self.view();
        if number as usize > view.len() {
            let text = format!("EXPUNGE of message {number} where there are {}", view.len());
            return self.complain(Rule::Numbers, text);
        }
        if self.tells_uids(true) {
            let text = format!("EXPUNGE of message {number}, and QRESYNC or UIDONLY is enabled");
            return self.complain(Rule::Enabled, text);
        }
        self.judge_expunge(&format!("EXPUNGE of message {number}"));
        let entry = view.remove(number as usize - 1);
        self.put_view(view, Told::Gone(entry));
    }

    /// VANISHED (RFC 7162 §3.2.10).
    pub(super) fn vanished(&mut self, uids: &UidSet) {
        let uids = plain(uids);
        let text = format!("VANISHED of UIDs {uids:?}");
        if !self.tells_uids(false) {
            let text = format!("{text}, and neither QRESYNC nor UIDONLY is enabled");
            return self.complain(Rule::Enabled, text);
        }
        if self.current.is_none() {
            return self.complain(Rule::Numbers, format!("{text}, and no mailbox is selected"));
        }
        self.judge_expunge(&text);
        for uid in &uids {
            let mut view = self.view();
            let Some(place) = self.place_of(&view, *uid, &uids) else {
                return self.complain(Rule::Uid, format!("{text}, and there is no UID {uid}"));
            };
            self.dialogue.entries[view[place]].uid = Some(*uid);
            let entry = view.remove(place);
            self.put_view(view, Told::Gone(entry));
        }
    }

    /// Where a message stands that vanishes with others. The client may not have asked for its
    /// UID yet: then it is one between those whose UIDs are lower and higher.
    fn place_of(&mut self, view: &[EntryId], uid: u32, vanished: &[u32]) -> Option<usize> {
        let known = |place: &usize| self.dialogue.entries[view[*place]].uid;
        if let Some(place) = (0..view.len()).find(|place| known(place) == Some(uid)) {
            return Some(place);
        }
        let low = (0..view.len()).rev().find(|place| known(place).is_some_and(|it| it < uid));
        let high = (0..view.len()).find(|place| known(place).is_some_and(|it| it > uid));
        let first = low.map_or(0, |low| low + 1);
        let end = high.unwrap_or(view.len());
        let limit = high.as_ref().and_then(known).unwrap_or(u32::MAX);
        let here = vanished.iter().filter(|it| (uid..limit).contains(*it)).count();
        // Where more might be meant than vanish, nobody can tell.
        self.dialogue.unclear |= first < end && here < end - first;
        (first < end).then_some(first)
    }

    /// Whether VANISHED takes the place of EXPUNGE.
    fn tells_uids(&self, answered: bool) -> bool {
        let enabled = self.enabled(answered);
        enabled.qresync || enabled.uid_only
    }

    /// RFC 3501 §7.4.1. A command that allows EXPUNGE and was sent before the others may be the
    /// one that is in progress: then the others are not, as far as a client can know.
    fn judge_expunge(&mut self, what: &str) {
        let commands = 0..self.dialogue.asked.len();
        let oldest =
            commands.into_iter().find(|place| self.dialogue.is_pending(*place, self.index));
        let Some(oldest) = oldest else {
            let text = format!("{what} while no command was in progress");
            return self.complain(Rule::Expunge, text);
        };
        let command = &self.dialogue.asked[oldest].command;
        // Where there are no numbers, none can be mistaken (RFC 9586 §3).
        if command.forbids_expunge() && !self.enabled(true).uid_only {
            let tag = &self.record.commands[oldest].tag;
            let text = format!(
                "{what} came while {tag} {command} was in \
                                progress, and no command sent before it was"
            );
            self.complain(Rule::Expunge, text);
        }
    }

    pub(super) fn fetch(&mut self, number: u32, data: &[FetchData]) {
        let Some(selection) = self.current else {
            let text = format!("FETCH of message {number}, and no mailbox is selected");
            return self.complain(Rule::Numbers, text);
        };
        let view = self.view();
        let place = number as usize - 1;
        let Some(entry) = view.get(place).copied() else {
            let text = format!("FETCH of message {number} where there are {}", view.len());
            return self.complain(Rule::Numbers, text);
        };
        self.fetch_at(selection, &view, (place, entry), data);
    }

    /// UIDFETCH (RFC 9586 §3.3).
    pub(super) fn fetch_by_uid(&mut self, uid: u32, data: &[FetchData]) {
        let view = self.view();
        let known = |entry: &EntryId| self.dialogue.entries[*entry].uid == Some(uid);
        let place = view.iter().position(known);
        match self.current.zip(place) {
            Some((selection, place)) => {
                self.fetch_at(selection, &view, (place, view[place]), data);
            }
            // It is not known which message that is.
            None if self.current.is_some() && self.dialogue.unclear => {}
            None => self.complain(Rule::Uid, format!("UIDFETCH of UID {uid}, which is not there")),
        }
    }

    fn fetch_at(
        &mut self,
        selection: usize,
        view: &[EntryId],
        (place, entry): (usize, EntryId),
        data: &[FetchData],
    ) {
        let mut told = Message { entry, flags: None, token: None, size: None, mod_seq: None };
        for item in data {
            match item {
                FetchData::Uid(uid) => self.learn(view, place, uid.0.get()),
                FetchData::ModSeq(mod_seq) => told.mod_seq = Some(mod_seq.0),
                FetchData::Flags(list) => told.flags = Some(flags::read(list)),
                FetchData::Section { data: Some(body), .. }
                | FetchData::Binary { data: Some(body), .. } => {
                    told.token = Some(String::from_utf8_lossy(body).trim_end().to_owned());
                }
                FetchData::BinarySize(_, octets) => told.size = Some(*octets),
                _ => {}
            }
        }
        let (index, at) = (self.index, self.at);
        let kind = Told::Message(told);
        self.dialogue.observations.push(Observation { index, at, selection, kind });
    }

    /// The UID of the message at this place.
    fn learn(&mut self, view: &[EntryId], place: usize, uid: u32) {
        let entries = &mut self.dialogue.entries;
        let number = place + 1;
        let known = *entries[view[place]].uid.get_or_insert(uid);
        let before = view[..place].iter().rev().find_map(|entry| entries[*entry].uid);
        let after = view[number..].iter().find_map(|entry| entries[*entry].uid);
        if known != uid {
            let text = format!(
                "FETCH says that message {number} has UID {uid}; the client was told that it has \
                 UID {known}"
            );
            self.complain(Rule::Uid, text);
        } else if before >= Some(uid) || after.is_some_and(|after| after <= uid) {
            let near = before.filter(|before| *before >= uid).or(after).unwrap_or_default();
            let text = format!(
                "FETCH says that message {number} has UID {uid}, and that of a message beside it \
                 is {near}"
            );
            self.complain(Rule::Uid, text);
        }
    }
}
