//! Deadlines. The machine reads no clock: the newest time that the caller passed in counts.

use super::{Phase, Session};
use crate::Host;
use crate::entry::Entry;
use peregrine_proto::response::{Progress, ResponseText};
use peregrine_proto::{Code, Response, Status};
use std::time::Instant;

/// When what happened last.
pub(super) struct Clock {
    /// The newest time that the caller passed in.
    pub now: Instant,
    /// The connection was made, or the user before has left.
    pub opened: Instant,
    /// Octets came.
    pub heard: Instant,
    /// Octets were handed out to be sent.
    pub spoke: Instant,
    /// Octets were sent, or handed out while none was on its way.
    pub progressed: Instant,
}

/// What happens at a deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Due {
    /// The client has not logged in.
    LogIn,
    /// The client is silent.
    Idle,
    /// IDLE goes on: a sign of life.
    KeepAlive,
    /// A command takes long: word of it.
    Progress,
    /// The client does not read.
    Stall,
}

impl Clock {
    pub fn new(now: Instant) -> Self {
        Self { now, opened: now, heard: now, spoke: now, progressed: now }
    }
}

impl<H: Host> Session<H> {
    /// When to call [`Session::handle_timeout`].
    pub fn poll_deadline(&self) -> Option<Instant> {
        self.deadlines().into_iter().flatten().map(|(at, _)| at).min()
    }

    /// Time has passed. Calling it early does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.clock.now = now;
        self.schedule_lone();
        let due = self.deadlines().into_iter().flatten().filter(|(at, _)| *at <= now);
        let Some((_, due)) = due.min_by_key(|(at, _)| *at) else { return };
        match due {
            Due::LogIn => self.say_bye(None, "You have not logged in in time"),
            Due::Idle => self.say_bye(None, "Nothing has been heard of you for too long"),
            Due::KeepAlive => {
                self.clock.spoke = now;
                self.wire.buffer().extend_from_slice(b"* OK Still here\r\n");
            }
            Due::Progress => self.tell_progress(),
            // It would not read a BYE either.
            Due::Stall => self.end(),
        }
    }

    /// RFC 9585: each command that has been silent for long is named once. It says whose it is, so
    /// it may stand anywhere. To a client that does not read, nothing is added.
    fn tell_progress(&mut self) {
        let (now, limit) = (self.clock.now, self.limits.progress);
        let reads = self.wire.in_flight == 0;
        for entry in self.schedule.iter_mut() {
            if !entry.is_awaited() || entry.last_word + limit > now {
                continue;
            }
            entry.last_word = now;
            let tag = entry.tag.as_ref().map(|tag| tag.as_str().into());
            let code = Code::InProgress(Some(Progress { tag, ..Progress::default() }));
            let text = ResponseText { code: Some(code), text: "Still at work".into() };
            if reads {
                Response::Condition { status: Status::Ok, text }.write(self.wire.buffer());
            }
        }
    }

    fn deadlines(&self) -> [Option<(Instant, Due)>; 4] {
        let (clock, limits) = (&self.clock, &self.limits);
        if self.phase == Phase::Closed {
            return [None; 4];
        }
        let open = self.phase == Phase::Open;
        let stalled = self.wire.in_flight > 0;
        let stall = stalled.then_some((clock.progressed + limits.write_stall, Due::Stall));
        let login = (open && self.account.is_none())
            .then_some((clock.opened + limits.before_login, Due::LogIn));
        // IDLE is in progress for as long as the client likes; it is never ended from here.
        let silent =
            open && self.account.is_some() && self.schedule.is_empty() && self.lone.is_none();
        let idling = open && self.dialogue.as_ref().is_some_and(|dialogue| dialogue.idle);
        let quiet = if idling {
            Some((clock.spoke + limits.keepalive, Due::KeepAlive))
        } else if silent {
            Some((clock.heard.max(clock.spoke) + limits.idle, Due::Idle))
        } else {
            None
        };
        let silent = |entry: &Entry<H>| entry.is_awaited().then_some(entry.last_word);
        let silent = self.schedule.iter().filter_map(silent).min();
        let progress = silent.filter(|_| open && self.account.is_some());
        let progress = progress.map(|shown| (shown + limits.progress, Due::Progress));
        [stall, login, quiet, progress]
    }
}
