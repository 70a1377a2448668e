//! The decoded text of a message, for SEARCH.

use crate::Structure;

impl Structure {
    /// The text of a textual part in UTF-8: transfer encoding and character set decoded.
    /// `None` when the part is not text.
    pub fn decode_text(&self, message: &[u8], part: u32) -> Option<String> {
        let _ = (message, part);
        None
    }
}

/// Visits the text of a message until `visit` returns true; tells whether it did.
pub fn search_text(
    structure: &Structure,
    message: &[u8],
    header: bool,
    visit: &mut dyn FnMut(&str) -> bool,
) -> bool {
    let _ = (structure, message, header, visit);
    false
}
