//! The things that happened, and which of them must come before which in any order that explains
//! them.

mod build;
mod footprint;
mod known;
pub(crate) mod mod_seq;

use crate::bits::Bits;
use crate::dialogue::{Dialogue, EntryId, Message, Renames, Told};
use crate::history::History;
use std::rc::Rc;

/// Something to be put in order.
pub(crate) struct Thing {
    pub connection: usize,
    pub kind: Kind,
    /// When it is known to have happened: candidates are tried in this order.
    pub at: u64,
    /// It changes nothing, and so can be put as early as it fits.
    pub only_reads: bool,
}

pub(crate) enum Kind {
    /// A command.
    Command(Ready),
    /// An observation that the server made known by itself or in an answer.
    Told(usize),
    /// Everything has been told, so the client's view is what there is: the selection, and each
    /// message with the flags that it was told at last.
    Settled(usize, Vec<(EntryId, Option<u16>)>),
}

/// A command with what its answer is judged by.
pub(crate) struct Ready {
    pub place: usize,
    pub views: Vec<Rc<[EntryId]>>,
    /// The FETCH responses from its start to its reply, as places among the observations.
    pub told: Vec<usize>,
}

/// Why one thing comes before another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// Their order matters, and they were sent in this order.
    Sent(&'static str),
    /// It was known to have happened before the other was sent.
    Time,
    /// UIDs ascend.
    Uids,
    /// MODSEQs ascend.
    ModSeqs,
    /// Told before, of the same thing.
    Told,
}

pub(crate) struct Graph {
    pub things: Vec<Thing>,
    /// For each, what must come before it: directly.
    pub reasons: Vec<Vec<(usize, Reason)>>,
    /// For each, all that must come before it.
    pub before: Vec<Bits>,
    /// For each, all that must come after it.
    pub after: Vec<Bits>,
    /// For each, what may change its answer.
    pub changers: Vec<Bits>,
    /// For each, what may not be exchanged with it.
    pub rivals: Vec<Bits>,
    /// Commands that depend on an earlier one and were answered before it: the earlier, the later,
    /// and why.
    pub overtakings: Vec<(usize, usize, &'static str)>,
}

impl Graph {
    /// All that happened in a history, as its dialogues tell it.
    ///
    /// `in_order`: a command begins its work when those that it depends on are answered. Otherwise
    /// it may have begun as soon as it was sent: there are servers that do one command after the
    /// other, and tell what has changed before they answer several at once.
    pub fn new(
        history: &History,
        dialogues: &[Dialogue],
        renames: &Renames,
        in_order: bool,
    ) -> Self {
        build::Builder::new(history, dialogues, renames, in_order).build()
    }
}

impl Dialogue {
    /// What FETCH told.
    pub(crate) fn told(&self, place: usize) -> Option<&Message> {
        match &self.observations[place].kind {
            Told::Message(message) => Some(message),
            _ => None,
        }
    }
}
