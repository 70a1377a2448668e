//! Every bound of one connection, with unit, default and reason. Zero never means unlimited.

use peregrine_proto::frame::FrameLimits;
use std::time::Duration;

/// Bounds of one connection. [`Limits::check`] refuses zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What one command may be before login.
    pub frame_before_login: FrameLimits,
    /// What one command may be after login.
    pub frame: FrameLimits,
    /// A whole command without spooled messages, in octets: its line, literals and a small
    /// message together.
    pub command: usize,
    /// Bad commands before login; the last one is followed by BYE.
    pub bad_before_login: u32,
    /// Bad commands after login; the last one is followed by BYE.
    pub bad: u32,
    /// Failed logins of one connection; the last one is followed by BYE.
    pub login_failures: u32,
    /// From connecting to having logged in.
    pub before_login: Duration,
    /// Silence while no command is in progress (RFC 3501 §5.4 asks for at least 30 minutes).
    pub idle: Duration,
    /// `* OK Still here` during IDLE, so that gateways keep the connection open.
    pub keepalive: Duration,
    /// Silence of a command that runs, before the client is told that it goes on (RFC 9585).
    pub progress: Duration,
    /// Waiting for the client to take a single octet of what is to be sent.
    pub write_stall: Duration,
    /// Commands that have arrived and are not yet answered; beyond it reading stops.
    pub commands: usize,
    /// Octets of commands that have arrived and are not yet answered; beyond it reading stops.
    pub input: usize,
    /// Octets read and not yet framed, because a command must end first; beyond it reading stops.
    pub read_ahead: usize,
    /// Octets of one job's blocks that wait to be sent; beyond it the job waits.
    pub job_output: usize,
    /// Octets of all that waits to be sent; beyond it jobs wait and none starts.
    pub output: usize,
    /// Octets of other answers that may pass by one that is being streamed; beyond it a piece of
    /// that one goes first, so that endless small answers do not starve a large one.
    pub patience: usize,
    /// Replies that may go out while an EXPUNGE waits to be told; beyond it no UID FETCH and no UID
    /// STORE starts beside what uses sequence numbers, so that those end and it can be told.
    pub withheld: u32,
    /// Octets handed out by `poll_transmit` and not yet sent: small, so that what comes later can
    /// still overtake a long answer.
    pub transmit: usize,
    /// Small answers are gathered into one write of about so many octets.
    pub chunk: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_before_login: FrameLimits::BEFORE_LOGIN,
            frame: FrameLimits::AFTER_LOGIN,
            command: 1024 * KIB,
            bad_before_login: 3,
            bad: 20,
            login_failures: 3,
            before_login: Duration::from_secs(30),
            idle: Duration::from_secs(31 * 60),
            keepalive: Duration::from_secs(2 * 60),
            progress: Duration::from_secs(10),
            write_stall: Duration::from_secs(60),
            commands: 128,
            input: 1024 * KIB,
            read_ahead: 64 * KIB,
            job_output: 256 * KIB,
            output: 1024 * KIB,
            patience: 64 * KIB,
            withheld: 100,
            transmit: 64 * KIB,
            chunk: 16 * KIB,
        }
    }
}

const KIB: usize = 1024;

/// A limit that is zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the limit `{0}` is zero; zero does not mean unlimited")]
pub struct ZeroLimit(pub &'static str);

impl Limits {
    /// Refuses a limit of zero, by its name.
    pub fn check(&self) -> Result<(), ZeroLimit> {
        let wide = |number: u32| number as usize;
        let counts = [
            ("frame_before_login.line", self.frame_before_login.line),
            ("frame_before_login.dialogue", self.frame_before_login.dialogue),
            ("frame_before_login.literal", wide(self.frame_before_login.literal)),
            ("frame_before_login.literals", wide(self.frame_before_login.literals)),
            ("frame_before_login.literals_total", wide(self.frame_before_login.literals_total)),
            ("frame_before_login.open_parens", wide(self.frame_before_login.open_parens)),
            ("frame.line", self.frame.line),
            ("frame.dialogue", self.frame.dialogue),
            ("frame.literal", wide(self.frame.literal)),
            ("frame.non_sync", wide(self.frame.non_sync)),
            ("frame.literals", wide(self.frame.literals)),
            ("frame.literals_total", wide(self.frame.literals_total)),
            ("frame.append", wide(self.frame.append)),
            ("frame.spool_above", wide(self.frame.spool_above)),
            ("frame.open_parens", wide(self.frame.open_parens)),
            ("command", self.command),
            ("bad_before_login", wide(self.bad_before_login)),
            ("bad", wide(self.bad)),
            ("login_failures", wide(self.login_failures)),
            ("commands", self.commands),
            ("input", self.input),
            ("read_ahead", self.read_ahead),
            ("job_output", self.job_output),
            ("output", self.output),
            ("patience", self.patience),
            ("withheld", wide(self.withheld)),
            ("transmit", self.transmit),
            ("chunk", self.chunk),
        ];
        let times = [
            ("before_login", self.before_login),
            ("idle", self.idle),
            ("keepalive", self.keepalive),
            ("progress", self.progress),
            ("write_stall", self.write_stall),
        ];
        let zero_count = counts.iter().find(|limit| limit.1 == 0).map(|limit| limit.0);
        let zero_time = times.iter().find(|limit| limit.1.is_zero()).map(|limit| limit.0);
        zero_count.or(zero_time).map_or(Ok(()), |name| Err(ZeroLimit(name)))
    }
}
