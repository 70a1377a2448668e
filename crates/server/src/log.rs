//! What is written down about connections: one line each for login, failure and end, as
//! administrators and ban tools expect them. Never passwords, never mail.

use std::fmt::{self, Display, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Characters of a client's word that are shown.
const SHOWN: usize = 64;

/// A client's word in a log line: in angle brackets, cut, without characters that could forge a
/// line or drive a terminal.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('<')?;
        for character in self.0.chars().take(SHOWN) {
            let quotes = matches!(character, '<' | '>' | '"' | '\\');
            if character.is_control() || quotes || is_format(character) {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                f.write_char(character)?;
            }
        }
        f.write_char('>')
    }
}

/// Turns what stands around it another way, or ends the line for some viewers.
fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// Names a session in every line of it, and a fault in the answer to it: unique in a process,
/// and most likely among its restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionId(u64);

impl SessionId {
    pub(crate) fn next() -> Self {
        static START: AtomicU64 = AtomicU64::new(0);
        static COUNT: AtomicU64 = AtomicU64::new(1);
        if START.load(Ordering::Relaxed) == 0 {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let start = now.as_secs() << 24 | 1;
            let _ = START.compare_exchange(0, start, Ordering::Relaxed, Ordering::Relaxed);
        }
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(START.load(Ordering::Relaxed).wrapping_add(count))
    }
}

impl Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub remote: SocketAddr,
    /// Ours.
    pub local: SocketAddr,
}

impl Peer {
    /// Logs a login. `method` is `LOGIN` or the SASL mechanism.
    pub(crate) fn logged_in(&self, user: &str, method: &str, tls: bool) {
        let (rip, lip) = (self.remote.ip(), self.local.ip());
        tracing::info!(user = %Shown(user), method, %rip, %lip, tls, "login");
    }

    /// Logs a login that failed, for whatever reason.
    pub(crate) fn login_failed(&self, user: &str, method: &str, tls: bool, why: &str) {
        let (rip, lip) = (self.remote.ip(), self.local.ip());
        tracing::info!(user = %Shown(user), method, %rip, %lip, tls, why, "login failed");
    }

    /// Logs that a user has left a connection that goes on.
    pub(crate) fn logged_out(&self, user: &str) {
        let (rip, lip) = (self.remote.ip(), self.local.ip());
        tracing::info!(user = %Shown(user), %rip, %lip, "unauthenticated");
    }

    /// Logs the end of a connection.
    pub(crate) fn closed(&self, user: Option<&str>, bytes_in: u64, bytes_out: u64, why: &str) {
        let (rip, lip) = (self.remote.ip(), self.local.ip());
        let user = Shown(user.unwrap_or_default());
        tracing::info!(%user, %rip, %lip, r#in = bytes_in, out = bytes_out, why, "logout");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T50: a user name cannot forge a log line.
    #[test]
    fn names_are_shown_harmlessly() {
        assert_eq!(Shown("ann").to_string(), "<ann>");
        assert_eq!(Shown("a\nb>\x1b[2J").to_string(), "<a\\u{a}b\\u{3e}\\u{1b}[2J>");
        assert_eq!(Shown("a\u{202e}b\u{2028}").to_string(), "<a\\u{202e}b\\u{2028}>");
        assert_eq!(Shown(&"x".repeat(500)).to_string().len(), SHOWN + 2);
    }

    #[test]
    fn sessions_have_different_names() {
        assert_ne!(SessionId::next(), SessionId::next());
    }
}
