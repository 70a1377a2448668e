//! Strings and words of any octets, written so that the grammar holds.
//!
//! What a message holds is not ours to choose: CR, LF, NUL, quotes, backslashes and 8-bit octets
//! stand in headers and file names.

use crate::write;
use memchr::memchr;

/// `string`: quoted where it fits, else a literal. NUL is left out, since neither form may hold it
/// (RFC 3501 §9 `QUOTED-CHAR`, `CHAR8`).
pub fn string(out: &mut Vec<u8>, octets: &[u8]) {
    if write::is_quotable(octets) {
        return write::quoted(out, octets);
    }
    if memchr(0, octets).is_none() {
        return write::literal(out, octets);
    }
    let kept: Vec<u8> = octets.iter().copied().filter(|octet| *octet != 0).collect();
    write::string(out, &kept);
}

/// `nstring`: as [`string`], or NIL.
pub fn nstring(out: &mut Vec<u8>, octets: Option<&[u8]>) {
    match octets {
        Some(octets) => string(out, octets),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// `TEXT-CHAR`s: control characters become spaces, octets above 0x7F and those that `also` names
/// become `?`, one for each character of UTF-8.
pub(super) fn text(out: &mut Vec<u8>, octets: &[u8], also: impl Fn(u8) -> bool) {
    out.extend(octets.iter().filter_map(|octet| match octet {
        0x80..=0xBF => None,
        0xC0.. => Some(b'?'),
        0..0x20 | 0x7F => Some(b' '),
        octet if also(*octet) => Some(b'?'),
        octet => Some(*octet),
    }));
}
