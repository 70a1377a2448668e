//! The tag of a command (RFC 3501 §2.2.1).

use bytestring::ByteString;

/// A client's tag: 1 to [`Tag::MAX`] ASTRING-CHARs without `+`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tag(pub(crate) ByteString);

impl Tag {
    /// Longest tag that is taken, in octets; the RFC sets no limit, a tag is echoed.
    pub const MAX: usize = 64;

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
