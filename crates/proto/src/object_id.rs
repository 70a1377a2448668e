//! Object identifiers (RFC 8474 §7).

use crate::token::{Parsed, Reader, SyntaxError};
use bytestring::ByteString;

/// A name of a mailbox, a message's content or a conversation, given by the server: 1 to 255
/// letters, digits, `_` and `-`. Case tells them apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectId(ByteString);

impl ObjectId {
    /// Longest identifier, in octets.
    pub const MAX: usize = 255;

    /// The identifier; `None` where it is none.
    pub fn new(text: impl Into<ByteString>) -> Option<Self> {
        let text = text.into();
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        ((1..=Self::MAX).contains(&text.len()) && text.bytes().all(inside)).then_some(Self(text))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// ```abnf
    /// objectid = 1*255(ALPHA / DIGIT / "_" / "-")
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "an object identifier";
        let offset = reader.offset();
        let word = reader.atom(WHAT)?;
        let text = reader.share_text(word, offset)?;
        Self::new(text).ok_or(SyntaxError::expected(offset, WHAT))
    }

    /// `"(" objectid ")"`
    pub(crate) fn parse_in_parentheses(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.byte(b'(', "`(`")?;
        let id = Self::parse(reader)?;
        reader.byte(b')', "`)`")?;
        Ok(id)
    }

    /// `"(" objectid ")"`
    pub fn write_in_parentheses(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        out.extend_from_slice(self.0.as_bytes());
        out.push(b')');
    }
}
