//! What happened to each command and why: off until asked for.

use crate::JobId;
use peregrine_proto::{Status, Tag};
use std::collections::VecDeque;
use std::time::Instant;

/// One step of a command's life.
#[derive(Clone, Debug)]
pub struct TraceEvent {
    /// When, by the newest time that the caller passed in.
    pub at: Instant,
    /// Which command.
    pub job: JobId,
    /// Its tag; `None` where the line had none that could be read.
    pub tag: Option<Tag>,
    /// What happened.
    pub step: TraceStep,
}

/// What happened to a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TraceStep {
    /// It was read whole.
    Arrived {
        /// Its name, or `BAD` where it could not be understood.
        name: &'static str,
        /// Octets without spooled messages.
        octets: usize,
    },
    /// It waits for an earlier command.
    Waiting {
        /// The earlier command's tag.
        tag: Option<Tag>,
        /// What both touch.
        resource: &'static str,
    },
    /// It began.
    Started,
    /// The first octet of its answer went out.
    FirstByte,
    /// Its tagged reply went out.
    Done {
        /// The result.
        status: Status,
        /// Octets of its own blocks, data and reply.
        octets: u64,
    },
}

/// Events that nobody has fetched yet. Bounded: the oldest go first.
#[derive(Default)]
pub(crate) struct TraceLog {
    events: VecDeque<TraceEvent>,
}

impl TraceLog {
    /// So many events are kept: several for each command that may be in progress.
    const MAX: usize = 1024;

    pub fn push(&mut self, event: TraceEvent) {
        if self.events.len() == Self::MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    pub fn pop(&mut self) -> Option<TraceEvent> {
        self.events.pop_front()
    }
}
