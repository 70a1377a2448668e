//! Character sets to UTF-8.

/// Decodes text of a named character set; `None` when the character set is not known.
pub fn charset_to_utf8(charset: &[u8], bytes: &[u8]) -> Option<String> {
    let _ = (charset, bytes);
    None
}
