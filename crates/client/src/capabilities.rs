//! What the server says that it can do.

use bytestring::ByteString;
use peregrine_proto::{Encoding, LiteralMode};

/// Capabilities in capitals, as last told; empty while the server has told none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Capabilities {
    names: Vec<ByteString>,
    enabled: Vec<ByteString>,
}

impl Capabilities {
    /// Most names that are kept; servers have about 60.
    pub const MAX: usize = 1024;

    pub(crate) fn replace(&mut self, names: &[ByteString]) {
        self.names.clear();
        for name in names.iter().take(Self::MAX).map(upper) {
            match self.names.last_mut() {
                // `LITERAL +`: no capability is called so.
                Some(last) if &*name == "+" => *last = format!("{last}+").into(),
                _ => self.names.push(name),
            }
        }
    }

    pub(crate) fn enable(&mut self, names: &[ByteString]) {
        for name in names.iter().take(Self::MAX).map(upper) {
            if !self.enabled.contains(&name) {
                self.enabled.push(name);
            }
        }
    }

    /// After UNAUTHENTICATE nothing is enabled (RFC 8437 §4.1).
    pub(crate) fn disable_all(&mut self) {
        self.enabled.clear();
    }

    /// Whether nothing was told yet.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the name is among them, in any case, such as `IDLE` or `AUTH=PLAIN`.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether it was enabled on this connection (RFC 5161).
    pub fn is_enabled(&self, name: &str) -> bool {
        self.enabled.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether the SASL mechanism is offered.
    pub fn has_mechanism(&self, mechanism: &str) -> bool {
        let offered =
            |name: &ByteString| name.strip_prefix("AUTH=").is_some_and(|m| m == mechanism);
        self.names.iter().any(offered)
    }

    /// All names, in the server's order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// How literals can be sent (RFC 7888).
    pub fn literal_mode(&self) -> LiteralMode {
        if self.has("LITERAL+") {
            LiteralMode::Plus
        } else if self.has("LITERAL-") || self.has("IMAP4REV2") {
            LiteralMode::Minus
        } else {
            LiteralMode::Wait
        }
    }
}

/// What is enabled changes how both sides read each other.
impl Capabilities {
    /// Whether the server answers by RFC 9051.
    pub(crate) fn is_rev2(&self) -> bool {
        self.is_enabled("IMAP4REV2")
    }

    /// How mailbox names and quoted strings stand on the wire: in UTF-8 once IMAP4rev2 or
    /// UTF8=ACCEPT is enabled (RFC 9051 §5.1, RFC 6855 §3).
    pub fn encoding(&self) -> Encoding {
        let utf8 = self.is_rev2() || self.is_enabled("UTF8=ACCEPT");
        if utf8 { Encoding::Utf8 } else { Encoding::SevenBit }
    }
}

/// A copy, so that the response's octets are not kept alive.
fn upper(name: &ByteString) -> ByteString {
    name.to_ascii_uppercase().into()
}
