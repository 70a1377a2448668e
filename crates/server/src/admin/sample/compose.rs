//! Putting a sample message together: header fields, encoded words, parts within parts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::tz::{Offset, TimeZone};

use super::text::Encoding;

/// Octets of base64 on a line (RFC 2045 §6.8 allows 76).
const BASE64_LINE: usize = 76;

/// Octets of text in an encoded word: with its frame it stays below 76 (RFC 2047 §2).
const WORD_TEXT: usize = 30;

/// A part of a message: its header and its body, both with CRLF.
pub(super) struct Part {
    pub header: String,
    pub body: Vec<u8>,
}

/// A text part in a charset.
pub(super) fn text(subtype: &str, charset: &str, encoding: Encoding, text: &str) -> Part {
    let crlf = text.replace('\n', "\r\n");
    let octets = encode_charset(charset, &crlf);
    let (name, body) = match encoding {
        Encoding::SevenBit => ("7bit", octets),
        Encoding::EightBit => ("8bit", octets),
        Encoding::QuotedPrintable => ("quoted-printable", quoted_printable(&octets)),
        Encoding::Base64 => ("base64", base64_lines(&octets)),
    };
    let header = format!(
        "Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: {name}\r\n"
    );
    Part { header, body }
}

/// A file.
pub(super) fn file(kind: &str, disposition: &str, name: &str, octets: &[u8]) -> Part {
    let name = if name.is_ascii() {
        format!("filename=\"{name}\"")
    } else {
        let escaped: String = name.bytes().map(escape_parameter).collect();
        format!("filename*=utf-8''{escaped}") // RFC 2231 §4
    };
    let header = format!(
        "Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: {disposition};\r\n {name}; size={}\r\n",
        octets.len()
    );
    Part { header, body: base64_lines(octets) }
}

/// A message as a part.
pub(super) fn message(octets: &[u8]) -> Part {
    let header = "Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n".to_owned();
    Part { header, body: octets.to_vec() }
}

/// Parts in a part. `seed` makes the boundary.
pub(super) fn multipart(subtype: &str, seed: u64, parts: Vec<Part>) -> Part {
    let boundary = format!("=_{seed:016x}_{subtype}");
    let mut body = Vec::new();
    for part in parts {
        body.extend(format!("--{boundary}\r\n{}\r\n", part.header).bytes());
        body.extend(part.body);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    let kind = subtype.split(';').next().unwrap_or(subtype);
    let boundary_line = format!("\r\n boundary=\"{boundary}\"\r\n");
    Part { header: format!("Content-Type: multipart/{kind};{boundary_line}"), body }
}

/// The whole message: `fields` end with CRLF each.
pub(super) fn whole(fields: &str, part: Part) -> Vec<u8> {
    let mut octets = format!("{fields}MIME-Version: 1.0\r\n{}\r\n", part.header).into_bytes();
    octets.extend(part.body);
    if !octets.ends_with(b"\r\n") {
        octets.extend(b"\r\n");
    }
    octets
}

/// Text for a header field: encoded words (RFC 2047) in `charset` where it is not ASCII.
pub(super) fn words(charset: &str, text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // Each word stands alone, so none may end within a character (RFC 2047 §5).
        let mut end = rest.floor_char_boundary(WORD_TEXT.min(rest.len()));
        if end == 0 {
            end = rest.len();
        }
        let encoded = BASE64.encode(encode_charset(charset, &rest[..end]));
        words.push(format!("=?{charset}?B?{encoded}?="));
        rest = &rest[end..];
    }
    words.join("\r\n ")
}

/// `Tue, 14 Nov 2023 22:13:20 +0100` (RFC 5322 §3.3).
pub(super) fn date(unix: i64, minutes_east: i16) -> String {
    let offset = Offset::from_seconds(i32::from(minutes_east) * 60).unwrap_or(Offset::UTC);
    let time = jiff::Timestamp::from_second(unix).unwrap_or_default();
    time.to_zoned(TimeZone::fixed(offset)).strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}

/// The year of a time, UTC.
pub(super) fn year(unix: i64) -> i16 {
    let time = jiff::Timestamp::from_second(unix).unwrap_or_default();
    time.to_zoned(TimeZone::UTC).year()
}

fn encode_charset(charset: &str, text: &str) -> Vec<u8> {
    let encoding =
        encoding_rs::Encoding::for_label(charset.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    encoding.encode(text).0.into_owned()
}

fn base64_lines(octets: &[u8]) -> Vec<u8> {
    let encoded = BASE64.encode(octets).into_bytes();
    let lines: Vec<&[u8]> = encoded.chunks(BASE64_LINE).collect();
    lines.join(b"\r\n".as_slice())
}

/// Quoted-printable (RFC 2045 §6.7); lines of more than 76 octets are broken softly.
fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (number, line) in octets.split(|octet| *octet == b'\n').enumerate() {
        if number > 0 {
            encoded.extend(b"\r\n");
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut column = 0;
        for octet in line {
            let plain = matches!(octet, b' '..=b'~') && *octet != b'=';
            let width = if plain { 1 } else { 3 };
            if column + width > 75 {
                encoded.extend(b"=\r\n");
                column = 0;
            }
            if plain {
                encoded.push(*octet);
            } else {
                encoded.extend(format!("={octet:02X}").bytes());
            }
            column += width;
        }
    }
    encoded
}

fn escape_parameter(octet: u8) -> String {
    if octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_') {
        char::from(octet).to_string()
    } else {
        format!("%{octet:02X}")
    }
}
