//! The decoded text of a message, for SEARCH (RFC 3501 §6.4.4).

use crate::charset::decode_leniently;
use crate::encoded_word::decode_header;
use crate::header::Fields;
use crate::limits::{MAX_FIELD, MAX_HEADER};
use crate::{Kind, Structure, transfer};

impl Structure {
    /// The text of a textual part in UTF-8: transfer encoding and character set decoded.
    /// `None` when the part has parts of its own, or is neither `text/*` nor `message/*`.
    ///
    /// Text without a character set, or in one that is not known, is taken as UTF-8 where it can
    /// be, and else as Latin-1.
    pub fn decode_text(&self, message: &[u8], part: u32) -> Option<String> {
        let found = self.parts.get(part as usize).filter(|part| part.kind == Kind::Single)?;
        let content = self.content(message, part);
        if !["text", "message"]
            .iter()
            .any(|t| content.media_type.eq_ignore_ascii_case(t.as_bytes()))
        {
            return None;
        }
        let octets = transfer::decode(&content.encoding, found.body.of(message));
        Some(decode_leniently(content.parameter(b"charset"), &octets))
    }
}

/// Visits the text of a message until `visit` returns true; tells whether it did.
///
/// With `header` (SEARCH TEXT), the header fields of the message and of its parts are visited, one
/// at a time as `Name: value`, decoded. Without it (SEARCH BODY), only what lies in the message's
/// body: the text of each textual part, and the header fields of enclosed messages.
pub fn search_text(
    structure: &Structure,
    message: &[u8],
    header: bool,
    visit: &mut dyn FnMut(&str) -> bool,
) -> bool {
    let mut enclosed = vec![false; structure.parts.len()];
    for (index, part) in structure.parts.iter().enumerate() {
        if let Kind::Message { child } = part.kind
            && let Some(root) = enclosed.get_mut(child as usize)
        {
            *root = true;
        }
        if (header || enclosed[index]) && visit_header(part.header.of(message), visit) {
            return true;
        }
        if structure.decode_text(message, index as u32).is_some_and(|text| visit(&text)) {
            return true;
        }
    }
    false
}

fn visit_header(block: &[u8], visit: &mut dyn FnMut(&str) -> bool) -> bool {
    let block = &block[..block.len().min(MAX_HEADER)];
    Fields::new(block)
        .any(|field| visit(&decode_header(&field.line[..field.line.len().min(MAX_FIELD)])))
}
