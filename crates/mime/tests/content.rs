//! Content fields for BODY and BODYSTRUCTURE: hand-checked headers.

use peregrine_mime::{Content, Parameters, parse};
use std::borrow::Cow;

fn content(header: &str) -> Content<'static> {
    let message: &'static [u8] = format!("{header}\r\n\r\nbody").into_bytes().leak();
    parse(message).content(message, 0)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn words(parameters: &Parameters<'_>) -> String {
    let words: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    words.join("&")
}

#[test]
fn media_types() {
    let rows = [
        ("X: y", "text/plain charset=us-ascii"),
        ("Content-Type: text/html", "text/html "),
        ("Content-Type: TEXT/Html; Charset=\"utf-8\"", "TEXT/Html Charset=utf-8"),
        ("Content-Type: (a) text (b) / (c) html (d); x=y", "text/html x=y"),
        ("Content-type:\r\n\ttext/html;\r\n charset=utf-8", "text/html charset=utf-8"),
        // RFC 2045 §5.2: what cannot be read is text/plain in us-ascii.
        ("Content-Type: text", "text/plain charset=us-ascii"),
        ("Content-Type: /plain", "text/plain charset=us-ascii"),
        ("Content-Type:", "text/plain charset=us-ascii"),
        ("Content-Type: text; charset=utf-8", "text/plain charset=utf-8"),
        // The first field counts.
        ("Content-Type: image/png\r\nContent-Type: text/html", "image/png "),
        // A multipart without parts, and an encoded message, are told as what can be read.
        ("Content-Type: multipart/mixed; boundary=q", "text/plain charset=us-ascii"),
        (
            "Content-Type: message/rfc822; name=m\r\nContent-Transfer-Encoding: base64",
            "application/octet-stream name=m",
        ),
        ("Content-Type: message/partial; id=1", "message/partial id=1"),
        ("Content-Type: text/html charset=utf-8", "text/html charset=utf-8"),
    ];
    for (header, expected) in rows {
        let content = content(header);
        let kind = format!("{}/{}", text(&content.media_type), text(&content.subtype));
        assert_eq!(format!("{kind} {}", words(&content.parameters)), expected, "{header:?}");
    }
}

#[test]
fn parameters() {
    let rows = [
        ("a=b; c = d ;e=\"f\"", "a=b&c=d&e=f"),
        (r#"a="b\"c\\d;e""#, r#"a=b"c\d;e"#),
        ("a=b (comment; c=d); e=f", "a=b&e=f"),
        ("a=\"b\r\n c\"", "a=b c"),
        ("name=two words.pdf; x=y", "name=two words.pdf&x=y"),
        ("name==?utf-8?Q?a=20b?=; x=y", "name==?utf-8?Q?a=20b?=&x=y"),
        ("name=\"\"; ;; x=", "name=&x="),
        ("novalue; =noname; a=b", "a=b"),
        ("a=\"never closed; b=c", "a=never closed; b=c"),
        ("a=\"x\" junk; b=c", "a=x&b=c"),
        // RFC 2231 §6: sections are put together; character sets and percent signs stay.
        ("name*0=\"one \"; name*1=two", "name=one two"),
        ("name*1=two; x=y; name*0=one", "name=onetwo&x=y"),
        ("name*=utf-8''%C3%A9", "name*=utf-8''%C3%A9"),
        ("n*0*=utf-8''%C3; n*1*=%A9", "n*=utf-8''%C3%A9"),
        ("n*0*=utf-8''%C3%A9; n*1=\" %41\"", "n*=utf-8''%C3%A9%20%2541"),
        // Sections that are missing or occur twice: left as they are.
        ("n*0=a; n*2=c", "n*0=a&n*2=c"),
        ("n*0=a; n*0=b", "n*0=a&n*0=b"),
        ("n*1=b", "n*1=b"),
        ("n*01=b; n*x=c; *0=d", "n*01=b&n*x=c&*0=d"),
        ("n*99999999999999999999=b", "n*99999999999999999999=b"),
    ];
    for (value, expected) in rows {
        let header = format!("Content-Type: image/png; {value}");
        let content = content(&header);
        assert_eq!(words(&content.parameters), expected, "{value:?}");
        assert!(!content.truncated);
    }
}

#[test]
fn other_fields() {
    let content = content(
        "Content-ID: <1@x>\r\nCONTENT-DESCRIPTION: =?utf-8?q?a?=\r\n b\r\n\
         Content-Transfer-Encoding: (c) Base64 (d)\r\nContent-MD5: Q2hlY2s=\r\n\
         Content-Disposition: attachment (c); filename=\"a b\"; size=3\r\n\
         Content-Language: de, (c) en-GB ,fr\r\nContent-Location: http://x/\r\n y",
    );
    let some = |bytes: &'static [u8]| Some(Cow::Borrowed(bytes));
    assert_eq!(content.id, some(b"<1@x>"));
    assert_eq!(content.description, some(b"=?utf-8?q?a?= b"));
    assert_eq!(&*content.encoding, b"Base64");
    assert_eq!(content.md5, some(b"Q2hlY2s="));
    let (kind, parameters) = content.disposition.unwrap();
    assert_eq!(&*kind, b"attachment");
    assert_eq!(words(&parameters), "filename=a b&size=3");
    assert_eq!(content.languages, [&b"de"[..], b"en-GB", b"fr"].map(Cow::Borrowed));
    assert_eq!(content.location, some(b"http://x/ y"));
}

#[test]
fn fields_that_are_missing_or_empty() {
    let headers = [
        "X: y",
        "Content-ID:\r\nContent-Description: \r\nContent-Transfer-Encoding:\r\nContent-MD5:\r\n\
         Content-Disposition: ; x=y\r\nContent-Language: ,\r\nContent-Location:",
    ];
    for header in headers {
        let content = content(header);
        assert_eq!((content.id, content.description, content.md5), (None, None, None));
        assert_eq!((content.disposition, content.location), (None, None));
        assert!(content.languages.is_empty());
        // body-fld-enc may not be NIL nor empty (RFC 3501 §9).
        assert_eq!(&*content.encoding, b"7BIT");
    }
    // A disposition that lacks only its type.
    let content = content("Content-Disposition: filename=x");
    assert_eq!(words(&content.disposition.unwrap().1), "filename=x");
}
