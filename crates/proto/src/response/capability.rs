//! CAPABILITY and ENABLED responses (RFC 3501 §7.2.1, RFC 5161 §3.2).

use crate::token::{Parsed, Reader};
use bytestring::ByteString;

/// Appends `* CAPABILITY` or `* ENABLED` with its names.
pub fn write(out: &mut Vec<u8>, word: &str, names: &[ByteString]) {
    out.extend_from_slice(b"* ");
    out.extend_from_slice(word.as_bytes());
    write_names(out, names);
    out.extend_from_slice(b"\r\n");
}

/// Appends each name with a space before it.
pub(super) fn write_names(out: &mut Vec<u8>, names: &[ByteString]) {
    for name in names {
        out.push(b' ');
        out.extend_from_slice(name.as_bytes());
    }
}

// capability-data = "CAPABILITY" *(SP capability) SP "IMAP4rev1" *(SP capability)
// capability      = ("AUTH=" auth-type) / atom
// enable-data     = "ENABLED" *(SP capability)
pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Vec<ByteString>> {
    let mut names = Vec::new();
    while reader.accept(b' ') {
        let at = reader.offset();
        let name = reader.atom("a capability")?;
        names.push(reader.share_text(name, at)?);
    }
    Ok(names)
}
