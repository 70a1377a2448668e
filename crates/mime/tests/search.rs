//! Decoded text: encoded words, transfer encodings, character sets, and what SEARCH visits.

use peregrine_mime::limits::{MAX_CHARSET, MAX_ENCODED_TEXT};
use peregrine_mime::{charset_to_utf8, decode_header, parse, search_text};

#[test]
fn header_text() {
    let rows: [(&[u8], &str); 24] = [
        (b"plain", "plain"),
        (b" folded\r\n text \r\n", "folded text"),
        (b"=?utf-8?Q?caf=C3=A9_x?=", "café x"),
        (b"=?UTF-8?b?Y2Fmw6k=?=", "café"),
        (b"=?iso-8859-1?q?caf=e9?= au lait", "café au lait"),
        (b"a =?utf-8?Q?b?= c", "a b c"),
        // RFC 2047 §6.2: blanks between encoded words are not shown.
        (b"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        (b"=?utf-8?Q?a?=\r\n\t=?iso-8859-1?Q?b?=", "ab"),
        (b"=?utf-8?Q?a?= x =?utf-8?Q?b?=", "a x b"),
        (b"=?utf-8?Q?a_?= =?utf-8?Q?_b?=", "a  b"),
        // A character cut in two by its writer.
        (b"=?utf-8?B?w?= =?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
        // In a quoted string, and glued to text: not allowed, but meant.
        (b"\"=?utf-8?Q?a?=\" <a@b>", "\"a\" <a@b>"),
        (b"x=?utf-8?Q?a?=y", "xay"),
        // RFC 2231 §5: a language may follow the character set.
        (b"=?utf-8*en?Q?a?=", "a"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?windows-1251?B?z/Do4uXy?=", "Привет"),
        (b"=?gb2312?B?1tDOxA==?=", "中文"),
        (b"=?utf-7?Q?+AOk-?=", "é"),
        (b"=?unknown?Q?=C3=A9?=", "é"),
        // Not encoded words.
        (b"=?utf-8?X?a?=", "=?utf-8?X?a?="),
        (b"=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
        (b"=?a b?Q?c?=", "=?a b?Q?c?="),
        // Raw 8-bit: UTF-8 where it can be, else Latin-1.
        ("é".as_bytes(), "é"),
        (b"\xe9 =?utf-8?Q?=C3=A9?=", "é é"),
    ];
    for (raw, expected) in rows {
        assert_eq!(decode_header(raw), expected, "{:?}", String::from_utf8_lossy(raw));
    }
}

#[test]
fn the_limits_of_an_encoded_word() {
    for len in [MAX_ENCODED_TEXT - 3, MAX_ENCODED_TEXT - 2, MAX_ENCODED_TEXT - 1] {
        let text = "a".repeat(len);
        let raw = format!("=?utf-8?Q?{text}?=");
        let decoded = decode_header(raw.as_bytes());
        assert_eq!(decoded == text, len + "?=".len() <= MAX_ENCODED_TEXT, "{len}");
    }
    for len in [MAX_CHARSET - 2, MAX_CHARSET - 1, MAX_CHARSET] {
        let raw = format!("=?{}?Q?a?=", "x".repeat(len));
        let decoded = decode_header(raw.as_bytes());
        assert_eq!(decoded == "a", len + "?".len() <= MAX_CHARSET, "{len}");
    }
    // A soft line break has blanks for one line at the most.
    for (blanks, joined) in [(77, true), (78, true), (79, false)] {
        let blanks = " ".repeat(blanks);
        let message = format!("Content-Transfer-Encoding: quoted-printable\r\n\r\na={blanks}\r\nb");
        let text = parse(message.as_bytes()).decode_text(message.as_bytes(), 0);
        assert_eq!(text.as_deref() == Some("ab"), joined);
    }
}

#[test]
fn character_sets() {
    let rows: [(&str, &[u8], &str); 13] = [
        ("US-ASCII", b"abc", "abc"),
        ("utf-8", "é".as_bytes(), "é"),
        ("iso-8859-15", b"\xa4", "€"),
        ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
        ("cp1252", b"\x80", "€"),
        ("CP932", b"\x93\xfa", "日"),
        ("big5", b"\xa4\xa4", "中"),
        ("euc-kr", b"\xc7\xd1", "한"),
        ("utf-16be", b"\x00a\x00b", "ab"),
        ("UTF-7", b"a+-b +AOk- +2D3eAA-!+AOk", "a+b é 😀!é"),
        ("utf-7", b"+", "+"),
        (
            "IBM850",
            b"Gr\x81\xe1e \x80\x9f\xa0\xbf\xc0\xdf\xe0\xf0\xff",
            "Grüße Çƒá┐└▀Ó\u{ad}\u{a0}",
        ),
        (" utf-8 ", b"a", "a"),
    ];
    for (charset, bytes, expected) in rows {
        let found = charset_to_utf8(charset.as_bytes(), bytes);
        assert_eq!(found.as_deref(), Some(expected), "{charset}");
    }
    for unknown in ["", "x-unknown", "utf-9", "\u{e9}"] {
        assert_eq!(charset_to_utf8(unknown.as_bytes(), b"a"), None, "{unknown:?}");
    }
    // What is malformed is replaced, not refused.
    assert_eq!(charset_to_utf8(b"utf-8", b"a\xff").as_deref(), Some("a\u{fffd}"));
}

#[test]
fn part_text() {
    let rows: [(&str, &[u8], Option<&str>); 14] = [
        ("X: y", b"text", Some("text")),
        ("X: y", b"caf\xe9", Some("café")),
        ("X: y", "café".as_bytes(), Some("café")),
        ("Content-Type: text/html; charset=iso-8859-1", b"\xe9", Some("é")),
        ("Content-Type: text/plain; charset=\"utf-8 \"", "é".as_bytes(), Some("é")),
        ("Content-Type: text/plain; charset=nonsense", "é".as_bytes(), Some("é")),
        ("Content-Transfer-Encoding: base64", b"dGV4\r\ndA==", Some("text")),
        ("Content-Transfer-Encoding: base64", b"dGV4dA==\r\nIGE=", Some("text a")),
        ("Content-Transfer-Encoding: base64", b"dG!V4dA", Some("text")),
        ("Content-Transfer-Encoding: Quoted-Printable", b"a=20b=\r\nc= \n=c3=a9", Some("a bcé")),
        ("Content-Transfer-Encoding: quoted-printable", b"a=b=zz=", Some("a=b=zz")),
        ("Content-Transfer-Encoding: odd", b"a=20", Some("a=20")),
        ("Content-Type: message/delivery-status", b"Action: failed", Some("Action: failed")),
        ("Content-Type: image/png", b"text", None),
    ];
    for (header, body, expected) in rows {
        let message = [header.as_bytes(), b"\r\n\r\n", body].concat();
        let found = parse(&message).decode_text(&message, 0);
        assert_eq!(found.as_deref(), expected, "{header} {:?}", String::from_utf8_lossy(body));
    }
}

const NESTED: &str = "Subject: =?utf-8?q?outer?=\r\n\
    Content-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n\
    --x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nZmlyc3Q=\r\n\
    --x\r\nContent-Type: image/png; name=pic\r\n\r\npixels\r\n\
    --x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nsecond\r\n--x--\r\n";

fn visited(header: bool) -> Vec<String> {
    let structure = parse(NESTED.as_bytes());
    let mut seen = Vec::new();
    let stopped = search_text(&structure, NESTED.as_bytes(), header, &mut |text| {
        seen.push(text.to_owned());
        false
    });
    assert!(!stopped);
    seen
}

#[test]
fn search_text_visits_headers_and_text() {
    let seen = visited(true);
    for wanted in ["Subject: outer", "first", "Content-Type: image/png; name=pic", "second"] {
        assert!(seen.iter().any(|text| text == wanted), "{wanted} in {seen:?}");
    }
    assert!(!seen.iter().any(|text| text.contains("pixels") || text.contains("preamble")));
}

#[test]
fn search_body_visits_text_and_enclosed_headers() {
    assert_eq!(visited(false), ["first", "Subject: inner", "second"]);
}

#[test]
fn a_visit_ends_when_it_is_told_to() {
    let structure = parse(NESTED.as_bytes());
    let mut count = 0;
    let stopped = search_text(&structure, NESTED.as_bytes(), false, &mut |text| {
        count += 1;
        text == "Subject: inner"
    });
    assert!(stopped);
    assert_eq!(count, 2);
}
