//! Deadlines. The machine reads no clock: the newest time that the caller passed in counts.

use super::{Phase, Session};
use crate::Host;
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
        let due = self.deadlines().into_iter().flatten().filter(|(at, _)| *at <= now);
        let Some((_, due)) = due.min_by_key(|(at, _)| *at) else { return };
        match due {
            Due::LogIn => self.say_bye(None, "You have not logged in in time"),
            Due::Idle => self.say_bye(None, "Nothing has been heard of you for too long"),
            Due::KeepAlive => {
                self.clock.spoke = now;
                self.wire.buffer().extend_from_slice(b"* OK Still here\r\n");
            }
            // It would not read a BYE either.
            Due::Stall => self.end(),
        }
    }

    fn deadlines(&self) -> [Option<(Instant, Due)>; 3] {
        let (clock, limits) = (&self.clock, &self.limits);
        if self.phase == Phase::Closed {
            return [None; 3];
        }
        let open = self.phase == Phase::Open;
        let stalled = self.wire.in_flight > 0;
        let stall = stalled.then_some((clock.progressed + limits.write_stall, Due::Stall));
        let login = (open && self.account.is_none())
            .then_some((clock.opened + limits.before_login, Due::LogIn));
        // IDLE is in progress for as long as the client likes; it is never ended from here.
        let silent = open && self.account.is_some() && self.schedule.is_empty();
        let idling = open && self.dialogue.as_ref().is_some_and(|dialogue| dialogue.idle);
        let quiet = if idling {
            Some((clock.spoke + limits.keepalive, Due::KeepAlive))
        } else if silent {
            Some((clock.heard.max(clock.spoke) + limits.idle, Due::Idle))
        } else {
            None
        };
        [stall, login, quiet]
    }
}
