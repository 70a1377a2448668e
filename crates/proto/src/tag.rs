//! The tag of a command (RFC 3501 §2.2.1).

use crate::token::{Parsed, Reader, SyntaxError, class, is};
use smallvec::SmallVec;

/// A client's tag: 1 to [`Tag::MAX`] ASTRING-CHARs without `+`. Kept inline: a tag outlives its
/// frame.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Tag(SmallVec<[u8; 24]>);

impl Tag {
    /// Longest tag that is taken, in octets; the RFC sets no limit, a tag is echoed.
    pub const MAX: usize = 64;

    /// The tag, if it follows the grammar.
    ///
    /// ```abnf
    /// tag = 1*<any ASTRING-CHAR except "+">
    /// ```
    pub fn new(tag: &[u8]) -> Option<Self> {
        let right = !tag.is_empty()
            && tag.len() <= Self::MAX
            && tag.iter().all(|byte| is(*byte, class::TAG));
        right.then(|| Self(SmallVec::from_slice(tag)))
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The tag as octets, all of them ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads a tag.
    #[inline]
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        let tag = reader.word(class::TAG, "a tag")?;
        if tag.len() > Self::MAX {
            return Err(SyntaxError::wrong(offset, "the tag is longer than 64 octets"));
        }
        Ok(Self(SmallVec::from_slice(tag)))
    }
}

impl std::fmt::Debug for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tag({})", self.as_str())
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Tag;

    #[test]
    fn t16_only_tags_of_the_grammar_are_taken() {
        for good in ["a", "A001", "a]", ".!#$", &"x".repeat(Tag::MAX)] {
            assert_eq!(Tag::new(good.as_bytes()).map(|tag| tag.to_string()).as_deref(), Some(good));
        }
        let long = "x".repeat(Tag::MAX + 1);
        for bad in ["", "+", "a+", "*", "a b", "\"a\"", "a{", "é", "a\0", "(", "%", "\\", &long] {
            assert_eq!(Tag::new(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
