//! Content-Transfer-Encoding (RFC 2045 §6): which are none, and decoding of base64 and
//! quoted-printable, which goes on over errors: clients do so too, and a search must.

mod decoder;
mod quoted_printable;

pub use decoder::{PartCoding, PartDecoder};

use crate::parameter::first_token;
use quoted_printable::QuotedPrintable;
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
    let mut decoder = Base64::default();
    decoder.feed(bytes, &mut out);
    decoder.finish(&mut out);
    out
}

/// A decoder of base64 from pieces cut anywhere.
#[derive(Clone, Copy, Debug, Default)]
struct Base64 {
    /// The sextets of a group that is not complete.
    bits: u32,
    /// How many they are: below 4.
    count: u32,
}

impl Base64 {
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let Self { mut bits, mut count } = *self;
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
                Self { bits, count }.finish(out);
                (bits, count) = (0, 0);
            }
        }
        *self = Self { bits, count };
    }

    /// The octets of a group that padding, or the end, cut short: two sextets make one, three make
    /// two.
    fn finish(self, out: &mut Vec<u8>) {
        match self.count {
            2 => out.push((self.bits >> 4) as u8),
            3 => out.extend_from_slice(&[(self.bits >> 10) as u8, (self.bits >> 2) as u8]),
            _ => {}
        }
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
    let mut decoder = QuotedPrintable::default();
    decoder.feed(bytes, &mut out);
    decoder.finish(&mut out);
    Cow::Owned(out)
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
