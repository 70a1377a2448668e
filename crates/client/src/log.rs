//! The protocol as it went over the wire, for bug reports: secrets are left out.

use std::sync::Arc;

/// Called with each piece of the protocol; must not block.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(Line<'_>) + Send + Sync>);

/// A piece of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'a> {
    /// What we sent: whole commands or parts of them. Passwords and what SASL says are left out;
    /// of messages only the size is told.
    Sent(&'a [u8]),
    /// One response without its CRLF.
    Received(&'a [u8]),
}

impl Log {
    /// A log that goes wherever `write` brings it.
    pub fn new(write: impl Fn(Line<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// A log to `tracing`, at the level TRACE.
    pub fn tracing() -> Self {
        Self::new(|line| match line {
            Line::Sent(octets) => tracing::trace!("C: {}", octets.escape_ascii()),
            Line::Received(octets) => tracing::trace!("S: {}", octets.escape_ascii()),
        })
    }

    pub(crate) fn write(&self, line: Line<'_>) {
        (self.0)(line);
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log(…)")
    }
}
