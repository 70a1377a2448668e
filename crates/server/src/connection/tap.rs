//! Where those who watch a session get what its commands do. While nobody watches it costs one load
//! of a number for each look.

use super::now;
use crate::admin::trace::record::What;
use crate::host::Session;
use crate::sessions::{Seat, Watched, Watcher};
use peregrine_proto::Tag;
use peregrine_session::{TraceEvent, TraceStep};
use std::sync::Arc;

/// Events that a connection holds between two looks: those of some thousand small commands, which
/// one round may answer.
const EVENTS: usize = 8192;

/// Events that are held for a session whose user is not known yet: more than a login takes, and
/// little, since anybody may connect.
const EARLY_EVENTS: usize = 64;

/// One connection's watchers.
#[derive(Default)]
pub(super) struct Tap {
    generation: u64,
    watchers: Vec<Arc<Watcher>>,
    /// What happens is kept: somebody watches, or may turn out to.
    open: bool,
    /// The newest command that was told of.
    last: u64,
}

impl Tap {
    /// Looks whether anybody watches, and tells those who do what has happened since.
    pub(super) fn look(&mut self, seat: &Seat, session: &mut Session) {
        let generation = seat.watchers().generation();
        if generation != self.generation {
            self.generation = generation;
            self.reconsider(seat, session);
        }
        if !self.watchers.is_empty() {
            self.tell(seat, session);
        }
    }

    /// Whether it matters when each thing happens.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Commands until now, so that those after TLS has begun have other numbers.
    pub(super) fn commands(&self) -> u64 {
        self.last
    }

    fn reconsider(&mut self, seat: &Seat, session: &mut Session) {
        let all = seat.watchers().all();
        let unknown = seat.user().is_none();
        // Who this is is not known yet: what happens is kept until then, so that the login itself
        // can be seen.
        let undecided = unknown && all.iter().any(|one| matches!(one.of, Watched::User(_)));
        let name = seat.name();
        let mut watchers = all;
        watchers.retain(|watcher| watcher.of.matches(&name, seat.user().as_deref()));
        let is_new = |one: &&Arc<Watcher>| !self.watchers.iter().any(|old| Arc::ptr_eq(one, old));
        let new: Vec<_> = watchers.iter().filter(is_new).cloned().collect();
        if !self.watchers.is_empty() {
            self.tell(seat, session);
        }
        for watcher in &new {
            watcher.tell(now(), &name, 0, seat.introduction());
        }
        // Who comes later than another is told, too, what is under way.
        if !new.is_empty() && !self.watchers.is_empty() {
            session.set_tracing(now(), 0);
        }
        let events = match (watchers.is_empty(), undecided) {
            (false, _) => EVENTS,
            (true, true) => EARLY_EVENTS,
            (true, false) => 0,
        };
        session.set_tracing(now(), events);
        self.open = events > 0;
        self.watchers = watchers;
    }

    fn tell(&mut self, seat: &Seat, session: &mut Session) {
        let mut name = None;
        while let Some(TraceEvent { at, job, tag, step }) = session.poll_trace() {
            let name = name.get_or_insert_with(|| seat.name());
            let earlier = seat.earlier_commands();
            let job = earlier + job.0;
            self.last = self.last.max(job);
            let what = what(step, tag.as_ref(), earlier);
            for watcher in &self.watchers {
                watcher.tell(at, name, job, what.clone());
            }
        }
        let lost = session.poll_trace_lost();
        if lost > 0 {
            self.watchers.iter().for_each(|watcher| watcher.lose(lost));
        }
    }
}

fn what(step: TraceStep, tag: Option<&Tag>, earlier: u64) -> What {
    let text = |tag: Option<&Tag>| tag.map(|tag| tag.as_str().to_owned());
    match step {
        TraceStep::Arrived { command, octets } => What::Arrived {
            tag: text(tag),
            command: command.map(Into::into),
            octets: octets as u64,
        },
        TraceStep::UnderWay { name, started } => {
            What::Present { tag: text(tag), command: name.to_owned(), running: started }
        }
        TraceStep::Waiting { behind, tag, resource } => What::Waiting {
            behind: earlier + behind.0,
            tag: text(tag.as_ref()),
            why: resource.to_owned(),
        },
        TraceStep::Started => What::Running,
        TraceStep::Ended => What::Ended,
        TraceStep::FirstByte => What::Sending,
        TraceStep::Done { status, octets } => {
            What::Done { status: status.word().to_owned(), octets }
        }
    }
}
