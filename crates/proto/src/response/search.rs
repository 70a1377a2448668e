//! SEARCH and SORT responses (RFC 3501 §7.2.5, RFC 5256 §4, RFC 7162 §3.1.6, §3.1.9).

use crate::ModSeq;
use crate::token::{Parsed, Reader};
use crate::write::number;

/// Appends `* SEARCH` or `* SORT`, as `word` says, with these numbers, none of them 0, and the
/// greatest MODSEQ of the messages where keys asked for it.
pub fn write(
    out: &mut Vec<u8>,
    word: &str,
    numbers: impl IntoIterator<Item = u32>,
    mod_seq: Option<ModSeq>,
) {
    out.extend_from_slice(b"* ");
    out.extend_from_slice(word.as_bytes());
    for found in numbers {
        out.push(b' ');
        number(out, u64::from(found));
    }
    if let Some(mod_seq) = mod_seq {
        out.extend_from_slice(b" (MODSEQ ");
        number(out, mod_seq.0);
        out.push(b')');
    }
    out.extend_from_slice(b"\r\n");
}

// mailbox-data = "SEARCH" [1*(SP nz-number) [SP search-sort-mod-seq]] / …
// sort-data    = "SORT" [1*(SP nz-number) [SP search-sort-mod-seq]]
// search-sort-mod-seq = "(" "MODSEQ" SP mod-sequence-value ")"
pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<(Vec<u32>, Option<ModSeq>)> {
    let mut numbers = Vec::new();
    while reader.accept(b' ') {
        if reader.accept_prefix("(MODSEQ ") {
            let mod_seq = ModSeq::parse(reader)?;
            reader.byte(b')', "`)`")?;
            return Ok((numbers, Some(mod_seq)));
        }
        numbers.push(reader.nz_number("a message number")?);
    }
    Ok((numbers, None))
}
