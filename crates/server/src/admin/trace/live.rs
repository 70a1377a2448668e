//! A trace that is drawn while it goes on: what can be drawn as a whole, as soon as it can.

use super::panel::{self, Panel};
use super::record::{Event, Header};
use super::rows::Trace;
use std::collections::BTreeSet;

/// After so long a quiet a session's commands are drawn, in microseconds: what one click in a mail
/// program causes is one picture then.
const QUIET: u64 = 400_000;

/// A session that is never quiet is drawn each so often, in microseconds.
const WINDOW: u64 = 5_000_000;

/// A trace that goes on.
pub struct Live {
    trace: Trace,
    /// For each session, the places of rows that have not been drawn as they ended.
    waiting: Vec<Waiting>,
    /// Rows are kept after they have been drawn.
    keep: bool,
}

#[derive(Default)]
struct Waiting {
    rows: BTreeSet<usize>,
    /// Rows before this place have been looked at.
    seen: usize,
    drawn: u64,
}

impl Live {
    /// `keep`: whether [`Live::trace`] shall have everything at the end; memory grows with it.
    #[must_use]
    pub fn new(header: Header, keep: bool) -> Self {
        Self { trace: Trace::new(header), waiting: Vec::new(), keep }
    }

    /// Adds what happened next.
    pub fn add(&mut self, event: Event) {
        self.trace.add(event);
    }

    /// Everything so far, if it is kept.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// From now on rows are forgotten once they have been drawn.
    pub fn forget(&mut self) {
        self.keep = false;
    }

    /// Draws what is ready, now that so many microseconds have passed since the start. Commands
    /// that have not ended when they are drawn are drawn again when they have. `all`: draws what
    /// is left, ready or not.
    pub fn draw(&mut self, now: u64, all: bool, mut draw: impl FnMut(&Panel<'_>)) {
        let now = now.max(self.trace.end);
        self.waiting.resize_with(self.trace.sessions.len(), Waiting::default);
        for (place, waiting) in self.waiting.iter_mut().enumerate() {
            let session = &self.trace.sessions[place];
            waiting.rows.extend(waiting.seen..session.rows.len());
            waiting.seen = session.rows.len();
            let rows: Vec<_> = waiting.rows.iter().map(|row| &session.rows[*row]).collect();
            let open = rows.iter().any(|row| row.end.is_none() && !row.is_idle());
            let latest = rows.iter().map(|row| row.end.unwrap_or(row.start)).max();
            let earliest = rows.iter().map(|row| row.start).min().unwrap_or(now);
            let quiet = !open && latest.is_some_and(|latest| now - latest >= QUIET);
            let old = now - earliest.max(waiting.drawn) >= WINDOW;
            let fresh = latest.is_some_and(|latest| latest > waiting.drawn);
            let due = quiet || old || session.closed.is_some() || all;
            if !due || !(fresh || (all && open)) {
                continue;
            }
            for panel in panel::of_rows(session, &rows, now) {
                draw(&panel);
            }
            waiting.drawn = now;
            let over = session.closed.is_some();
            waiting.rows.retain(|row| !over && session.rows[*row].end.is_none());
            if !self.keep && waiting.rows.is_empty() {
                self.trace.forget(place);
                waiting.seen = 0;
            }
        }
    }
}
