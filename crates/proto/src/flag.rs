//! Flags and keywords (RFC 3501 §2.3.2).

use bytestring::ByteString;

/// A keyword: an atom that does not begin with `\`. Case is kept, but compared without it.
#[derive(Clone, Debug)]
pub struct Keyword(pub(crate) ByteString);

/// A flag of a message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Flag {
    /// `\Answered`
    Answered,
    /// `\Flagged`
    Flagged,
    /// `\Deleted`
    Deleted,
    /// `\Seen`
    Seen,
    /// `\Draft`
    Draft,
    /// `\Recent`: told by the server, never taken from a client.
    Recent,
    /// A keyword such as `$Forwarded`.
    Keyword(Keyword),
    /// `flag-extension`: `\Something`, kept without the backslash. Servers may refuse it.
    Extension(Keyword),
}

impl Keyword {
    /// Longest keyword that is taken, in octets.
    pub const MAX: usize = 64;

    /// The keyword as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Keyword {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for Keyword {}
impl std::hash::Hash for Keyword {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}
