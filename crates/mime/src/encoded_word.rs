//! Header text for reading and searching: encoded words (RFC 2047) decoded.

use crate::charset::decode_leniently;
use crate::limits::{MAX_CHARSET, MAX_ENCODED_TEXT};
use crate::token::{is_blank, unfold};
use crate::transfer;
use memchr::memmem;

/// The text of a raw header value: unfolded, RFC 2047 words decoded. Octets outside encoded words
/// are taken as UTF-8, or as Latin-1 where they are no UTF-8.
///
/// Words are decoded wherever they stand, in quoted strings too, as their writers meant them.
///
/// ```
/// let raw = b"=?utf-8?Q?caf=C3=A9?=\r\n =?utf-8?B?IGF1IGxhaXQ=?= x";
/// assert_eq!(peregrine_mime::decode_header(raw), "café au lait x");
/// ```
pub fn decode_header(raw: &[u8]) -> String {
    let raw = unfold(raw);
    let mut out = String::with_capacity(raw.len());
    let mut text = &raw[..];
    // The octets of adjacent words in one character set are decoded together: writers cut
    // multi-octet characters in two.
    let mut pending: Option<(&[u8], Vec<u8>)> = None;
    // Where the search for the next "=?" goes on.
    let mut from = 0;
    while let Some(start) = memmem::find(&text[from..], b"=?").map(|at| from + at) {
        let Some(word) = EncodedWord::at(&text[start..]) else {
            from = start + 2;
            continue;
        };
        let before = &text[..start];
        // RFC 2047 §6.2: blanks between two encoded words are not shown. There are none before the
        // first, since the value is trimmed.
        if !before.iter().all(|&b| is_blank(b)) {
            flush(&mut pending, &mut out);
            out.push_str(&decode_leniently(None, before));
        }
        match &mut pending {
            Some((charset, octets)) if charset.eq_ignore_ascii_case(word.charset) => {
                octets.extend_from_slice(&word.octets());
            }
            _ => {
                flush(&mut pending, &mut out);
                pending = Some((word.charset, word.octets()));
            }
        }
        text = &text[start + word.len..];
        from = 0;
    }
    flush(&mut pending, &mut out);
    out.push_str(&decode_leniently(None, text));
    out
}

fn flush(pending: &mut Option<(&[u8], Vec<u8>)>, out: &mut String) {
    if let Some((charset, octets)) = pending.take() {
        out.push_str(&decode_leniently(Some(charset), &octets));
    }
}

/// encoded-word = "=?" charset "?" encoding "?" encoded-text "?="
struct EncodedWord<'a> {
    charset: &'a [u8],
    base64: bool,
    text: &'a [u8],
    /// Octets of the whole word.
    len: usize,
}

impl<'a> EncodedWord<'a> {
    /// The word at the start of `bytes`, which begin with `=?`.
    fn at(bytes: &'a [u8]) -> Option<Self> {
        let rest = &bytes[2..];
        let end = rest.iter().take(MAX_CHARSET).position(|&b| b == b'?' || is_blank(b))?;
        let (charset, rest) = rest.split_at(end);
        let (&[b'?', encoding, b'?'], rest) = rest.split_first_chunk::<3>()? else { return None };
        let base64 = match encoding {
            b'b' | b'B' => true,
            b'q' | b'Q' => false,
            _ => return None,
        };
        let len = memmem::find(&rest[..rest.len().min(MAX_ENCODED_TEXT)], b"?=")?;
        let text = &rest[..len];
        Some(EncodedWord { charset, base64, text, len: 2 + end + 3 + len + 2 })
    }

    fn octets(&self) -> Vec<u8> {
        if self.base64 { transfer::base64(self.text) } else { transfer::q(self.text) }
    }
}
