//! What the clients together have done to messages, and what follows from it whatever order the
//! server chose for what overlapped.
//!
//! A change is known to follow another if it was sent after the other's reply came, or behind it on
//! the same connection. A flag may have each value that some change gave it which no other is
//! known to have overwritten.

use super::flags;
use std::collections::{BTreeMap, BTreeSet};

/// Counts what happens, over all clients.
pub type Time = u64;

/// A message: its mailbox's UIDVALIDITY, which no two mailboxes share, and its UID.
pub type Key = (u32, u32);

/// A command of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub client: usize,
    /// Its place among all commands of the client.
    pub order: u64,
}

/// A change of flags.
#[derive(Clone, Debug)]
pub struct Change {
    pub origin: Origin,
    /// When its last octet was written; not before that can it have an effect.
    pub sent: Option<Time>,
    pub done: Option<Time>,
    pub validity: u32,
    /// Messages that are surely meant.
    pub uids: BTreeSet<u32>,
    /// Others of the mailbox may be meant as well.
    pub others: bool,
    pub set: u16,
    pub clear: u16,
}

/// A message that was made or seen.
#[derive(Clone, Debug)]
pub struct Message {
    pub token: Option<String>,
    /// Its making was answered, at this time.
    pub made: Option<Time>,
    /// What it was copied from.
    pub origin: Option<Key>,
    /// Flags that it may have had at first, and that it may have lacked.
    pub with: u16,
    pub without: u16,
    /// It must be gone, because of this.
    pub gone: Option<String>,
    /// Since when.
    pub gone_at: Option<Time>,
    pub moved: bool,
    /// The client and its selection that were told \Recent.
    pub recent: Option<(usize, u64)>,
}

/// A command that may have removed messages.
#[derive(Clone, Debug)]
pub struct Removal {
    pub origin: Origin,
    pub validity: u32,
    /// `None`: all, or not known.
    pub uids: Option<super::command::Set>,
    /// MOVE: whether or not they have \Deleted.
    pub moves: bool,
}

#[derive(Default)]
pub struct History {
    pub now: Time,
    pub messages: BTreeMap<Key, Message>,
    /// What each message held that is gone: a UID is never used again.
    dead: BTreeMap<Key, Option<String>>,
    pub changes: Vec<Change>,
    pub removals: Vec<Removal>,
    /// Messages whose making was never answered, since the connection ended.
    pub excused: BTreeSet<String>,
    /// A mailbox may have another name than its sessions know.
    pub renamed: bool,
    /// How many DELETEs were sent.
    pub deletes: usize,
    /// By UIDVALIDITY, what UIDNEXT must have been at least, from when on.
    floors: BTreeMap<u32, Vec<(Time, u32)>>,
    pub tokens: u64,
    /// All that was said, in order.
    pub transcript: Vec<String>,
    /// What was checked, for the sum at the end.
    pub counts: Counts,
}

/// How much was done and seen.
#[derive(Clone, Copy, Default, Debug)]
pub struct Counts {
    pub steps: u64,
    pub commands: u64,
    pub responses: u64,
    pub refused: u64,
    pub quiet: u64,
}

impl Counts {
    pub fn add(&mut self, more: &Self) {
        self.steps += more.steps;
        self.commands += more.commands;
        self.responses += more.responses;
        self.refused += more.refused;
        self.quiet += more.quiet;
    }
}

impl Change {
    fn is_sure(&self, uid: u32) -> bool {
        self.done.is_some() && self.uids.contains(&uid)
    }

    fn touches(&self, (validity, uid): Key, bit: u16) -> bool {
        self.validity == validity
            && (self.set | self.clear) & bit != 0
            && self.sent.is_some()
            && (self.others || self.uids.contains(&uid))
    }

    fn is_before(&self, later: &Self) -> bool {
        let same = self.origin.client == later.origin.client;
        self.done.is_some_and(|done| later.sent.is_some_and(|sent| done < sent))
            || same && self.origin.order < later.origin.order
    }
}

impl Removal {
    fn names(&self, key: Key) -> bool {
        let named = self.uids.as_ref().is_none_or(|set| set.has_star() || set.holds(key.1));
        self.validity == key.0 && named
    }
}

impl History {
    pub fn tick(&mut self) -> Time {
        self.now += 1;
        self.now
    }

    pub fn note(&mut self, client: usize, direction: char, octets: &[u8]) {
        match direction {
            '>' => self.counts.commands += 1,
            _ => self.counts.responses += 1,
        }
        let text = octets.escape_ascii().to_string().replace("\\\\", "\\").replace("\\\"", "\"");
        self.transcript.push(format!("{client} {direction} {text}"));
    }

    pub fn change(&mut self, origin: Origin) -> Option<&mut Change> {
        self.changes.iter_mut().find(|change| change.origin == origin)
    }

    /// The message, which may be new to us.
    pub fn message(&mut self, key: Key) -> &mut Message {
        self.messages.entry(key).or_insert_with(|| Message {
            token: None,
            made: None,
            origin: None,
            with: flags::ALL,
            without: flags::ALL,
            gone: None,
            gone_at: None,
            moved: false,
            recent: None,
        })
    }

    /// I1, I2: what a UID names never changes.
    pub fn learn(&mut self, key: Key, token: &str) -> Result<(), String> {
        if let Some(dead) = self.dead.get(&key) {
            return match dead {
                Some(dead) if dead != token => {
                    Err(format!("I1: UID {} held {dead}, is gone, and now holds {token}", key.1))
                }
                // A session may still read what is gone (RFC 2180 §4.1.1).
                _ => Ok(()),
            };
        }
        let message = self.message(key);
        match &message.token {
            Some(known) if known != token => {
                Err(format!("I2: UID {} held {known} and now holds {token}", key.1))
            }
            _ => {
                message.token = Some(token.to_owned());
                Ok(())
            }
        }
    }

    pub fn token(&self, key: Key) -> Option<&String> {
        match self.messages.get(&key) {
            Some(Message { token: None, origin: Some(origin), .. }) => self.token(*origin),
            Some(message) => message.token.as_ref(),
            None => self.dead.get(&key)?.as_ref(),
        }
    }

    pub fn is_dead(&self, key: Key) -> bool {
        self.dead.contains_key(&key)
    }

    /// Whether the flag may be so for someone who surely knows of what `seen` holds.
    pub fn possible(
        &self,
        key: Key,
        bit: u16,
        value: bool,
        seen: &dyn Fn(&Change) -> bool,
    ) -> bool {
        let changes: Vec<&Change> =
            self.changes.iter().filter(|change| change.touches(key, bit)).collect();
        let overwrites: Vec<&Change> =
            changes.iter().copied().filter(|c| c.is_sure(key.1) && seen(c)).collect();
        let first = self.messages.get(&key);
        let first = first.is_none_or(|m| (if value { m.with } else { m.without }) & bit != 0);
        if first && overwrites.is_empty() {
            return true;
        }
        changes.iter().any(|change| {
            (change.set & bit != 0) == value
                && !overwrites.iter().any(|later| change.is_before(later))
        })
    }

    /// Checks all flags that were told of a message.
    pub fn explains(
        &self,
        key: Key,
        told: u16,
        seen: &dyn Fn(&Change) -> bool,
    ) -> Result<(), String> {
        if self.is_dead(key) {
            return Ok(());
        }
        for bit in flags::bits() {
            let value = told & bit != 0;
            if !self.possible(key, bit, value, seen) {
                let name = flags::names(bit);
                let is = if value { "set" } else { "not set" };
                return Err(format!("UID {}: {name} was told as {is}, by no known change", key.1));
            }
        }
        Ok(())
    }

    /// I3: UIDNEXT, or one more than a UID, was seen.
    pub fn raise(&mut self, validity: u32, next: u32) {
        let now = self.now;
        let floors = self.floors.entry(validity).or_default();
        if floors.last().is_none_or(|last| last.1 < next) {
            floors.push((now, next));
        }
    }

    /// The least UIDNEXT for a command that was sent at that time.
    pub fn floor(&self, validity: u32, sent: Time) -> u32 {
        let floors = self.floors.get(&validity).map_or(&[][..], Vec::as_slice);
        floors.iter().rev().find(|(at, _)| *at < sent).map_or(1, |(_, next)| *next)
    }

    /// Messages come into a mailbox by a command that was sent then and is answered now.
    pub fn make(&mut self, key: Key, sent: Time, with: u16, without: u16) -> Result<(), String> {
        if key.1 < self.floor(key.0, sent) || self.is_dead(key) {
            return Err(format!("I1: UID {} is not above all earlier ones", key.1));
        }
        self.raise(key.0, key.1 + 1);
        let now = self.now;
        let message = self.message(key);
        if message.made.is_some() {
            return Err(format!("I1: UID {} is given twice", key.1));
        }
        (message.made, message.with, message.without) = (Some(now), with, without);
        Ok(())
    }

    /// Flags that a copy may have and may lack.
    pub fn inherited(&self, source: Key, origin: Origin, sent: Time) -> (u16, u16) {
        let seen = |change: &Change| known_to(change, origin, sent);
        let may =
            |value| flags::bits().filter(|bit| self.possible(source, *bit, value, &seen)).sum();
        (may(true), may(false))
    }

    /// An EXPUNGE that was sent then is answered now: what surely had \Deleted is gone.
    pub fn expunged(&mut self, removal: &Removal, sent: Time) {
        let seen = |change: &Change| known_to(change, removal.origin, sent);
        let keys: Vec<Key> = self
            .messages
            .range((removal.validity, 0)..=(removal.validity, u32::MAX))
            .filter(|(key, message)| {
                message.made.is_some_and(|made| made < sent)
                    && removal.uids.as_ref().is_none_or(|set| !set.has_star() && set.holds(key.1))
                    && !self.possible(**key, flags::DELETED, false, &seen)
            })
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            let origin = removal.origin;
            let why = format!("client {} expunged it (I9)", origin.client);
            let now = self.now;
            let message = self.message(key);
            message.gone.get_or_insert(why);
            message.gone_at.get_or_insert(now);
        }
    }

    /// I27, I26: whether some command may have removed the message.
    pub fn may_be_gone(&self, key: Key) -> bool {
        let Some(message) = self.messages.get(&key) else { return true };
        let deleted = || {
            message.with & flags::DELETED != 0
                || self.changes.iter().any(|change| {
                    change.touches(key, flags::DELETED) && change.set & flags::DELETED != 0
                })
        };
        let removed = self.removals.iter().any(|removal| !removal.moves && removal.names(key));
        message.moved || (removed && deleted())
    }

    /// Whether a session may see the message though it is gone: nothing changes it any more.
    pub fn may_be_ghost(&self, key: Key) -> bool {
        let moved = self.removals.iter().any(|removal| removal.moves && removal.names(key));
        moved || self.may_be_gone(key)
    }

    /// Nothing is in progress, and this is what all mailboxes hold: goes on from there.
    pub fn settle(&mut self, truth: &BTreeMap<Key, u16>) {
        let messages = std::mem::take(&mut self.messages);
        for (key, mut message) in messages {
            match truth.get(&key) {
                Some(flags) => {
                    (message.with, message.without) = (*flags, !flags & flags::ALL);
                    self.messages.insert(key, message);
                }
                None => {
                    self.dead.insert(key, message.token);
                }
            }
        }
        self.changes.clear();
        self.removals.clear();
        self.excused.clear();
        self.deletes = 0;
    }
}

/// Whether a command that was sent then surely comes after the change.
pub fn known_to(change: &Change, origin: Origin, sent: Time) -> bool {
    let same = change.origin.client == origin.client;
    same && change.origin.order < origin.order || change.done.is_some_and(|done| done < sent)
}
