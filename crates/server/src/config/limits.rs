//! The operator's limits, each with unit, default and reason. Zero never means unlimited.
//!
//! What a client may put into one command (lines, literals, nesting) is fixed by the session;
//! and names and keywords by the store;
//! here is what depends on the machine and on the people who use it.

use std::num::NonZeroU32;
use std::time::Duration;

/// What one client, user or address may use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections of the whole server.
    pub connections: u32,
    /// Connections from one IPv4 address or IPv6 /64.
    pub connections_per_address: u32,
    /// Connections of one user.
    pub connections_per_user: u32,
    /// Connections of one user from one address.
    pub connections_per_user_and_address: u32,
    /// New connections a minute from one address.
    pub connects_per_minute: u32,
    /// Wrong passwords on one connection before it is closed.
    pub login_failures: u32,
    /// Commands that make no sense, on one connection after login, before it is closed.
    pub bad_commands: u32,
    /// Password checks at the same time; each needs 19 MiB and a core for some 20 ms.
    pub password_checks: u32,
    /// Time from connecting to a successful login.
    pub login_timeout: Duration,
    /// Time without a command after which a client is logged out.
    pub idle_timeout: Duration,
    /// Time that a client may go without reading anything of what waits for it.
    pub write_timeout: Duration,
    /// Largest message that is taken, in octets.
    pub message_size: u64,
    /// Messages that one command may work on (MESSAGELIMIT, RFC 9738); `None` for as many as a
    /// mailbox has. No common client knows what to do at this limit.
    pub command_messages: Option<NonZeroU32>,
    /// Messages that one COPY or APPEND may make (SAVELIMIT).
    pub save_messages: Option<NonZeroU32>,
}

/// A limit in the file: its key, what may be written there, and where the value goes.
pub(super) struct Limit {
    pub key: &'static str,
    /// One short line for the generated file.
    pub comment: &'static str,
    pub kind: Kind,
}

/// What may be written for a limit.
pub(super) enum Kind {
    /// A number.
    Count { default: u32, most: u32, field: fn(&mut Limits) -> &mut u32 },
    /// A number, or none where the line is left out.
    Optional { least: u32, most: u32, field: fn(&mut Limits) -> &mut Option<NonZeroU32> },
    /// A time such as `"30 s"`; in seconds here.
    Time { default: u64, least: u64, most: u64, field: fn(&mut Limits) -> &mut Duration },
    /// A size such as `"64 MiB"`; in octets here.
    Size { default: u64, least: u64, most: u64, field: fn(&mut Limits) -> &mut u64 },
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// No larger than what the store takes.
const LARGEST_MESSAGE: u64 = peregrine_store::limits::MAX_MESSAGE;

/// Every limit, in the order of the generated file. Defaults: see the comments of [`Limits`].
pub(super) const LIMITS: &[Limit] = &[
    count("connections", "connections, all together", 10_000, 1_000_000, |l| &mut l.connections),
    count("connections_per_address", "from one address (IPv6: one /64)", 50, 100_000, |l| {
        &mut l.connections_per_address
    }),
    count("connections_per_user", "of one user", 20, 100_000, |l| &mut l.connections_per_user),
    count("connections_per_user_and_address", "of one user from one address", 10, 100_000, |l| {
        &mut l.connections_per_user_and_address
    }),
    count("connects_per_minute", "new connections a minute from one address", 120, 100_000, |l| {
        &mut l.connects_per_minute
    }),
    count("login_failures", "wrong passwords before a connection is closed", 3, 100, |l| {
        &mut l.login_failures
    }),
    count("bad_commands", "senseless commands before a connection is closed", 20, 10_000, |l| {
        &mut l.bad_commands
    }),
    count("password_checks", "passwords checked at once (19 MiB each)", 4, 1_000, |l| {
        &mut l.password_checks
    }),
    time("login_timeout", "from connecting to a login", 30, 1, HOUR, |l| &mut l.login_timeout),
    // RFC 3501 §5.4: an autologout timer must be of at least 30 minutes.
    time(
        "idle_timeout",
        "without a command; at least 30 min",
        31 * MINUTE,
        30 * MINUTE,
        DAY,
        |l| &mut l.idle_timeout,
    ),
    time("write_timeout", "a client reads nothing of what waits", MINUTE, 1, HOUR, |l| {
        &mut l.write_timeout
    }),
    size("message_size", "largest message", 64 * MIB, 64 * KIB, LARGEST_MESSAGE, |l| {
        &mut l.message_size
    }),
    // RFC 9738 §3: not lower than 1000.
    optional("command_messages", "messages of one command; no limit if left out", |l| {
        &mut l.command_messages
    }),
    optional("save_messages", "messages of one COPY or APPEND; no limit if left out", |l| {
        &mut l.save_messages
    }),
];

impl Default for Limits {
    fn default() -> Self {
        let mut limits = Self::unset();
        for limit in LIMITS {
            match limit.kind {
                Kind::Count { default, field, .. } => *field(&mut limits) = default,
                Kind::Time { default, field, .. } => {
                    *field(&mut limits) = Duration::from_secs(default);
                }
                Kind::Size { default, field, .. } => *field(&mut limits) = default,
                Kind::Optional { field, .. } => *field(&mut limits) = None,
            }
        }
        limits
    }
}

impl Limits {
    /// All zero: only a place for [`LIMITS`] to write to.
    fn unset() -> Self {
        Self {
            connections: 0,
            connections_per_address: 0,
            connections_per_user: 0,
            connections_per_user_and_address: 0,
            connects_per_minute: 0,
            login_failures: 0,
            bad_commands: 0,
            password_checks: 0,
            login_timeout: Duration::ZERO,
            idle_timeout: Duration::ZERO,
            write_timeout: Duration::ZERO,
            message_size: 0,
            command_messages: None,
            save_messages: None,
        }
    }
}

const fn count(
    key: &'static str,
    comment: &'static str,
    default: u32,
    most: u32,
    field: fn(&mut Limits) -> &mut u32,
) -> Limit {
    Limit { key, comment, kind: Kind::Count { default, most, field } }
}

const fn optional(
    key: &'static str,
    comment: &'static str,
    field: fn(&mut Limits) -> &mut Option<NonZeroU32>,
) -> Limit {
    Limit { key, comment, kind: Kind::Optional { least: 1_000, most: 10_000_000, field } }
}

const fn time(
    key: &'static str,
    comment: &'static str,
    default: u64,
    least: u64,
    most: u64,
    field: fn(&mut Limits) -> &mut Duration,
) -> Limit {
    Limit { key, comment, kind: Kind::Time { default, least, most, field } }
}

const fn size(
    key: &'static str,
    comment: &'static str,
    default: u64,
    least: u64,
    most: u64,
    field: fn(&mut Limits) -> &mut u64,
) -> Limit {
    Limit { key, comment, kind: Kind::Size { default, least, most, field } }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that no row of the table sets would be a limit of zero.
    #[test]
    fn every_limit_has_a_row() {
        let shown = format!("{:?}", Limits::default());
        assert!(!shown.contains(": 0,") && !shown.contains(": 0ns"), "{shown}");
        assert_eq!(shown.matches(": ").count(), LIMITS.len());
    }
}
