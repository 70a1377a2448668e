//! EXISTS, RECENT and EXPUNGE responses (RFC 3501 §7.3, §7.4.1): a number and a word.

use crate::write;

/// Appends `* number word`, such as `* 23 EXISTS`.
pub fn write(out: &mut Vec<u8>, number: u32, word: &str) {
    out.extend_from_slice(b"* ");
    write::number(out, u64::from(number));
    out.push(b' ');
    out.extend_from_slice(word.as_bytes());
    out.extend_from_slice(b"\r\n");
}
