//! The layout that all renderings share: a trace in panels, each a waterfall that can be taken in
//! at once: some commands that were near in time, and one axis for them.

use super::axis::Axis;
use super::rows::{Phase, Row, SessionTrace, Trace};

/// Commands after which a panel ends at the next moment in which nothing runs.
const ROWS: usize = 40;

/// Commands after which a panel ends even while some run.
const MOST_ROWS: usize = 200;

/// A pause that ends a panel, in microseconds: a minute.
const LONG_PAUSE: u64 = 60_000_000;

/// A pause behind which what is on another scale gets a panel of its own, in microseconds.
const PAUSE: u64 = 20_000;

/// So many times shorter than another, a burst of commands would be a dot beside it.
const SCALE: u64 = 40;

/// A login takes long on purpose (its password is hashed): where what follows is so many times
/// shorter, it gets a panel of its own.
const LOGIN_SCALE: u64 = 4;

/// A waterfall.
pub struct Panel<'t> {
    /// Whose commands.
    pub session: &'t SessionTrace,
    /// One for each command, in the order in which they arrived.
    pub rows: Vec<&'t Row>,
    /// The time.
    pub axis: Axis,
    /// Until when commands are drawn that have not ended.
    pub end: u64,
    /// Why commands waited, each reason once.
    pub reasons: Vec<Reason<'t>>,
}

/// Why some commands waited.
pub struct Reason<'t> {
    /// Those that waited.
    pub waiters: Vec<&'t Row>,
    /// The number of the command that they waited for.
    pub behind: u64,
    /// Its tag.
    pub tag: &'t str,
    /// What they and it touch.
    pub why: &'t str,
}

impl Reason<'_> {
    /// All in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let tags: Vec<&str> = self.waiters.iter().map(|row| row.tag.as_str()).collect();
        let list = match tags.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [others @ .., last] if others.len() < 6 => format!("{} and {last}", others.join(", ")),
            [first, .., last] => format!("{first} to {last} ({} commands)", tags.len()),
        };
        format!("{list} waited for {}: {}", self.tag, self.why)
    }
}

/// All panels of a trace, session by session.
#[must_use]
pub fn panels(trace: &Trace) -> Vec<Panel<'_>> {
    let of = |session| of_session(session, trace.end);
    trace.sessions.iter().flat_map(of).collect()
}

/// The panels of one session; `end` is the newest time that is known.
#[must_use]
pub fn of_session(session: &SessionTrace, end: u64) -> Vec<Panel<'_>> {
    of_rows(session, &session.rows.iter().collect::<Vec<_>>(), end)
}

/// The panels of some commands of a session, in the order in which they arrived.
#[must_use]
pub fn of_rows<'t>(session: &'t SessionTrace, rows: &[&'t Row], end: u64) -> Vec<Panel<'t>> {
    let end = session.closed.unwrap_or(end);
    let bursts = bursts(rows, end);
    let mut panels = Vec::new();
    let mut rows: Vec<&Row> = Vec::new();
    let mut scale: Option<(u64, u64)> = None;
    let mut busy_until = 0;
    for burst in bursts {
        let length = (burst.until - burst.from).max(1);
        let pause = burst.from.saturating_sub(busy_until);
        let (least, most) = scale.unwrap_or((length, length));
        let other_scale =
            length.saturating_mul(SCALE) < most || least.saturating_mul(SCALE) < length;
        let full = rows.len() + burst.rows.len() > ROWS;
        let after_login =
            rows.iter().all(|row| row.is_login()) && length.saturating_mul(LOGIN_SCALE) < most;
        let apart = pause >= LONG_PAUSE || (pause >= PAUSE && other_scale);
        if !rows.is_empty() && (full || apart || after_login) {
            panels.push(Panel::new(session, std::mem::take(&mut rows), end));
            scale = None;
        }
        let (least, most) = scale.unwrap_or((length, length));
        scale = Some((least.min(length), most.max(length)));
        busy_until = burst.until;
        for row in burst.rows {
            if rows.len() == MOST_ROWS {
                panels.push(Panel::new(session, std::mem::take(&mut rows), end));
            }
            rows.push(row);
        }
    }
    if !rows.is_empty() {
        panels.push(Panel::new(session, rows, end));
    }
    panels
}

/// Commands that ran at the same time or one directly behind the other.
struct Burst<'t> {
    from: u64,
    until: u64,
    rows: Vec<&'t Row>,
}

fn bursts<'t>(rows: &[&'t Row], end: u64) -> Vec<Burst<'t>> {
    let mut bursts: Vec<Burst<'t>> = Vec::new();
    for row in rows {
        let (from, until) = busy(row, end);
        match bursts.last_mut() {
            Some(last) if from <= last.until => {
                last.until = last.until.max(until);
                last.rows.push(row);
            }
            _ => bursts.push(Burst { from, until, rows: vec![row] }),
        }
    }
    bursts
}

/// When a command kept the server busy.
fn busy(row: &Row, end: u64) -> (u64, u64) {
    let until = if row.is_idle() { row.start } else { row.until(end) };
    (row.start, until)
}

impl<'t> Panel<'t> {
    /// Some commands of a session, in the order in which they arrived.
    #[must_use]
    pub fn new(session: &'t SessionTrace, rows: Vec<&'t Row>, end: u64) -> Self {
        let mut changes = Vec::new();
        for row in &rows {
            changes.extend([row.start, row.until(end)]);
            changes.extend(row.phases.iter().map(|phase| phase.from));
        }
        let axis = Axis::new(changes, rows.iter().map(|row| busy(row, end)).collect());
        let reasons = reasons(&rows);
        Self { session, rows, axis, end, reasons }
    }

    /// From the first arrival to the last end, in microseconds.
    #[must_use]
    pub fn length(&self) -> u64 {
        let last = self.rows.iter().map(|row| row.until(self.end)).max().unwrap_or_default();
        last.saturating_sub(self.axis.start())
    }

    /// Where a command's phases lie on the axis.
    pub fn bars(&self, row: &'t Row) -> impl Iterator<Item = (Phase, f64, f64)> + '_ {
        row.phases_until(row.until(self.end))
            .map(|phase| (phase, self.axis.place(phase.from), self.axis.place(phase.until)))
    }

    /// The numbers, from 1, of the reasons for which a command waited.
    pub fn notes(&self, row: &'t Row) -> impl Iterator<Item = usize> + '_ {
        let waits = move |reason: &Reason<'_>| reason.waiters.iter().any(|one| one.job == row.job);
        let numbered = self.reasons.iter().enumerate();
        numbered.filter(move |(_, reason)| waits(reason)).map(|(number, _)| number + 1)
    }

    /// The place among the rows of a command by its number.
    #[must_use]
    pub fn row_of(&self, job: u64) -> Option<usize> {
        self.rows.iter().position(|row| row.job == job)
    }
}

fn reasons<'t>(rows: &[&'t Row]) -> Vec<Reason<'t>> {
    let mut reasons: Vec<Reason<'t>> = Vec::new();
    for row in rows {
        for wait in &row.waits {
            let same =
                |reason: &&mut Reason<'_>| reason.behind == wait.behind && reason.why == wait.why;
            match reasons.iter_mut().find(same) {
                Some(reason) => reason.waiters.push(row),
                None => {
                    let (behind, tag, why) = (wait.behind, &wait.tag, &wait.why);
                    reasons.push(Reason { waiters: vec![row], behind, tag, why });
                }
            }
        }
    }
    reasons
}
