//! SEARCH and SORT responses (RFC 3501 §7.2.5, RFC 5256 §4).

use crate::token::{Parsed, Reader};
use crate::write::number;

/// Appends `* SEARCH` or `* SORT`, as `word` says, with these numbers, none of them 0.
pub fn write(out: &mut Vec<u8>, word: &str, numbers: impl IntoIterator<Item = u32>) {
    out.extend_from_slice(b"* ");
    out.extend_from_slice(word.as_bytes());
    for found in numbers {
        out.push(b' ');
        number(out, u64::from(found));
    }
    out.extend_from_slice(b"\r\n");
}

// mailbox-data = "SEARCH" *(SP nz-number) / …
// sort-data    = "SORT" *(SP nz-number)
pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Vec<u32>> {
    let mut numbers = Vec::new();
    while reader.accept(b' ') {
        numbers.push(reader.nz_number("a message number")?);
    }
    Ok(numbers)
}
