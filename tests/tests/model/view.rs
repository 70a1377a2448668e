//! What one client believes of its mailbox, from nothing but what it was told.

use super::command::{STAR, Set};
use super::flags::{self, Told};
use super::history::{Change, History, Key};
use peregrine_proto::response::FetchData;
use std::collections::BTreeSet;

/// A message of the view; what is not known was not told.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub uid: Option<u32>,
    pub flags: Option<u16>,
}

#[derive(Clone, Debug)]
pub struct View {
    /// As the client selected it; another may have renamed it since.
    pub name: String,
    pub validity: u32,
    pub read_only: bool,
    /// Which of the client's selections this is.
    pub number: u64,
    pub entries: Vec<Entry>,
    /// Keywords that FLAGS has announced.
    pub keywords: u16,
    /// Messages that a SEARCH left out though it should have found them: they must be gone.
    pub missing: BTreeSet<u32>,
}

/// What a FETCH response told.
pub struct Fetched {
    pub uid: Option<u32>,
    pub flags: Option<Told>,
    pub body: Option<String>,
}

impl Fetched {
    pub fn read(data: &[FetchData]) -> Result<Self, String> {
        let mut fetched = Self { uid: None, flags: None, body: None };
        for item in data {
            match item {
                FetchData::Uid(uid) => fetched.uid = Some(uid.0.get()),
                FetchData::Flags(list) => fetched.flags = Some(flags::read(list)?),
                FetchData::Section { data: Some(body), .. } => {
                    fetched.body = Some(String::from_utf8_lossy(body).trim_end().to_owned());
                }
                other => return Err(format!("nobody asked for {other:?}")),
            }
        }
        Ok(fetched)
    }
}

impl View {
    /// I7, I1.
    pub fn exists(&mut self, count: u32) -> Result<(), String> {
        if (count as usize) < self.entries.len() {
            let known = self.entries.len();
            return Err(format!("I7: EXISTS fell from {known} to {count} without EXPUNGE"));
        }
        self.entries.resize(count as usize, Entry::default());
        Ok(())
    }

    pub fn expunge(&mut self, number: u32) -> Result<(), String> {
        if number as usize > self.entries.len() {
            return Err(format!("I7: EXPUNGE of {number} in {}", self.entries.len()));
        }
        self.entries.remove(number as usize - 1);
        Ok(())
    }

    /// I5, I1, I2, I9, I23, I25; the UID where it is known.
    pub fn fetch(
        &mut self,
        number: u32,
        fetched: &Fetched,
        client: usize,
        history: &mut History,
    ) -> Result<Option<u32>, String> {
        let place = number as usize - 1;
        let count = self.entries.len();
        let entry = self.entries.get_mut(place);
        let entry = entry.ok_or_else(|| format!("I5: FETCH of {number} in {count}"))?;
        if let (Some(known), Some(uid)) = (entry.uid, fetched.uid)
            && known != uid
        {
            return Err(format!("I5: message {number} is UID {known}, FETCH says {uid}"));
        }
        entry.uid = entry.uid.or(fetched.uid);
        let uid = entry.uid;
        if let Some(told) = fetched.flags {
            entry.flags = Some(told.flags);
            if flags::keywords(told.flags) & !self.keywords != 0 {
                let names = flags::names(told.flags & !self.keywords);
                return Err(format!("I23: {names} stands in FETCH and in no FLAGS before it"));
            }
        }
        let Some(uid) = uid else { return Ok(None) };
        self.ascends(place)?;
        let key = (self.validity, uid);
        history.raise(self.validity, uid + 1);
        if let Some(told) = fetched.flags {
            let own = |change: &Change| change.origin.client == client && change.done.is_some();
            // RFC 2180 §4.1.2: what is gone is still told, as it was at last.
            if !history.may_be_ghost(key) {
                history.explains(key, told.flags, &own).map_err(|e| format!("I9, I10: {e}"))?;
            }
            if told.recent && !self.read_only && !history.is_dead(key) {
                let here = (client, self.number);
                let first = *history.message(key).recent.get_or_insert(here);
                if first != here {
                    return Err(format!("I25: UID {uid} is recent for {first:?} and for {here:?}"));
                }
            }
        }
        if let Some(body) = &fetched.body {
            history.learn(key, body)?;
        }
        Ok(Some(uid))
    }

    fn ascends(&self, place: usize) -> Result<(), String> {
        let uid = self.entries[place].uid;
        let before = self.entries[..place].iter().rev().find_map(|entry| entry.uid);
        let after = self.entries[place + 1..].iter().find_map(|entry| entry.uid);
        if before >= uid || after.is_some_and(|after| Some(after) <= uid) {
            return Err(format!("I1: {uid:?} stands between {before:?} and {after:?}"));
        }
        Ok(())
    }

    pub fn has(&self, uid: u32) -> bool {
        self.entries.iter().any(|entry| entry.uid == Some(uid))
    }

    pub fn uids(&self) -> Vec<u32> {
        self.entries.iter().filter_map(|entry| entry.uid).collect()
    }

    pub fn key(&self, uid: u32) -> Key {
        (self.validity, uid)
    }

    /// The UIDs that a set surely means, and whether it may mean others: `*` may have moved.
    pub fn resolve(&self, set: &Set) -> (BTreeSet<u32>, bool) {
        let mut unknown = set.has_star();
        let mut uids = BTreeSet::new();
        let last = self.uids().last().copied().unwrap_or(0);
        for (entry, number) in self.entries.iter().zip(1..) {
            match (entry.uid, set.uid) {
                (Some(uid), true) if set.holds(uid) => drop(uids.insert(uid)),
                (uid, false) if set.holds(number) => {
                    unknown |= uid.is_none();
                    uids.extend(uid);
                }
                (None, true) => unknown = true,
                _ => {}
            }
        }
        let ends = set.ranges.iter().flat_map(|&(a, b)| [a, b]);
        unknown |= set.uid && ends.into_iter().any(|end| end != STAR && end > last);
        (uids, unknown)
    }

    /// Whether each number of the set has a message; always so for UIDs.
    pub fn covers(&self, set: &Set) -> bool {
        let count = self.entries.len() as u32;
        set.uid
            || set.ranges.iter().all(|&(a, b)| [a, b].into_iter().all(|n| n == STAR || n <= count))
    }

    /// I8: nothing else is in progress, and these are the messages with their flags.
    pub fn equals(&self, truth: &[(u32, u16)]) -> Result<(), String> {
        if self.entries.len() != truth.len() {
            let (told, real) = (self.entries.len(), truth.len());
            return Err(format!("I8: the client was told of {told} messages, there are {real}"));
        }
        for ((entry, number), (uid, flags)) in self.entries.iter().zip(1..).zip(truth) {
            if entry.uid.is_some_and(|known| known != *uid) {
                return Err(format!("I8: message {number} is UID {uid}, told as {:?}", entry.uid));
            }
            if let Some(told) = entry.flags.filter(|told| told != flags) {
                let (told, real) = (flags::names(told), flags::names(*flags));
                return Err(format!("I8: UID {uid} was told as ({told}) and is ({real})"));
            }
        }
        Ok(())
    }
}
