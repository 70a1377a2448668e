//! The messages of a mailbox in ascending order of UID, as a value: a copy costs a few pointers,
//! and a change copies only the chunks that it touches.

use super::chunk::{Chunk, Group, Summary};
use crate::flag::{KeywordSet, SystemFlags};
use crate::limits::GROUP_CHUNKS;
use crate::message::Message;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{ModSeq, Uid};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Keys of the chunks that differ from their rows.
pub(crate) type Dirty = BTreeSet<u32>;

/// Messages in ascending order of UID.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messages {
    groups: Vec<Arc<Group>>,
    /// How many messages lie before each group.
    starts: Vec<u32>,
    pub summary: Summary,
}

impl Messages {
    /// From chunks in ascending order; empty ones are passed over.
    pub(crate) fn from_chunks(chunks: impl IntoIterator<Item = Chunk>) -> Self {
        let filled = chunks.into_iter().filter(|chunk| !chunk.messages.is_empty());
        let chunks: Vec<Arc<Chunk>> = filled.map(Arc::new).collect();
        let groups = chunks.chunks(GROUP_CHUNKS).map(|some| Arc::new(Group::new(some.to_vec())));
        let mut messages = Self { groups: groups.collect(), ..Self::default() };
        messages.summarize();
        messages
    }

    pub(crate) fn len(&self) -> u32 {
        self.summary.counts.messages
    }

    pub(crate) fn groups(&self) -> &[Arc<Group>] {
        &self.groups
    }

    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Arc<Chunk>> {
        self.groups.iter().flat_map(|group| group.chunks.iter())
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Message> {
        if index >= self.len() {
            return None;
        }
        let number = self.starts.partition_point(|start| *start <= index) - 1;
        let (group, index) = (&self.groups[number], index - self.starts[number]);
        let number = group.starts.partition_point(|start| *start <= index) - 1;
        group.chunks[number].messages.get((index - group.starts[number]) as usize)
    }

    /// The index of a UID, or where it would stand.
    pub(crate) fn find(&self, uid: Uid) -> Result<u32, u32> {
        let wanted = uid.0.get();
        let number = self.groups.partition_point(|group| group.summary.last < wanted);
        let Some(group) = self.groups.get(number) else { return Err(self.len()) };
        let before = self.starts[number];
        let number = group.chunks.partition_point(|chunk| chunk.summary.last < wanted);
        let Some(chunk) = group.chunks.get(number) else { return Err(before) };
        let before = before + group.starts[number];
        let place = chunk.messages.binary_search_by_key(&uid, |message| message.uid);
        // A chunk has 64 messages at most.
        place.map(|at| before + at as u32).map_err(|at| before + at as u32)
    }

    /// The messages of a range of indexes; what lies beyond the end is passed over.
    pub(crate) fn range(&self, range: Range<u32>) -> impl Iterator<Item = &Message> {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        let group = self.starts.partition_point(|first| *first <= start).saturating_sub(1);
        let mut skip = start - self.starts.get(group).copied().unwrap_or(start);
        let chunks = self.groups[group.min(self.groups.len())..].iter().flat_map(|g| &g.chunks);
        chunks
            .filter_map(move |chunk| {
                let count = chunk.summary.counts.messages;
                let skipped = skip.min(count);
                skip -= skipped;
                (skipped < count).then(|| &chunk.messages[skipped as usize..])
            })
            .flatten()
            .take((end - start) as usize)
    }

    /// The chunk whose row has this key, if there is one.
    pub(crate) fn chunk(&self, key: u32) -> Option<&Chunk> {
        let group = self.groups.partition_point(|group| group.chunks[0].key <= key);
        let chunks = &self.groups.get(group.checked_sub(1)?)?.chunks;
        chunks.binary_search_by_key(&key, |chunk| chunk.key).ok().map(|at| &*chunks[at])
    }

    /// Adds messages whose UIDs are greater than all that are there.
    pub(crate) fn append(&mut self, new: impl IntoIterator<Item = Message>, dirty: &mut Dirty) {
        let mut new = new.into_iter().peekable();
        while new.peek().is_some() {
            if !self.groups.last().is_some_and(|group| group.has_room()) {
                self.groups.push(Arc::default());
            }
            let Some(group) = self.groups.last_mut().map(Arc::make_mut) else { return };
            group.append(&mut new, dirty);
        }
        self.summarize();
    }

    /// Changes the flags of messages in `uids` to what `plan` says, where it says anything, and
    /// sets their MODSEQ; tells whose.
    pub(crate) fn change(
        &mut self,
        uids: &UidRanges,
        mod_seq: ModSeq,
        plan: &impl Fn(&Message) -> Option<(SystemFlags, KeywordSet)>,
        dirty: &mut Dirty,
    ) -> UidRanges {
        let mut changed = UidRanges::new();
        for group in &mut self.groups {
            if touches(uids, &group.summary) {
                Group::change(group, uids, mod_seq, plan, dirty, &mut changed);
            }
        }
        self.summarize();
        changed
    }

    /// Removes the messages in `uids` of which `which` is true, and returns them.
    pub(crate) fn remove(
        &mut self,
        uids: &UidRanges,
        which: &impl Fn(&Message) -> bool,
        dirty: &mut Dirty,
    ) -> Vec<Message> {
        let mut removed = Vec::new();
        for group in &mut self.groups {
            if touches(uids, &group.summary) {
                Group::remove(group, uids, which, dirty, &mut removed);
            }
        }
        self.groups.retain(|group| !group.chunks.is_empty());
        self.join_groups();
        self.summarize();
        removed
    }

    /// Joins neighbouring groups that are mostly empty, so that the upper level stays short.
    fn join_groups(&mut self) {
        let mut joined: Vec<Arc<Group>> = Vec::with_capacity(self.groups.len());
        for group in self.groups.drain(..) {
            match joined.last_mut() {
                Some(last) if last.chunks.len() + group.chunks.len() <= GROUP_CHUNKS / 2 => {
                    let last = Arc::make_mut(last);
                    last.chunks.extend(group.chunks.iter().cloned());
                    last.summarize();
                }
                _ => joined.push(group),
            }
        }
        self.groups = joined;
    }

    fn summarize(&mut self) {
        self.starts.clear();
        let mut before = 0;
        for group in &self.groups {
            self.starts.push(before);
            before += group.summary.counts.messages;
        }
        self.summary = Summary::of_parts(self.groups.iter().map(|group| &group.summary));
    }
}

impl Group {
    fn has_room(&self) -> bool {
        self.chunks.len() < GROUP_CHUNKS || self.chunks.last().is_some_and(|last| last.has_room())
    }

    fn append(&mut self, new: &mut impl Iterator<Item = Message>, dirty: &mut Dirty) {
        while self.has_room() {
            let Some(message) = new.next() else { break };
            if !self.chunks.last().is_some_and(|last| last.has_room()) {
                self.chunks.push(Arc::new(Chunk::empty(message.uid.0.get())));
            }
            let Some(last) = self.chunks.last_mut().map(Arc::make_mut) else { break };
            dirty.insert(last.key);
            last.messages.push(message);
            while last.has_room() {
                let Some(message) = new.next() else { break };
                last.messages.push(message);
            }
            last.summarize();
        }
        self.summarize();
    }

    fn change(
        this: &mut Arc<Self>,
        uids: &UidRanges,
        mod_seq: ModSeq,
        plan: &impl Fn(&Message) -> Option<(SystemFlags, KeywordSet)>,
        dirty: &mut Dirty,
        changed: &mut UidRanges,
    ) {
        let mut touched = false;
        for number in 0..this.chunks.len() {
            let chunk = &this.chunks[number];
            if !touches(uids, &chunk.summary) {
                continue;
            }
            let named = chunk.messages.iter().enumerate().filter(|(_, m)| uids.contains(m.uid));
            let planned: Vec<_> = named.filter_map(|(at, m)| Some((at, plan(m)?))).collect();
            if planned.is_empty() {
                continue;
            }
            touched = true;
            let chunk = Arc::make_mut(&mut Arc::make_mut(this).chunks[number]);
            for (at, (flags, keywords)) in planned {
                let message = &mut chunk.messages[at];
                (message.flags, message.keywords, message.mod_seq) = (flags, keywords, mod_seq);
                changed.push(message.uid);
            }
            chunk.summarize();
            dirty.insert(chunk.key);
        }
        if touched {
            Arc::make_mut(this).summarize();
        }
    }

    fn remove(
        this: &mut Arc<Self>,
        uids: &UidRanges,
        which: &impl Fn(&Message) -> bool,
        dirty: &mut Dirty,
        removed: &mut Vec<Message>,
    ) {
        let before = removed.len();
        let goes = |message: &Message| uids.contains(message.uid) && which(message);
        for number in 0..this.chunks.len() {
            let chunk = &this.chunks[number];
            if !touches(uids, &chunk.summary) || !chunk.messages.iter().any(goes) {
                continue;
            }
            let chunk = Arc::make_mut(&mut Arc::make_mut(this).chunks[number]);
            removed.extend(chunk.messages.extract_if(.., |message| goes(message)));
            chunk.summarize();
            dirty.insert(chunk.key);
        }
        if removed.len() > before {
            Arc::make_mut(this).tidy(&mut |key| {
                dirty.insert(key);
            });
        }
    }
}

/// Whether a set names any UID from the first to the last of a summary.
fn touches(uids: &UidRanges, summary: &Summary) -> bool {
    let ranges = uids.ranges();
    let behind = ranges.partition_point(|(_, end)| end.0.get() < summary.first);
    ranges.get(behind).is_some_and(|(start, _)| start.0.get() <= summary.last)
}
