//! `BODY[section]`: the octets that a section names (RFC 3501 §6.4.5).

use crate::Structure;
use crate::header::{Field, Fields};
use std::borrow::Cow;
use std::collections::HashSet;

/// The last word of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionText<'a> {
    /// No word: the whole message, or the part's body.
    Whole,
    /// `HEADER`: the header of the message, or of the enclosed message.
    Header,
    /// `HEADER.FIELDS`: the fields with one of these names.
    HeaderFields(&'a [&'a [u8]]),
    /// `HEADER.FIELDS.NOT`: the fields with none of these names.
    HeaderFieldsNot(&'a [&'a [u8]]),
    /// `TEXT`: the body of the message, or of the enclosed message.
    Text,
    /// `MIME`: the header of the part.
    Mime,
}

impl Structure {
    /// The octets of a section, byte for byte as stored; `None` when the message has no such part,
    /// or the part no such text: `HEADER` and `TEXT` want a message, `MIME` a part number.
    pub fn section<'m>(
        &self,
        message: &'m [u8],
        path: &[u32],
        text: SectionText<'_>,
    ) -> Option<Cow<'m, [u8]>> {
        let found = self.find(path)?;
        let part = self.parts.get(found.part as usize)?;
        let inner = || self.parts.get(found.message? as usize);
        Some(match text {
            SectionText::Whole if path.is_empty() => Cow::Borrowed(message),
            SectionText::Whole => Cow::Borrowed(part.body.of(message)),
            SectionText::Mime if path.is_empty() => return None,
            SectionText::Mime => Cow::Borrowed(part.header.of(message)),
            SectionText::Header => Cow::Borrowed(inner()?.header.of(message)),
            SectionText::Text => Cow::Borrowed(inner()?.body.of(message)),
            SectionText::HeaderFields(names) => {
                let names = Names::new(names);
                subset(inner()?.header.of(message), |field| names.contain(field))
            }
            SectionText::HeaderFieldsNot(names) => {
                let names = Names::new(names);
                subset(inner()?.header.of(message), |field| !names.contain(field))
            }
        })
    }
}

/// The wanted fields of a header block, borrowed when they lie side by side.
///
/// RFC 3501 §6.4.5: subsetting does not exclude the blank line; it is there "except in the case of a
/// message which has no body and no blank line". A block here lacks it only in that case. Lines that
/// are no field have no name to match, so only `HEADER.FIELDS.NOT` gives them.
fn subset<'m>(block: &'m [u8], wanted: impl Fn(&Field<'m>) -> bool) -> Cow<'m, [u8]> {
    let mut out = Vec::new();
    // The wanted run that has not been copied.
    let mut run = 0..0;
    let mut at = 0;
    let mut fields = Fields::new(block);
    let mut take = |from: usize, to: usize| {
        if run.end == from {
            run.end = to;
        } else {
            out.extend_from_slice(&block[run.clone()]);
            run = from..to;
        }
    };
    for field in fields.by_ref() {
        let end = at + field.line.len();
        if wanted(&field) {
            take(at, end);
        }
        at = end;
    }
    let rest = fields.rest();
    if !rest.is_empty() {
        take(at, at + rest.len());
    }
    if out.is_empty() {
        return Cow::Borrowed(&block[run]);
    }
    out.extend_from_slice(&block[run]);
    Cow::Owned(out)
}

/// Field names to compare with. Long lists are hashed, with a key that is new in each process: a
/// client may send thousands of names for a header of thousands of fields.
enum Names<'a> {
    Few(&'a [&'a [u8]]),
    Many(HashSet<Vec<u8>>),
}

/// Up to this many names are compared one by one.
const FEW_NAMES: usize = 16;

impl<'a> Names<'a> {
    fn new(names: &'a [&'a [u8]]) -> Self {
        if names.len() <= FEW_NAMES {
            return Names::Few(names);
        }
        Names::Many(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    fn contain(&self, field: &Field<'_>) -> bool {
        match self {
            _ if field.name.is_empty() => false,
            Names::Few(names) => names.iter().any(|name| field.is(name)),
            Names::Many(names) => names.contains(&field.name.to_ascii_lowercase()),
        }
    }
}
