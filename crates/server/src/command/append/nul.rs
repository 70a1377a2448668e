//! Parts of a message that hold NUL, put into base64: what RFC 3516 §6 asks of a server that takes
//! them by APPEND. No octet of what they decode to is lost.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peregrine_mime::{Kind, Part, PartCoding, header_fields, parse};

/// Octets of a line of base64, without its end (RFC 2045 §6.8).
const LINE: usize = 76;

const FIELD: &[u8] = b"Content-Transfer-Encoding: base64\r\n";

/// The message without NUL. `None` where NUL stands in a header, between parts, or in a part that
/// has a transfer encoding already.
pub(super) fn encode(message: &[u8]) -> Option<Vec<u8>> {
    let structure = parse(message);
    let mut out = Vec::with_capacity(message.len() + message.len() / 2);
    let mut done = 0;
    for (place, part) in structure.parts.iter().enumerate() {
        let body = part.body.of(message);
        if part.kind != Kind::Single || memchr::memchr(0, body).is_none() {
            continue;
        }
        let header = part.header.of(message);
        if !is_plain(header) || !header.ends_with(b"\n") || !ends_with_blank_line(header) {
            return None;
        }
        out.extend_from_slice(&message[done..part.header.start as usize]);
        write_header(header, place == 0, &mut out);
        write_body(body, place == 0, &mut out);
        done = end_of(part);
    }
    out.extend_from_slice(&message[done..]);
    memchr::memchr(0, &out).is_none().then_some(out)
}

fn end_of(part: &Part) -> usize {
    part.body.end as usize
}

/// Whether the part has no transfer encoding that changes its octets.
fn is_plain(header: &[u8]) -> bool {
    PartCoding::of_header(header).is_some_and(PartCoding::is_identity)
}

fn ends_with_blank_line(header: &[u8]) -> bool {
    header == b"\n" || header == b"\r\n" || header.ends_with(b"\n\n") || header.ends_with(b"\n\r\n")
}

/// The header with another Content-Transfer-Encoding, and as one of MIME where it is the message's.
fn write_header(header: &[u8], root: bool, out: &mut Vec<u8>) {
    let mut at = 0;
    let (mut replaced, mut mime) = (false, !root);
    for field in header_fields(header) {
        at += field.line.len();
        mime |= field.is(b"MIME-Version");
        if !field.is(b"Content-Transfer-Encoding") {
            out.extend_from_slice(field.line);
        } else if !std::mem::replace(&mut replaced, true) {
            out.extend_from_slice(FIELD);
        }
    }
    if !mime {
        out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    if !replaced {
        out.extend_from_slice(FIELD);
    }
    out.extend_from_slice(&header[at..]);
}

/// Lines of base64. The line end before a boundary is the boundary's; a message ends with one.
fn write_body(body: &[u8], root: bool, out: &mut Vec<u8>) {
    let mut line = String::with_capacity(LINE);
    for (place, octets) in body.chunks(LINE / 4 * 3).enumerate() {
        if place > 0 {
            out.extend_from_slice(b"\r\n");
        }
        line.clear();
        STANDARD.encode_string(octets, &mut line);
        out.extend_from_slice(line.as_bytes());
    }
    if root {
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::encode;
    use peregrine_mime::{PartCoding, PartDecoder, parse};

    /// What the part decodes to.
    fn decoded(message: &[u8], path: &[u32]) -> Vec<u8> {
        let structure = parse(message);
        let found = structure.find(path).unwrap();
        let part = &structure.parts[found.part as usize];
        let mut out = Vec::new();
        let mut decoder = PartDecoder::new(PartCoding::of_header(part.header.of(message)).unwrap());
        decoder.feed(part.body.of(message), &mut out);
        decoder.finish(&mut out);
        out
    }

    #[test]
    fn only_parts_with_nul_change() {
        let message = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\
            Content-Transfer-Encoding: binary\r\n\r\npreamble\r\n--b\r\n\r\ntext\r\n--b\r\n\
            Content-Transfer-Encoding: binary\r\nContent-Type: image/png\r\n\r\n\0\r\n\0\r\n--b\r\n\
            Content-Type: message/rfc822\r\n\r\nSubject: y\r\nContent-Type: a/b\r\n\r\n\0\r\n--b--\r\nend\0";
        assert_eq!(encode(message), None, "NUL behind the last boundary");
        let message = &message[..message.len() - 1];
        let encoded = encode(message).unwrap();
        let expected = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\
            Content-Transfer-Encoding: binary\r\n\r\npreamble\r\n--b\r\n\r\ntext\r\n--b\r\n\
            Content-Transfer-Encoding: base64\r\nContent-Type: image/png\r\n\r\nAA0KAA==\r\n--b\r\n\
            Content-Type: message/rfc822\r\n\r\nSubject: y\r\nContent-Type: a/b\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nAA==\r\n--b--\r\nend";
        assert_eq!(String::from_utf8(encoded.clone()).unwrap().as_bytes(), expected);
        for path in [&[1][..], &[2], &[3, 1]] {
            assert_eq!(decoded(&encoded, path), decoded(message, path), "{path:?}");
        }
    }

    #[test]
    fn a_message_alone_becomes_one_of_mime() {
        let octets: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for header in ["Content-Type: a/b\r\n", "Content-Type: a/b\r\nMIME-Version: 1.0\r\n"] {
            let message = [header.as_bytes(), b"\r\n", &octets].concat();
            let encoded = encode(&message).unwrap();
            assert_eq!(decoded(&encoded, &[1]), octets);
            let text = String::from_utf8(encoded).unwrap();
            assert_eq!(text.matches("MIME-Version: 1.0\r\n").count(), 1);
            assert!(text.lines().all(|line| line.len() <= 76));
        }
    }

    #[test]
    fn nul_elsewhere_is_refused() {
        for message in [
            &b"Subject: \0\r\n\r\nx"[..],
            b"\0",
            b"Subject: x\r\n\0",
            b"Content-Transfer-Encoding: base64\r\n\r\nAA\0==",
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n\0",
            b"Content-Transfer-Encoding: x-own\r\n\r\n\0",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n\0\r\n--b\r\n\r\nx\r\n--b--\r\n",
        ] {
            assert_eq!(encode(message), None, "{}", message.escape_ascii());
        }
    }
}
