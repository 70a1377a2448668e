//! How text beyond ASCII stands on the wire.

/// How text beyond ASCII stands on the wire, in mailbox names and in quoted strings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Encoding {
    /// RFC 3501: names in modified UTF-7 (§5.1.3), quoted strings of 7 bits.
    #[default]
    SevenBit,
    /// UTF-8 in both: after `ENABLE IMAP4rev2` (RFC 9051 §5.1) or `ENABLE UTF8=ACCEPT`
    /// (RFC 6855 §3).
    Utf8,
}
