//! Mailbox names (RFC 3501 §5.1): kept in UTF-8, modified UTF-7 (§5.1.3) only on the wire.

use bytestring::ByteString;

/// A mailbox name in UTF-8, hierarchy separator `/`. `INBOX` in any case is `INBOX`;
/// a child of INBOX begins with `INBOX/`. No NUL, CR or LF.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MailboxName(pub(crate) ByteString);

/// A LIST or LSUB pattern, decoded to UTF-8: `*` matches all, `%` all but the separator.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ListPattern(pub(crate) ByteString);

impl MailboxName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether this is INBOX itself.
    pub fn is_inbox(&self) -> bool {
        &*self.0 == "INBOX"
    }
}

impl ListPattern {
    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
