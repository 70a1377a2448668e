//! The machine's face: what goes in by `handle_*`, what comes out by `poll_*`.

mod admission;
mod clock;
mod close;
mod complete;
mod input;
mod lone;
mod output;

use crate::schedule::Schedule;
use crate::selection::Selection;
use crate::trace::TraceLog;
use crate::wire::Wire;
use crate::{Enabled, Host, Job, JobId, Limits, Spool, TraceEvent, TraceStep};
use bytes::Bytes;
use clock::Clock;
use close::Phase;
use input::Dialogue;
use lone::Lone;
use output::Telling;
use peregrine_proto::frame::Framer;
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{MailboxName, Response, Status, Tag};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// One server connection.
///
/// It does no I/O, reads no clock and spawns nothing. After each `handle_*`, call every `poll_*`
/// until none gives anything more: sending a reply can start the next job, whose prompt can be the
/// next thing to send.
pub struct Session<H: Host> {
    limits: Arc<Limits>,
    framer: Framer,
    phase: Phase,
    secure: bool,
    deflated: bool,
    clock: Clock,
    account: Option<H::Account>,
    selection: Option<Box<Selection<H>>>,
    /// The command that has selected a mailbox and is not answered yet.
    selecting: Option<JobId>,
    /// The selected mailbox is deleted, which is told when a DELETE that runs has been answered.
    gone: bool,
    /// So is the one that is being selected.
    gone_unopened: bool,
    enabled: Enabled,
    schedule: Schedule<H>,
    /// The only unfinished command, which is not in the schedule.
    lone: Option<Lone>,
    /// Commands that have started and that the caller has not fetched.
    jobs: VecDeque<JobId>,
    dialogue: Option<Box<Dialogue>>,
    line: Option<(JobId, Bytes)>,
    spool: VecDeque<Spool>,
    /// Spooled messages of a command that has not arrived whole.
    arriving: SmallVec<[u64; 1]>,
    cancels: VecDeque<JobId>,
    wire: Wire,
    telling: Option<Box<Telling<H::Snapshot>>>,
    bad_commands: u32,
    /// A literal was refused, and no command has followed.
    literal_refused: bool,
    login_failures: u32,
    /// What BYE said.
    last_words: Option<Box<str>>,
    trace: Option<Box<TraceLog>>,
}

impl<H: Host> Session<H> {
    /// A connection that has just been made. `greeting` is sent as `* OK`; `secure` says that TLS
    /// is on already, so that STARTTLS is refused.
    pub fn new(
        limits: impl Into<Arc<Limits>>,
        greeting: ResponseText,
        secure: bool,
        now: Instant,
    ) -> Self {
        let limits = limits.into();
        let mut session = Self {
            framer: Framer::new(limits.frame_before_login),
            limits,
            phase: Phase::Open,
            secure,
            deflated: false,
            clock: Clock::new(now),
            account: None,
            selection: None,
            selecting: None,
            gone: false,
            gone_unopened: false,
            enabled: Enabled::default(),
            schedule: Schedule::new(),
            lone: None,
            jobs: VecDeque::new(),
            dialogue: None,
            line: None,
            spool: VecDeque::new(),
            arriving: SmallVec::new(),
            cancels: VecDeque::new(),
            wire: Wire::default(),
            telling: None,
            bad_commands: 0,
            literal_refused: false,
            login_failures: 0,
            last_words: None,
            trace: None,
        };
        session.write(&Response::Condition { status: Status::Ok, text: greeting });
        session
    }

    /// The newest version of the selected mailbox, and what has become recent in this session.
    /// The caller gives it before each outcome and whenever the mailbox changes; an older one
    /// than is known is passed over.
    pub fn handle_snapshot(&mut self, now: Instant, snapshot: H::Snapshot, recent: UidRanges) {
        self.clock.now = now;
        if let Some(selection) = self.newest_selection() {
            selection.offer(snapshot, recent);
        }
    }

    /// The selected mailbox, or the one that is being selected, has another name now, whoever gave
    /// it: what names it by that name is in order with what works in it from here on.
    pub fn handle_mailbox_renamed(&mut self, now: Instant, name: MailboxName) {
        self.clock.now = now;
        if let Some(selection) = self.newest_selection() {
            selection.rename(name);
        }
    }

    /// A command to run; `None` also while [`Session::poll_spool`] has something to say first.
    ///
    /// Where none waits, it reads on: so commands that came together are given one after the other,
    /// and one that ends before the next call is answered before the next one is looked at.
    pub fn poll_job(&mut self) -> Option<Job<H>> {
        self.schedule_lone();
        if self.jobs.is_empty() && self.is_quiet() {
            return self.read_alone();
        }
        if self.jobs.is_empty() && !self.proceed() {
            // Replies that cannot be sent do not hold back commands.
            self.read();
        }
        self.next_job()
    }

    fn next_job(&mut self) -> Option<Job<H>> {
        if !self.spool.is_empty() {
            return None;
        }
        let id = self.jobs.pop_front()?;
        self.job(id)
    }

    /// A line of the client for a job that has prompted for it, without its end. The job answers
    /// with another prompt or its outcome.
    pub fn poll_line(&mut self) -> Option<(JobId, Bytes)> {
        self.line.take()
    }

    /// A job to be dropped: nobody waits for it any longer. What it was to give is ignored.
    pub fn poll_cancel(&mut self) -> Option<JobId> {
        self.cancels.pop_front()
    }

    /// What to do with temporary storage, in this order.
    pub fn poll_spool(&mut self) -> Option<Spool> {
        self.spool.pop_front()
    }

    /// The selected mailbox; during SELECT the old one, until its reply has been put in order for
    /// sending.
    pub fn selected(&self) -> Option<&H::Mailbox> {
        self.selection.as_ref().map(|selection| &selection.mailbox)
    }

    /// Who is logged in.
    pub fn account(&self) -> Option<&H::Account> {
        self.account.as_ref()
    }

    /// What the client has enabled.
    pub fn enabled(&self) -> Enabled {
        self.enabled
    }

    /// Keeps what happens to each command for [`Session::poll_trace`], beginning with the commands
    /// that are under way: at most so many events that have not been fetched; the oldest go first,
    /// and are counted. None at all for 0.
    pub fn set_tracing(&mut self, now: Instant, most: usize) {
        self.clock.now = now;
        self.schedule_lone();
        match &mut self.trace {
            Some(trace) if most > 0 => return trace.most = most,
            _ => self.trace = (most > 0).then(|| Box::new(TraceLog::new(most))),
        }
        let Some(trace) = &mut self.trace else { return };
        for entry in self.schedule.iter() {
            let step = TraceStep::UnderWay { name: entry.name, started: entry.is_started() };
            trace.push(TraceEvent { at: now, job: entry.id, tag: entry.tag.clone(), step });
        }
    }

    /// The next thing that happened to a command; nothing unless tracing is on.
    pub fn poll_trace(&mut self) -> Option<TraceEvent> {
        self.trace.as_mut()?.pop()
    }

    /// Events that have gone since the last call, because they were not fetched in time.
    pub fn poll_trace_lost(&mut self) -> u64 {
        self.trace.as_mut().map_or(0, |trace| trace.take_lost())
    }

    /// The selection that versions of the mailbox belong to: that of a SELECT that has ended and
    /// is not answered yet, or the present one.
    fn newest_selection(&mut self) -> Option<&mut Selection<H>> {
        if let Some(place) = self.selecting.and_then(|id| self.schedule.place(id)) {
            return self.schedule.at_mut(place)?.ending_mut()?.selection.as_deref_mut();
        }
        self.selection.as_deref_mut()
    }

    fn write(&mut self, response: &Response) {
        response.write(self.wire.buffer());
    }

    fn note(&mut self, job: JobId, tag: Option<&Tag>, step: impl FnOnce() -> TraceStep) {
        if let Some(trace) = &mut self.trace {
            trace.push(TraceEvent { at: self.clock.now, job, tag: tag.cloned(), step: step() });
        }
    }

    /// Gives memory back while nothing is in progress.
    fn rest(&mut self) {
        if self.schedule.is_empty()
            && self.lone.is_none()
            && self.wire.is_drained()
            && self.jobs.is_empty()
        {
            self.schedule.rest();
            self.wire.rest();
            self.jobs = VecDeque::new();
            if self.spool.is_empty() {
                self.spool = VecDeque::new();
            }
        }
    }
}
