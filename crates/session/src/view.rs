//! What a session has been told of its mailbox: the newest version that it knows, and *ghosts*,
//! messages expunged there of which it has not been told.

use crate::Snapshot;
use peregrine_proto::command::Messages;
use peregrine_proto::number::{Bound, Number, NumberSet, Ranges, UidRanges};
use peregrine_proto::{ModSeq, SequenceNumber, SequenceSet, Uid};
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

/// A mailbox as one client knows it. Immutable; cloning is cheap.
///
/// Its messages are those of `snapshot` and the ghosts, in ascending order of UID; a message's
/// sequence number is its place among them (RFC 3501 §2.3.1.2).
#[derive(Debug)]
pub struct View<S> {
    inner: Arc<Inner<S>>,
    /// What `$` means (RFC 5182): by UID, so that it stays true when numbers change. Messages that
    /// are gone stand for nothing.
    saved: Arc<UidRanges>,
}

#[derive(Debug)]
struct Inner<S> {
    snapshot: S,
    /// Ascending by UID; none of them is in `snapshot`.
    ghosts: Vec<Ghost>,
    /// The versions from which the ghosts can still be read.
    sources: Vec<S>,
    recent: UidRanges,
}

/// A message that is gone but counts until the client has been told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Ghost {
    uid: Uid,
    /// Which of `sources` holds it.
    source: u32,
    /// Its 0-based index there.
    index: u32,
}

/// Messages with consecutive sequence numbers that are read from one version.
#[derive(Clone, Debug)]
pub struct Run<S> {
    /// Sequence number of the first.
    pub first: SequenceNumber,
    /// Where to read them.
    pub snapshot: S,
    /// Their 0-based indexes there; never empty.
    pub indexes: Range<u32>,
}

/// A sequence number that no message has: BAD.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("message {number} does not exist, the mailbox has {exists}")]
pub struct BeyondEnd {
    /// The number that was asked for.
    pub number: SequenceNumber,
    /// How many messages there are.
    pub exists: u32,
}

impl<S> Clone for View<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), saved: self.saved.clone() }
    }
}

impl<S: Snapshot> View<S> {
    /// A view of a mailbox that has just been selected: everything in it has been told.
    pub fn new(snapshot: S, recent: UidRanges) -> Self {
        let (ghosts, sources) = (Vec::new(), Vec::new());
        let saved = Arc::default();
        Self { inner: Arc::new(Inner { snapshot, ghosts, sources, recent }), saved }
    }

    /// How many messages the client has been told of (EXISTS).
    pub fn exists(&self) -> u32 {
        self.inner.snapshot.exists() + self.inner.ghosts.len() as u32
    }

    /// The newest version that the client knows, but for expunges not told.
    pub fn snapshot(&self) -> &S {
        &self.inner.snapshot
    }

    /// The largest UID, what `*` means in a UID set; `None` in an empty mailbox.
    pub fn largest_uid(&self) -> Option<Uid> {
        let snapshot = &self.inner.snapshot;
        let alive = snapshot.exists().checked_sub(1).and_then(|last| snapshot.uid_at(last));
        alive.max(self.inner.ghosts.last().map(|ghost| ghost.uid))
    }

    /// The UID of the message with this number.
    pub fn uid(&self, number: SequenceNumber) -> Option<Uid> {
        let number = number.0.get();
        let before = self.ghosts_before_number(number);
        match self.inner.ghosts.get(before) {
            Some(ghost) if self.ghost_number(before) == number => Some(ghost.uid),
            _ => self.inner.snapshot.uid_at(number - 1 - before as u32),
        }
    }

    /// The number of the message with this UID; `None` where there is none.
    pub fn sequence(&self, uid: Uid) -> Option<SequenceNumber> {
        let ghosts = self.ghosts_below(uid);
        let is_ghost = self.inner.ghosts.get(ghosts).is_some_and(|ghost| ghost.uid == uid);
        let index = match self.inner.snapshot.index_of(uid) {
            Ok(index) => index,
            Err(index) if is_ghost => index,
            Err(_) => return None,
        };
        NonZeroU32::new(index + ghosts as u32 + 1).map(SequenceNumber)
    }

    /// Whether the message is recent in this session (RFC 3501 §2.3.2).
    pub fn recent(&self, uid: Uid) -> bool {
        self.inner.recent.contains(uid)
    }

    /// How many messages are recent in this session (RECENT); linear in the ranges of recent UIDs.
    pub fn recent_count(&self) -> u32 {
        let count = |&(first, last): &(Uid, Uid)| self.below(last, true) - self.below(first, false);
        self.inner.recent.ranges().iter().map(count).sum()
    }

    /// The messages that are recent in this session.
    pub(crate) fn recent_uids(&self) -> &UidRanges {
        &self.inner.recent
    }

    /// Whether the message has been expunged already, which the client has not been told.
    pub fn is_ghost(&self, uid: Uid) -> bool {
        self.inner.ghosts.binary_search_by_key(&uid, |ghost| ghost.uid).is_ok()
    }

    /// A range of UIDs without those of messages that have been expunged and count all the same,
    /// since the client has not been told.
    pub fn without_ghosts_in(&self, (first, last): (Uid, Uid)) -> Vec<(Uid, Uid)> {
        let mut ranges = Vec::new();
        let mut next = Uid::new(first.get());
        let start = self.ghosts_below(first);
        let within = self.inner.ghosts[start..].iter().take_while(|ghost| ghost.uid <= last);
        for ghost in within {
            let end = Uid::new(ghost.uid.get() - 1);
            ranges.extend(next.zip(end).filter(|(first, last)| first <= last));
            next = Uid::new(ghost.uid.get().wrapping_add(1));
        }
        ranges.extend(next.map(|next| (next, last)).filter(|(first, last)| first <= last));
        ranges
    }

    /// The messages that a command names, in ascending order and each once. UIDs that do not
    /// exist are passed over (RFC 3501 §6.4.8); a set with `*` is cut to the messages there are.
    pub fn runs(&self, messages: &Messages) -> Result<Vec<Run<S>>, BeyondEnd> {
        let mut runs = Vec::new();
        match messages {
            Messages::Sequence(set) => {
                for &(first, last) in self.resolve(set)?.ranges() {
                    self.push_runs(first.0.get(), last.0.get(), &mut runs);
                }
            }
            Messages::Uid(set) => {
                self.push_uids(&set.resolve(self.largest_uid()), &mut runs);
            }
            Messages::Saved { .. } => self.push_uids(&self.saved, &mut runs),
        }
        Ok(runs)
    }

    /// What the last `SEARCH RETURN (SAVE)` found (RFC 5182); it may name messages that are gone.
    pub fn saved(&self) -> &UidRanges {
        &self.saved
    }

    /// The UIDs of the messages that a command names: of a set of numbers all in between too, of
    /// which there are no messages. Numbers beyond the end name none.
    pub(crate) fn uids(&self, messages: &Messages) -> UidRanges {
        match messages {
            Messages::Uid(set) => set.resolve(self.largest_uid()),
            Messages::Saved { .. } => self.saved.as_ref().clone(),
            Messages::Sequence(set) => {
                let numbers = self.resolve(set).unwrap_or_default();
                let uids = |&(first, last): &_| Some((self.uid(first)?, self.uid(last)?));
                UidRanges::from_unordered(numbers.ranges().iter().filter_map(uids).collect())
            }
        }
    }

    /// A sequence set as plain numbers of messages that exist.
    pub fn resolve(&self, set: &SequenceSet) -> Result<Ranges<SequenceNumber>, BeyondEnd> {
        let exists = self.exists();
        check_end(set, exists)?;
        let largest = NonZeroU32::new(exists).map(SequenceNumber);
        let Some(largest) = largest else { return Ok(Ranges::new()) };
        let resolved = set.resolve(Some(largest));
        let cut = |&(first, last): &(SequenceNumber, SequenceNumber)| {
            (first.min(largest), last.min(largest))
        };
        Ok(Ranges::from_unordered(resolved.ranges().iter().map(cut).collect()))
    }
}

/// RFC 3501 §9 `seq-number`: a number beyond the end is an error, except where `*` stands on the
/// other side of the colon: `n:*` always holds the last message.
fn check_end(set: &NumberSet<SequenceNumber>, exists: u32) -> Result<(), BeyondEnd> {
    for range in &set.ranges {
        if let (Bound::Number(first), Bound::Number(last)) = *range {
            let number = first.max(last);
            if number.0.get() > exists {
                return Err(BeyondEnd { number, exists });
            }
        }
    }
    Ok(())
}

impl<S: Snapshot> View<S> {
    /// How many ghosts have a smaller UID.
    fn ghosts_below(&self, uid: Uid) -> usize {
        self.inner.ghosts.partition_point(|ghost| ghost.uid < uid)
    }

    /// How many messages have a smaller UID (or this one, where `inclusive`).
    fn below(&self, uid: Uid, inclusive: bool) -> u32 {
        let ghosts = if inclusive {
            self.inner.ghosts.partition_point(|ghost| ghost.uid <= uid)
        } else {
            self.ghosts_below(uid)
        };
        let alive = match self.inner.snapshot.index_of(uid) {
            Ok(index) => index + u32::from(inclusive),
            Err(index) => index,
        };
        alive + ghosts as u32
    }

    /// The sequence number of a ghost by its place among the ghosts.
    fn ghost_number(&self, place: usize) -> u32 {
        let uid = self.inner.ghosts[place].uid;
        let alive = self.inner.snapshot.index_of(uid).unwrap_or_else(|index| index);
        alive + place as u32 + 1
    }

    /// How many ghosts have a smaller sequence number.
    fn ghosts_before_number(&self, number: u32) -> usize {
        let (mut low, mut high) = (0, self.inner.ghosts.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.ghost_number(middle) < number {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Adds the messages with these UIDs as runs.
    fn push_uids(&self, uids: &UidRanges, runs: &mut Vec<Run<S>>) {
        for &(first, last) in uids.ranges() {
            self.push_runs(self.below(first, false) + 1, self.below(last, true), runs);
        }
    }

    /// Adds the messages with these numbers (inclusive, all of them exist) as runs.
    fn push_runs(&self, first: u32, last: u32, runs: &mut Vec<Run<S>>) {
        let mut number = first;
        let mut ghost = self.ghosts_before_number(first);
        while number <= last {
            let next_ghost = match self.inner.ghosts.get(ghost) {
                Some(_) => self.ghost_number(ghost),
                None => u32::MAX,
            };
            if next_ghost == number {
                let Ghost { source, index, .. } = self.inner.ghosts[ghost];
                let snapshot = &self.inner.sources[source as usize];
                push_run(runs, number, snapshot, index..index + 1);
                ghost += 1;
                number += 1;
            } else {
                let end = next_ghost.min(last + 1);
                let start = number - 1 - ghost as u32;
                push_run(runs, number, &self.inner.snapshot, start..start + (end - number));
                number = end;
            }
        }
    }
}

/// Adds a run, or lengthens the last one where it goes on in the same version.
fn push_run<S: Snapshot>(runs: &mut Vec<Run<S>>, number: u32, snapshot: &S, indexes: Range<u32>) {
    if let Some(last) = runs.last_mut() {
        let follows = last.first.0.get() + (last.indexes.end - last.indexes.start) == number;
        let same = last.snapshot.mod_seq() == snapshot.mod_seq();
        if follows && same && last.indexes.end == indexes.start {
            last.indexes.end = indexes.end;
            return;
        }
    }
    if let Some(first) = NonZeroU32::new(number).map(SequenceNumber) {
        runs.push(Run { first, snapshot: snapshot.clone(), indexes });
    }
}

/// How a view becomes the next one.
impl<S: Snapshot> View<S> {
    pub(crate) fn has_ghosts(&self) -> bool {
        !self.inner.ghosts.is_empty()
    }

    /// The view after a newer version: what was `expunged` since becomes ghosts.
    pub(crate) fn advanced(&self, newest: S, expunged: &[Uid], recent: UidRanges) -> Self {
        let (mut ghosts, mut sources) = (self.inner.ghosts.clone(), self.inner.sources.clone());
        if !expunged.is_empty() {
            let source = sources.len() as u32;
            let last = &self.inner.snapshot;
            let ghost = |uid: &Uid| {
                last.index_of(*uid).ok().map(|index| Ghost { uid: *uid, source, index })
            };
            ghosts.extend(expunged.iter().filter_map(ghost));
            ghosts.sort_unstable_by_key(|ghost| ghost.uid);
            sources.push(last.clone());
        }
        debug_assert!(ghosts.iter().all(|ghost| newest.index_of(ghost.uid).is_err()));
        let saved = self.saved.clone();
        Self { inner: Arc::new(Inner { snapshot: newest, ghosts, sources, recent }), saved }
    }

    /// The client has been told of all that happened up to this version, but for flags.
    pub(crate) fn told(&self) -> ModSeq {
        self.inner.sources.first().unwrap_or(&self.inner.snapshot).mod_seq()
    }

    /// The UIDs of all ghosts, ascending.
    pub(crate) fn ghost_uids(&self) -> impl Iterator<Item = Uid> {
        self.inner.ghosts.iter().map(|ghost| ghost.uid)
    }

    /// The sequence numbers of all ghosts, descending.
    pub(crate) fn ghost_numbers(&self) -> Vec<u32> {
        (0..self.inner.ghosts.len()).rev().map(|place| self.ghost_number(place)).collect()
    }

    /// The view once the client has been told of all ghosts.
    pub(crate) fn without_ghosts(&self) -> Self {
        let told = Self::new(self.inner.snapshot.clone(), self.inner.recent.clone());
        Self { saved: self.saved.clone(), ..told }
    }

    /// The view with another meaning of `$`.
    pub(crate) fn with_saved(&self, saved: UidRanges) -> Self {
        Self { inner: self.inner.clone(), saved: Arc::new(saved) }
    }
}
