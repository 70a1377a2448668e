//! Every bound of one connection, with unit, default and reason. Zero never means unlimited.

use std::time::Duration;

/// Bounds of one connection. [`Limits::check`] refuses zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest line before login, in octets: LOGIN with long names fits.
    pub line_before_login: usize,
    /// Longest line after login, in octets: RFC 7162 asks for 8 KiB, mail programs send long sets.
    pub line: usize,
    /// Longest line of a SASL exchange, in octets.
    pub sasl_line: usize,
    /// Whole command without spooled messages, in octets.
    pub command: usize,
    /// One literal before login, in octets.
    pub literal_before_login: u32,
    /// One literal that is no APPEND message, in octets.
    pub literal: u32,
    /// Literals in one command.
    pub literals: usize,
    /// All literals of one command but spooled ones, in octets.
    pub literals_total: usize,
    /// Longest non-synchronizing literal that is no APPEND message, in octets (RFC 7888 §5).
    pub non_synchronizing: u32,
    /// One message, in octets (APPENDLIMIT).
    pub message: u32,
    /// A message above this goes to the caller's storage as it comes in, in octets.
    pub spool_above: u32,
    /// Open parentheses before login.
    pub open_parentheses_before_login: usize,
    /// Open parentheses after login.
    pub open_parentheses: usize,
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
    /// Waiting for the client to take a single octet of what is to be sent.
    pub write_stall: Duration,
    /// Commands that have arrived and are not yet answered; beyond it reading stops.
    pub commands: usize,
    /// Octets of input that wait to be framed or to start; beyond it reading stops.
    pub input: usize,
    /// Octets of one job's blocks that wait to be sent; beyond it the job waits.
    pub job_output: usize,
    /// Octets of all that waits to be sent; beyond it jobs wait and none starts.
    pub output: usize,
    /// Octets handed out by `poll_transmit` and not yet sent: small, so that what comes later can
    /// still overtake a long answer.
    pub transmit: usize,
    /// Small answers are gathered into one write of about so many octets.
    pub chunk: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_before_login: 8 * KIB,
            line: 64 * KIB,
            sasl_line: 16 * KIB,
            command: 1024 * KIB,
            literal_before_login: 4 * 1024,
            literal: 64 * 1024,
            literals: 256,
            literals_total: 512 * KIB,
            non_synchronizing: 4 * 1024,
            message: 64 * 1024 * 1024,
            spool_above: 256 * 1024,
            open_parentheses_before_login: 1,
            open_parentheses: 64,
            bad_before_login: 3,
            bad: 20,
            login_failures: 3,
            before_login: Duration::from_secs(30),
            idle: Duration::from_secs(31 * 60),
            keepalive: Duration::from_secs(2 * 60),
            write_stall: Duration::from_secs(60),
            commands: 128,
            input: 256 * KIB,
            job_output: 256 * KIB,
            output: 1024 * KIB,
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
            ("line_before_login", self.line_before_login),
            ("line", self.line),
            ("sasl_line", self.sasl_line),
            ("command", self.command),
            ("literal_before_login", wide(self.literal_before_login)),
            ("literal", wide(self.literal)),
            ("literals", self.literals),
            ("literals_total", self.literals_total),
            ("non_synchronizing", wide(self.non_synchronizing)),
            ("message", wide(self.message)),
            ("spool_above", wide(self.spool_above)),
            ("open_parentheses_before_login", self.open_parentheses_before_login),
            ("open_parentheses", self.open_parentheses),
            ("bad_before_login", wide(self.bad_before_login)),
            ("bad", wide(self.bad)),
            ("login_failures", wide(self.login_failures)),
            ("commands", self.commands),
            ("input", self.input),
            ("job_output", self.job_output),
            ("output", self.output),
            ("transmit", self.transmit),
            ("chunk", self.chunk),
        ];
        let times = [
            ("before_login", self.before_login),
            ("idle", self.idle),
            ("keepalive", self.keepalive),
            ("write_stall", self.write_stall),
        ];
        let zero_count = counts.iter().find(|limit| limit.1 == 0).map(|limit| limit.0);
        let zero_time = times.iter().find(|limit| limit.1.is_zero()).map(|limit| limit.0);
        zero_count.or(zero_time).map_or(Ok(()), |name| Err(ZeroLimit(name)))
    }
}
