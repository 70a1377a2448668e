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
        /// Name and arguments without secrets and mail; `None` where it could not be understood,
        /// for then nobody knows what is a secret in it.
        command: Option<Box<str>>,
        /// Octets without spooled messages.
        octets: usize,
    },
    /// It had arrived before tracing was switched on.
    UnderWay {
        /// Its name.
        name: &'static str,
        /// Whether it has started.
        started: bool,
    },
    /// It waits for an earlier command.
    Waiting {
        /// The earlier command.
        behind: JobId,
        /// The earlier command's tag.
        tag: Option<Tag>,
        /// What both touch.
        resource: &'static str,
    },
    /// It began.
    Started,
    /// Its work is done; what is left is sending, when its turn has come.
    Ended,
    /// The first octet of its answer was put in order for sending.
    FirstByte,
    /// Its tagged reply was put in order for sending.
    Done {
        /// The result.
        status: Status,
        /// Octets of its own blocks, data and reply.
        octets: u64,
    },
}

/// Events that nobody has fetched yet. Bounded: the oldest go first, and are counted.
pub(crate) struct TraceLog {
    events: VecDeque<TraceEvent>,
    pub most: usize,
    lost: u64,
}

impl TraceLog {
    pub fn new(most: usize) -> Self {
        Self { events: VecDeque::new(), most, lost: 0 }
    }

    pub fn push(&mut self, event: TraceEvent) {
        if self.events.len() >= self.most {
            self.events.pop_front();
            self.lost += 1;
        }
        self.events.push_back(event);
    }

    pub fn pop(&mut self) -> Option<TraceEvent> {
        self.events.pop_front()
    }

    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }
}
