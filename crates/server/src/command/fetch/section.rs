//! Where a section lies in its message (RFC 3501 §6.4.5), so that only those octets are read.

use super::binary::Decoded;
use bytes::Bytes;
use bytestring::ByteString;
use peregrine_mime::{SectionText as Words, Span, Structure};
use peregrine_proto::{Section, SectionText};
use peregrine_store::BodyPieces;
use smallvec::SmallVec;
use std::ops::Range;

/// A section's octets.
pub(super) enum Octets {
    /// The message does not have it.
    Missing,
    /// All of them.
    Memory(Bytes),
    /// So many, the first of them already read.
    Pieces { first: Bytes, rest: BodyPieces, length: u64 },
    /// So many, decoded as they are read.
    Decoded { rest: Box<Decoded>, length: u64 },
}

/// Where a section lies.
pub(super) enum Located {
    /// The message has no such part, or the part no such text.
    Missing,
    /// These octets.
    Octets(Range<u64>),
    /// Some fields of the header that lies here.
    Fields(Range<u64>),
}

/// Finds a section in a message of so many octets. Without `structure` only the whole is found.
pub(super) fn locate(structure: Option<&Structure>, section: &Section, octets: u64) -> Located {
    if section.path.is_empty() && section.text == SectionText::Whole {
        return Located::Octets(0..octets);
    }
    // A tree that does not belong to these octets must not lead beyond them.
    let within = |span: Span| {
        let end = u64::from(span.end).min(octets);
        u64::from(span.start).min(end)..end
    };
    let find = || {
        let structure = structure?;
        let found = structure.find(&section.path)?;
        let part = structure.parts.get(found.part as usize)?;
        let message = found.message.and_then(|message| structure.parts.get(message as usize));
        Some(match section.text {
            SectionText::Whole => Located::Octets(within(part.body)),
            SectionText::Mime => Located::Octets(within(part.header)),
            SectionText::Header => Located::Octets(within(message?.header)),
            SectionText::Text => Located::Octets(within(message?.body)),
            SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
                Located::Fields(within(message?.header))
            }
        })
    };
    find().unwrap_or(Located::Missing)
}

/// The fields of a header block that HEADER.FIELDS or HEADER.FIELDS.NOT asks for.
pub(super) fn fields(block: &Bytes, text: &SectionText) -> Bytes {
    let names = |names: &[ByteString]| -> SmallVec<[Bytes; 16]> {
        names.iter().map(|name| name.as_bytes().clone()).collect()
    };
    let (names, not) = match text {
        SectionText::HeaderFields(all) => (names(all), false),
        SectionText::HeaderFieldsNot(all) => (names(all), true),
        _ => return block.clone(),
    };
    let names: SmallVec<[&[u8]; 16]> = names.iter().map(|name| &name[..]).collect();
    let words = if not { Words::HeaderFieldsNot(&names) } else { Words::HeaderFields(&names) };
    let found = Structure::of_header(block).section(block, &[], words).unwrap_or_default();
    Bytes::copy_from_slice(&found)
}
