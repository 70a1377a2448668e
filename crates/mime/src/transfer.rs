//! Content-Transfer-Encoding (RFC 2045 §6): which are none, and decoding of base64 and
//! quoted-printable. Decoding is for search, so it goes on over errors.

use crate::parameter::first_token;
use std::borrow::Cow;

/// Whether the octets of the body are the content itself (RFC 2045 §6.2); a missing field means
/// 7bit. An encoding that is not known is not one of these.
pub(crate) fn is_identity(encoding: Option<&[u8]>) -> bool {
    let Some(value) = encoding else { return true };
    let token = first_token(value).0;
    token.is_empty()
        || [&b"7bit"[..], b"8bit", b"binary"].iter().any(|name| token.eq_ignore_ascii_case(name))
}

/// A body without its transfer encoding. One that is not known leaves the body as it is.
pub(crate) fn decode<'a>(encoding: &[u8], body: &'a [u8]) -> Cow<'a, [u8]> {
    if encoding.eq_ignore_ascii_case(b"base64") {
        Cow::Owned(base64(body))
    } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
        quoted_printable(body)
    } else {
        Cow::Borrowed(body)
    }
}

/// Decodes base64 (RFC 2045 §6.8). Octets outside the alphabet are passed over; after padding a new
/// run may begin, as it does where encoded pieces were put together.
pub(crate) fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut bits = 0_u32;
    let mut count = 0;
    for &byte in bytes {
        let value = SEXTETS[usize::from(byte)];
        if value < 64 {
            bits = bits << 6 | u32::from(value);
            count += 1;
            if count == 4 {
                out.extend_from_slice(&bits.to_be_bytes()[1..]);
                (bits, count) = (0, 0);
            }
        } else if byte == b'=' && count > 0 {
            flush(bits, count, &mut out);
            (bits, count) = (0, 0);
        }
    }
    flush(bits, count, &mut out);
    out
}

/// The octets of a group that padding, or the end, cut short: two sextets make one, three make two.
fn flush(bits: u32, count: u32, out: &mut Vec<u8>) {
    match count {
        2 => out.push((bits >> 4) as u8),
        3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => {}
    }
}

/// The value of each octet in base64, 64 for those outside the alphabet.
const SEXTETS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [64; 256];
    let mut value = 0;
    while value < 64 {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// Decodes quoted-printable (RFC 2045 §6.7). What is no proper escape stays as it is.
fn quoted_printable(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'=', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(escape) = memchr::memchr(b'=', rest) {
        out.extend_from_slice(&rest[..escape]);
        rest = &rest[escape + 1..];
        if let Some(byte) = hex(rest) {
            out.push(byte);
            rest = &rest[2..];
        } else if let Some(len) = soft_break(rest) {
            rest = &rest[len..];
        } else {
            out.push(b'=');
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// Length of the line end behind a soft line break, with the blanks that transport added.
fn soft_break(rest: &[u8]) -> Option<usize> {
    // A line has at most 76 characters (RFC 2045 §6.7 rule 5); a longer run of blanks is text. The
    // bound keeps `= = = ...` linear.
    let rest = &rest[..rest.len().min(80)];
    let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    match &rest[blanks..] {
        [b'\r', b'\n', ..] => Some(blanks + 2),
        [b'\n', ..] => Some(blanks + 1),
        [] if blanks < 80 => Some(blanks),
        _ => None,
    }
}

/// Decodes the Q encoding of RFC 2047 §4.2: quoted-printable with `_` for a space.
pub(crate) fn q(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, hex(after)) {
            (b'=', Some(byte)) => {
                out.push(byte);
                rest = &after[2..];
            }
            (b'_', _) => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out
}

/// Two hexadecimal digits; lower case is not to be written, but it is read.
pub(crate) fn hex(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    Some((digit(0)? * 16 + digit(1)?) as u8)
}
