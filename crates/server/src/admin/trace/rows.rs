//! From events to rows: one for each command, with its phases and what it waited for.

use super::record::{Event, Header, What};
use std::collections::HashMap;

/// Times in a recording are at most this, in microseconds: a hundred years. Later ones are nonsense.
const LATEST: u64 = 3_200_000_000_000_000;

/// A whole trace. Events are added in the order in which they came.
#[derive(Clone, Debug)]
pub struct Trace {
    /// When and of whom it is.
    pub header: Header,
    /// The sessions, in the order in which they were first seen.
    pub sessions: Vec<SessionTrace>,
    /// Events that are missing: what looks unfinished may have ended.
    pub lost: u64,
    /// The newest time, in microseconds since the start.
    pub end: u64,
    places: HashMap<(String, u64), (usize, usize)>,
}

/// One session's commands.
#[derive(Clone, Debug, Default)]
pub struct SessionTrace {
    /// Its name, as in the log.
    pub id: String,
    /// Who was logged in.
    pub user: Option<String>,
    /// The client's address.
    pub from: String,
    /// Whether it spoke TLS.
    pub tls: bool,
    /// In the order in which they arrived.
    pub rows: Vec<Row>,
    /// When it ended.
    pub closed: Option<u64>,
}

/// One command. Times are in microseconds since the trace began.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its number in the session.
    pub job: u64,
    /// The client's tag; `*` where it could not be read.
    pub tag: String,
    /// Name and arguments, redacted.
    pub command: String,
    /// Octets that came.
    pub octets_in: u64,
    /// Its arrival, or when it was first seen.
    pub start: u64,
    /// It had arrived before the trace began.
    pub early: bool,
    /// One after the other without gaps.
    pub phases: Vec<Phase>,
    /// What it waited for.
    pub waits: Vec<Wait>,
    /// When its reply was put in order for sending; `None` if the trace ends before.
    pub end: Option<u64>,
    /// `OK`, `NO` or `BAD`.
    pub status: Option<String>,
    /// Octets that were sent for it.
    pub octets_out: u64,
}

/// A stretch of a command's life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Phase {
    /// What it did.
    pub kind: PhaseKind,
    /// From when.
    pub from: u64,
    /// Until when; of a command that has not ended, the newest time that is known.
    pub until: u64,
}

/// What a command can be doing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PhaseKind {
    /// It has arrived and not started.
    Waiting,
    /// It works.
    Running,
    /// Its work is done, and its answer waits for its turn.
    Held,
    /// Its answer is being sent; it may still work.
    Sending,
}

/// One command that another waited for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    /// The earlier command's number.
    pub behind: u64,
    /// Its tag.
    pub tag: String,
    /// What both touch.
    pub why: String,
}

impl PhaseKind {
    /// All, in the order in which they come.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Held, Self::Sending];

    /// One word for legends.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Held => "held",
            Self::Sending => "sending",
        }
    }

    /// What the word means.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Waiting => "arrived, and an earlier command must end first",
            Self::Running => "at work",
            Self::Held => "work done, the answer waits for its turn",
            Self::Sending => "the answer goes out",
        }
    }
}

impl Trace {
    /// Without events.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self { header, sessions: Vec::new(), lost: 0, end: 0, places: HashMap::new() }
    }

    /// Of a whole recording.
    #[must_use]
    pub fn from_events(header: Header, events: impl IntoIterator<Item = Event>) -> Self {
        let mut trace = Self::new(header);
        events.into_iter().for_each(|event| trace.add(event));
        trace
    }

    /// How many commands there are.
    #[must_use]
    pub fn commands(&self) -> usize {
        self.sessions.iter().map(|session| session.rows.len()).sum()
    }

    /// Adds what happened next.
    pub fn add(&mut self, event: Event) {
        let Event { at, session, job, what } = event;
        let at = at.min(LATEST);
        self.end = self.end.max(at);
        if let What::Lost { events } = what {
            self.lost += events;
            return;
        }
        let place = self.session(&session);
        match what {
            What::Session { user, from, tls } => {
                let known = &mut self.sessions[place];
                (known.user, known.from, known.tls) = (user, from, tls);
            }
            What::Closed => self.sessions[place].closed = Some(at),
            _ if job == 0 => {}
            what => self.row(place, session, job, at).add(at, what),
        }
    }

    /// Forgets the commands of a session, by its place among the sessions.
    pub(super) fn forget(&mut self, session: usize) {
        self.sessions[session].rows.clear();
        self.places.retain(|_, (place, _)| *place != session);
    }

    fn session(&mut self, id: &str) -> usize {
        let known = self.sessions.iter().position(|session| session.id == id);
        known.unwrap_or_else(|| {
            self.sessions.push(SessionTrace { id: id.to_owned(), ..SessionTrace::default() });
            self.sessions.len() - 1
        })
    }

    fn row(&mut self, session: usize, id: String, job: u64, at: u64) -> &mut Row {
        let rows = &mut self.sessions[session].rows;
        let (_, place) = *self.places.entry((id, job)).or_insert_with(|| {
            let (tag, command) = ("*".to_owned(), "?".to_owned());
            rows.push(Row { job, tag, command, start: at, early: true, ..Row::default() });
            (session, rows.len() - 1)
        });
        &mut rows[place]
    }
}

impl Row {
    /// Until when it is drawn.
    #[must_use]
    pub fn until(&self, end: u64) -> u64 {
        self.end.unwrap_or(end).max(self.start)
    }

    /// IDLE is as long as the client likes: it says nothing about the server.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.command == "IDLE"
    }

    /// Whether it is LOGIN or AUTHENTICATE.
    #[must_use]
    pub fn is_login(&self) -> bool {
        self.command.starts_with("LOGIN") || self.command.starts_with("AUTHENTICATE")
    }

    /// How long it was in a phase.
    #[must_use]
    pub fn time_in(&self, kind: PhaseKind) -> u64 {
        let of_kind = self.phases.iter().filter(|phase| phase.kind == kind);
        of_kind.map(|phase| phase.until - phase.from).sum()
    }

    /// Its phases, the last one drawn out to `end` where it has not ended.
    pub fn phases_until(&self, end: u64) -> impl Iterator<Item = Phase> + '_ {
        let last = self.phases.len().saturating_sub(1);
        let open = self.end.is_none();
        self.phases.iter().enumerate().map(move |(number, phase)| match open && number == last {
            true => Phase { until: phase.until.max(end), ..*phase },
            false => *phase,
        })
    }

    fn add(&mut self, at: u64, what: What) {
        // Times never run backwards, whatever a file says.
        let at = self.phases.last().map_or(self.start, |phase| phase.until).max(at);
        match what {
            What::Arrived { tag, command, octets } => {
                self.name(tag, command.unwrap_or_else(|| "(not understood)".to_owned()));
                self.octets_in = octets;
                self.early = false;
                self.enter(PhaseKind::Waiting, at);
            }
            // Told again when somebody else begins to watch.
            What::Present { .. } if !self.phases.is_empty() => {}
            What::Present { tag, command, running } => {
                self.name(tag, command);
                let phase = if running { PhaseKind::Running } else { PhaseKind::Waiting };
                self.enter(phase, at);
            }
            What::Waiting { behind, tag, why } => {
                let tag = tag.unwrap_or_else(|| "*".to_owned());
                let wait = Wait { behind, tag, why };
                if !self.waits.contains(&wait) {
                    self.waits.push(wait);
                }
                self.enter(PhaseKind::Waiting, at);
            }
            What::Running => self.enter(PhaseKind::Running, at),
            // What is being sent already goes on.
            What::Ended if self.is_in(PhaseKind::Sending) => {}
            What::Ended => self.enter(PhaseKind::Held, at),
            What::Sending => self.enter(PhaseKind::Sending, at),
            What::Done { status, octets } => {
                self.close(at);
                self.end = Some(at);
                self.status = Some(status);
                self.octets_out = octets;
            }
            What::Session { .. } | What::Closed | What::Lost { .. } | What::Unknown => {}
        }
    }

    fn name(&mut self, tag: Option<String>, command: String) {
        self.tag = tag.unwrap_or_else(|| "*".to_owned());
        self.command = command;
    }

    fn is_in(&self, kind: PhaseKind) -> bool {
        self.phases.last().is_some_and(|phase| phase.kind == kind)
    }

    fn enter(&mut self, kind: PhaseKind, at: u64) {
        self.close(at);
        if !self.is_in(kind) {
            self.phases.push(Phase { kind, from: at, until: at });
        }
    }

    fn close(&mut self, at: u64) {
        if let Some(phase) = self.phases.last_mut() {
            phase.until = at;
        }
    }
}
