//! Parts without their transfer encoding (RFC 2045 §6, RFC 3516): known answers, and the same for
//! every way of cutting the input.

use peregrine_mime::{PartCoding, PartDecoder};
use proptest::prelude::*;

fn coding(header: &str) -> Option<PartCoding> {
    PartCoding::of_header(format!("{header}\r\n\r\n").as_bytes())
}

fn decode<'a>(coding: PartCoding, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut decoder = PartDecoder::new(coding);
    let mut out = Vec::new();
    pieces.into_iter().for_each(|piece| decoder.feed(piece, &mut out));
    decoder.finish(&mut out);
    out
}

#[test]
fn known_answers() {
    let image = "Content-Type: image/png\r\nContent-Transfer-Encoding: ";
    let text = "Content-Transfer-Encoding: ";
    let rows: [(&str, &str, &[u8], &[u8]); 21] = [
        (image, "base64", b"AAEC\r\nAw==", b"\0\x01\x02\x03"),
        (image, "BASE64 (comment)", b"AA==AQ==", b"\0\x01"),
        (image, "base64", b"A*A.E-C", b"\0\x01\x02"),
        (image, "base64", b"Cg==", b"\n"),
        (image, "7bit", b"a\nb", b"a\nb"),
        (image, "binary", b"\0\n\r\n", b"\0\n\r\n"),
        (image, "", b"\xff", b"\xff"),
        (image, "quoted-printable", b"a=3D=0a=C3=a9\n", b"a=\n\xc3\xa9\n"),
        // RFC 2045 §6.7 rule 3: blanks at a line's end are not the writer's.
        (image, "quoted-printable", b"a \t\r\nb=20 \r\nc ", b"a\r\nb \r\nc"),
        (image, "quoted-printable", b"a =\r\nb= \t\r\nc=", b"a bc"),
        (image, "quoted-printable", b"a=\nb", b"ab"),
        (image, "quoted-printable", b"a=4x=4", b"a=4x=4"),
        (image, "quoted-printable", b"a==\r\n", b"a="),
        (image, "quoted-printable", b"=00", b"\0"),
        // RFC 3516 §6: lines of text are sent with CRLF.
        (text, "8bit", b"a\nb\r\nc\r\r\n\n", b"a\r\nb\r\nc\r\r\n\r\n"),
        (text, "base64", b"YQpi", b"a\r\nb"),
        (text, "quoted-printable", b"a=0Ab=0D=0A", b"a\r\nb\r\n"),
        ("Content-Type: text/html\r\n", "X: ", b"\n", b"\r\n"),
        ("Content-Type: text/plain; charset=UTF-16LE\r\n", "X: ", b"\n\0", b"\n\0"),
        ("Content-Type: text/plain; charset=utf-8\r\n", "X: ", b"\n\0", b"\r\n\0"),
        ("Content-Type: application/x\r\n", "X: ", b"\n", b"\n"),
    ];
    for (header, encoding, raw, expected) in rows {
        let coding = coding(&format!("{header}{encoding}")).unwrap();
        assert_eq!(decode(coding, [raw]), expected, "{header}{encoding} {raw:?}");
    }
    for unknown in ["x-uuencode", "base65", "uuencode"] {
        assert_eq!(coding(&format!("Content-Transfer-Encoding: {unknown}")), None);
    }
    assert!(coding("Content-Type: image/png").unwrap().is_plain());
    assert!(!coding("Subject: x").unwrap().is_plain());
}

#[test]
fn runs_of_blanks_are_bounded() {
    let coding =
        coding("Content-Type: a/b\r\nContent-Transfer-Encoding: quoted-printable").unwrap();
    for (blanks, kept) in [(997, false), (998, false), (999, true), (100_000, true)] {
        let raw = [b"=41".to_vec(), vec![b' '; blanks], b"\r\n".to_vec()].concat();
        let whole = decode(coding, [&raw[..]]);
        assert_eq!(whole.len(), 3 + if kept { blanks } else { 0 }, "{blanks}");
        for size in [1, 7, 998, 999, 1000] {
            assert_eq!(decode(coding, raw.chunks(size)), whole, "{blanks} in pieces of {size}");
        }
    }
    for blanks in [77, 78, 79, 80, 81] {
        let raw = format!("a={}\r\nb", " ".repeat(blanks));
        let whole = decode(coding, [raw.as_bytes()]);
        assert_eq!(decode(coding, raw.as_bytes().chunks(1)), whole, "{blanks}");
    }
}

proptest! {
    #[test]
    fn cuts_do_not_matter(
        raw in proptest::collection::vec(
            prop_oneof![proptest::sample::select(b"=\r\n \tA4\0".to_vec()), any::<u8>()], 0..200),
        encoding in proptest::sample::select(vec!["7bit", "base64", "quoted-printable"]),
        text in any::<bool>(),
        size in 1_usize..20,
    ) {
        let kind = if text { "text/plain" } else { "image/png" };
        let header = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}");
        let coding = coding(&header).unwrap();
        let whole = decode(coding, [&raw[..]]);
        prop_assert_eq!(&decode(coding, raw.chunks(size)), &whole);
        prop_assert_eq!(&decode(coding, raw.chunks(1)), &whole);
    }
}
