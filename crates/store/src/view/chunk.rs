//! Chunks of up to 64 messages, and groups of up to 64 chunks: what versions of a view share.

use crate::limits::{CHUNK_MESSAGES, MERGE_MESSAGES};
use crate::message::{Counts, Message};
use peregrine_proto::ModSeq;
use std::sync::Arc;

/// Counts and bounds of some messages, kept with them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    pub counts: Counts,
    /// The greatest MODSEQ of the messages.
    pub mod_seq: ModSeq,
    /// The first UID.
    pub first: u32,
    /// The last UID.
    pub last: u32,
}

impl Summary {
    fn of_messages(messages: &[Message]) -> Self {
        let mut summary = Self::default();
        for message in messages {
            summary.counts.add(message);
            summary.mod_seq = summary.mod_seq.max(message.mod_seq);
        }
        summary.first = messages.first().map_or(0, |message| message.uid.0.get());
        summary.last = messages.last().map_or(0, |message| message.uid.0.get());
        summary
    }

    /// The summary of parts in ascending order.
    pub(crate) fn of_parts<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut summary = Self::default();
        for part in parts {
            if summary.counts.messages == 0 {
                summary.first = part.first;
            }
            summary.counts.merge(&part.counts);
            summary.mod_seq = summary.mod_seq.max(part.mod_seq);
            summary.last = part.last;
        }
        summary
    }
}

/// Some messages in a row of the store. Never empty in a view.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    /// What its row is stored under: the first UID that it had, so never above those it has.
    pub key: u32,
    pub messages: Vec<Message>,
    pub summary: Summary,
}

impl Chunk {
    /// From a row.
    pub(crate) fn stored(key: u32, messages: Vec<Message>) -> Self {
        let summary = Summary::of_messages(&messages);
        Self { key, messages, summary }
    }

    /// To be filled, beginning with the UID that is its key.
    pub(crate) fn empty(key: u32) -> Self {
        Self { key, messages: Vec::with_capacity(CHUNK_MESSAGES), summary: Summary::default() }
    }

    /// Brings the summary up to date after the messages changed.
    pub(crate) fn summarize(&mut self) {
        self.summary = Summary::of_messages(&self.messages);
    }

    pub(crate) fn has_room(&self) -> bool {
        self.messages.len() < CHUNK_MESSAGES
    }
}

/// Some chunks. Never empty in a view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub chunks: Vec<Arc<Chunk>>,
    /// How many messages of the group lie before each chunk.
    pub starts: Vec<u32>,
    pub summary: Summary,
}

impl Group {
    pub(crate) fn new(chunks: Vec<Arc<Chunk>>) -> Self {
        let mut group = Self { chunks, ..Self::default() };
        group.summarize();
        group
    }

    /// Brings starts and summary up to date after the chunks changed.
    pub(crate) fn summarize(&mut self) {
        self.starts.clear();
        let mut before = 0;
        for chunk in &self.chunks {
            self.starts.push(before);
            before += chunk.summary.counts.messages;
        }
        self.summary = Summary::of_parts(self.chunks.iter().map(|chunk| &chunk.summary));
    }

    /// Drops empty chunks and joins small neighbours; tells the keys of all that it touched.
    pub(crate) fn tidy(&mut self, touched: &mut impl FnMut(u32)) {
        self.chunks.retain(|chunk| !chunk.messages.is_empty());
        let mut joined: Vec<Arc<Chunk>> = Vec::with_capacity(self.chunks.len());
        for chunk in self.chunks.drain(..) {
            match joined.last_mut() {
                Some(last) if last.messages.len() + chunk.messages.len() <= MERGE_MESSAGES => {
                    touched(last.key);
                    touched(chunk.key);
                    let last = Arc::make_mut(last);
                    last.messages.extend_from_slice(&chunk.messages);
                    last.summarize();
                }
                _ => joined.push(chunk),
            }
        }
        self.chunks = joined;
        self.summarize();
    }
}
