//! What a connection may cost, and how it behaves: every bound by its name.

use crate::log::Log;
use peregrine_proto::response::ResponseLimits;
use std::time::Duration;

/// How a connection behaves. A limit of zero is a limit of zero.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How large one response may be.
    pub response: ResponseLimits,
    /// Octets of answers that one call collects. The default is as large as the largest response.
    pub call_memory: usize,
    /// Octets that nobody asked for, from one completed command to the next; beyond it the
    /// connection ends.
    pub unsolicited: usize,
    /// Commands that are sent and not yet answered; further ones wait.
    pub in_flight: usize,
    /// Octets of one command without literals; longer lists of messages become several commands.
    /// Not every server takes more than 8,000 (RFC 7162 §4).
    pub line: usize,
    /// Updates that are kept for a subscriber that does not read; then it is told to
    /// [resynchronize](crate::Update::Resynchronize).
    pub updates: usize,
    /// How long the server may be silent while a command is in progress.
    pub silence: Duration,
    /// How long a command may be without an octet that is for it.
    pub patience: Duration,
    /// From the first packet to a greeting under TLS.
    pub connect_timeout: Duration,
    /// How long IDLE lasts before it is begun anew: shows that the link still works, keeps
    /// gateways from forgetting it, and stays below the half hour after which servers may log
    /// out (RFC 2177).
    pub idle_renewal: Duration,
    /// How long a connection must have been quiet before it idles again.
    pub idle_delay: Duration,
    /// How often NOOP asks for changes where the server has no IDLE.
    pub poll: Duration,
    /// Compresses the connection after login, where the server can (COMPRESS=DEFLATE): fewer octets
    /// for more work and some hundred KiB of memory.
    pub compress: bool,
    /// Which commands are held back.
    pub ordering: Ordering,
    /// Makes every [`Oddity`](crate::Oddity) an error that ends the connection.
    pub pedantic: bool,
    /// Where the protocol is written to, secrets left out.
    pub log: Option<Log>,
}

/// Which commands wait for earlier ones to be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ordering {
    /// Those that conflict with one in progress, though servers must keep the order of these by
    /// themselves (RFC 3501 §5.5): many don't. Also those whose answers could be taken for
    /// another's (two SEARCHes): some servers answer them in any order.
    #[default]
    Cautious,
    /// Only those whose meaning would be ambiguous: sequence numbers behind a command that may
    /// renumber (RFC 3501 §5.5), and what changes the connection or the selected mailbox.
    TrustServer,
}

impl Settings {
    /// 5 minutes: a dead link is noticed within that, and gateways forget links after 5 to 15.
    pub const IDLE_RENEWAL: Duration = Duration::from_secs(5 * 60);
    /// 28 minutes: the longest that IDLE may last, whatever is set (RFC 2177 says 29).
    pub const IDLE_LONGEST: Duration = Duration::from_secs(28 * 60);
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            response: ResponseLimits::default(),
            call_memory: ResponseLimits::TOTAL,
            unsolicited: 16 << 20,
            in_flight: 64,
            line: 8000,
            updates: 1024,
            silence: Duration::from_secs(2 * 60),
            patience: Duration::from_secs(10 * 60),
            connect_timeout: Duration::from_secs(30),
            idle_renewal: Self::IDLE_RENEWAL,
            idle_delay: Duration::from_millis(100),
            poll: Duration::from_secs(2 * 60),
            compress: false,
            ordering: Ordering::default(),
            pedantic: false,
            log: None,
        }
    }
}
