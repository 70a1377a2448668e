//! `BODY[section]`: the octets that a section names (RFC 3501 §6.4.5).

use crate::Structure;
use std::borrow::Cow;

/// The last word of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionText<'a> {
    /// No word: the whole message, or the part's body.
    Whole,
    /// `HEADER`
    Header,
    /// `HEADER.FIELDS`
    HeaderFields(&'a [&'a [u8]]),
    /// `HEADER.FIELDS.NOT`
    HeaderFieldsNot(&'a [&'a [u8]]),
    /// `TEXT`
    Text,
    /// `MIME`
    Mime,
}

impl Structure {
    /// The octets of a section; `None` when the message has no such part.
    pub fn section<'m>(
        &self,
        message: &'m [u8],
        path: &[u32],
        text: SectionText<'_>,
    ) -> Option<Cow<'m, [u8]>> {
        let _ = (message, path, text);
        None
    }
}
