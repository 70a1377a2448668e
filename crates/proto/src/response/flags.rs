//! FLAGS response (RFC 3501 §7.2.6).

use crate::Flag;
use crate::token::{Parsed, Reader};
use crate::write;

/// Appends `* FLAGS (…)`.
pub fn write(out: &mut Vec<u8>, flags: &[Flag]) {
    out.extend_from_slice(b"* FLAGS ");
    write::flags(out, flags);
    out.extend_from_slice(b"\r\n");
}

// mailbox-data = "FLAGS" SP flag-list / …
pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Vec<Flag>> {
    reader.space()?;
    parse_list(reader)
}

// flag-list       = "(" [flag *(SP flag)] ")"
// msg-att-dynamic = "FLAGS" SP "(" [flag-fetch *(SP flag-fetch)] ")"
pub(super) fn parse_list(reader: &mut Reader<'_>) -> Parsed<Vec<Flag>> {
    let mut flags = Vec::new();
    reader.list_or_empty(|reader| {
        flags.push(Flag::parse(reader)?);
        Ok(())
    })?;
    Ok(flags)
}
