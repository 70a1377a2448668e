//! What happened between two versions of a mailbox, without looking at what they share.

use super::sequence::Messages;
use crate::message::Message;
use peregrine_proto::{ModSeq, Uid};
use std::cmp::Ordering;
use std::sync::Arc;

/// What happened from an older version of a mailbox to a newer one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Difference {
    /// Messages that went, in ascending order.
    pub expunged: Vec<Uid>,
    /// Messages of both versions whose flags changed, with their new MODSEQ.
    pub changed: Vec<(Uid, ModSeq)>,
    /// Whether messages came.
    pub arrived: bool,
    /// Whether the mailbox has keywords that it had not.
    pub keywords: bool,
}

/// Finds expunged, changed and arrived messages.
pub(super) fn difference(newer: &Messages, older: &Messages) -> Difference {
    let mut difference = Difference::default();
    let (mut new, mut old) = (Walk::new(newer), Walk::new(older));
    loop {
        if new.skip_shared(&mut old) {
            continue;
        }
        let Some(before) = old.message() else {
            difference.arrived = new.message().is_some();
            return difference;
        };
        let after = new.message();
        match after.map_or(Ordering::Greater, |after| after.uid.cmp(&before.uid)) {
            Ordering::Greater => difference.expunged.push(before.uid),
            Ordering::Equal => {
                if let Some(after) = after.filter(|after| after.mod_seq != before.mod_seq) {
                    difference.changed.push((after.uid, after.mod_seq));
                }
                new.advance();
            }
            // A UID that is new never lies before one that was there; if it did, it came.
            Ordering::Less => {
                difference.arrived = true;
                new.advance();
                continue;
            }
        }
        old.advance();
    }
}

/// A place in a version: in which group, chunk and message.
struct Walk<'a> {
    messages: &'a Messages,
    group: usize,
    chunk: usize,
    at: usize,
}

impl<'a> Walk<'a> {
    fn new(messages: &'a Messages) -> Self {
        Self { messages, group: 0, chunk: 0, at: 0 }
    }

    fn message(&self) -> Option<&'a Message> {
        self.messages.groups().get(self.group)?.chunks.get(self.chunk)?.messages.get(self.at)
    }

    fn advance(&mut self) {
        let Some(group) = self.messages.groups().get(self.group) else { return };
        self.at += 1;
        if self.at >= group.chunks[self.chunk].messages.len() {
            (self.chunk, self.at) = (self.chunk + 1, 0);
        }
        if self.chunk >= group.chunks.len() {
            (self.group, self.chunk) = (self.group + 1, 0);
        }
    }

    /// Passes over a group or chunk that both have at this place.
    fn skip_shared(&mut self, other: &mut Self) -> bool {
        if self.at > 0 || other.at > 0 {
            return false;
        }
        let (mine, theirs) = (self.messages.groups(), other.messages.groups());
        let (Some(mine), Some(theirs)) = (mine.get(self.group), theirs.get(other.group)) else {
            return false;
        };
        if self.chunk == 0 && other.chunk == 0 && Arc::ptr_eq(mine, theirs) {
            (self.group, other.group) = (self.group + 1, other.group + 1);
            return true;
        }
        if Arc::ptr_eq(&mine.chunks[self.chunk], &theirs.chunks[other.chunk]) {
            self.skip_chunk();
            other.skip_chunk();
            return true;
        }
        false
    }

    fn skip_chunk(&mut self) {
        self.chunk += 1;
        if self.chunk >= self.messages.groups()[self.group].chunks.len() {
            (self.group, self.chunk) = (self.group + 1, 0);
        }
    }
}
