//! Sections: the example of RFC 3501 §6.4.5, and header subsets byte for byte.

use peregrine_mime::{SectionText, parse};
use std::borrow::Cow;

/// The example message of RFC 3501 §6.4.5.
fn example() -> String {
    let part = |kind: &str, text: &str| format!("Content-Type: {kind}\r\n\r\n{text}");
    let multi = |kind: &str, boundary: &str, parts: &[String]| {
        let mut text = format!("Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n");
        for part in parts {
            text += &format!("--{boundary}\r\n{part}\r\n");
        }
        text + &format!("--{boundary}--")
    };
    let message = |inner: String| format!("Content-Type: message/rfc822\r\n\r\n{inner}");
    let alternative = multi(
        "alternative",
        "d",
        &[part("text/plain", "4.2.2.1"), part("text/richtext", "4.2.2.2")],
    );
    let deep = multi("mixed", "c", &[part("text/plain", "4.2.1"), alternative]);
    let three =
        multi("mixed", "b", &[part("text/plain", "3.1"), part("application/octet-stream", "3.2")]);
    let four = multi(
        "mixed",
        "e",
        &[part("image/gif", "4.1"), message(format!("Subject: four\r\n{deep}"))],
    );
    let body = multi(
        "mixed",
        "a",
        &[
            part("text/plain", "1"),
            part("application/octet-stream", "2"),
            message(format!("Subject: three\r\n{three}")),
            four,
        ],
    );
    format!("Subject: whole\r\n{body}")
}

/// A path of numbers below ten, from its digits.
fn path(text: &str) -> Vec<u32> {
    text.bytes().filter(u8::is_ascii_digit).map(|digit| u32::from(digit - b'0')).collect()
}

#[test]
fn bodies_of_the_example() {
    let message = example();
    let structure = parse(message.as_bytes());
    for wanted in ["1", "2", "3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2"] {
        let found = structure.section(message.as_bytes(), &path(wanted), SectionText::Whole);
        assert_eq!(found.as_deref(), Some(wanted.as_bytes()), "{wanted}");
    }
    let absent = ["0", "5", "1.1", "2.1", "3.3", "3.0", "4.1.1", "4.3", "4.2.2.3", "4.2.2.2.1"];
    for absent in absent {
        assert_eq!(structure.find(&path(absent)), None, "{absent}");
    }
    let whole = structure.section(message.as_bytes(), &[], SectionText::Whole);
    assert_eq!(whole.as_deref(), Some(message.as_bytes()));
}

#[test]
fn headers_of_the_example() {
    let message = example();
    let structure = parse(message.as_bytes());
    let get = |at: &str, text| structure.section(message.as_bytes(), &path(at), text);
    for (at, subject) in [("", "whole"), ("3", "three"), ("4.2", "four")] {
        let header = get(at, SectionText::Header).unwrap();
        assert!(header.starts_with(format!("Subject: {subject}\r\nContent-Type").as_bytes()));
        assert!(header.ends_with(b"\r\n\r\n"));
        let body = get(at, SectionText::Text).unwrap();
        let whole = [&header[..], &body[..]].concat();
        assert_eq!(get(at, SectionText::Whole).as_deref(), Some(&whole[..]), "{at}");
    }
    // HEADER and TEXT want a message; MIME wants a number (RFC 3501 §6.4.5).
    for at in ["1", "4", "4.1", "4.2.1"] {
        assert_eq!(get(at, SectionText::Header), None, "{at}");
        assert_eq!(get(at, SectionText::Text), None, "{at}");
        assert_eq!(get(at, SectionText::HeaderFields(&[b"x"])), None, "{at}");
    }
    assert_eq!(get("", SectionText::Mime), None);
    let gif = get("4.1", SectionText::Mime);
    assert_eq!(gif.as_deref(), Some(&b"Content-Type: image/gif\r\n\r\n"[..]));
    let three = get("3", SectionText::Mime);
    assert_eq!(three.as_deref(), Some(&b"Content-Type: message/rfc822\r\n\r\n"[..]));
}

#[test]
fn a_message_that_is_no_multipart_has_part_one() {
    let message = b"Subject: x\r\n\r\nbody";
    let structure = parse(message);
    let get = |path: &[u32], text| structure.section(message, path, text);
    assert_eq!(get(&[1], SectionText::Whole).as_deref(), Some(&b"body"[..]));
    assert_eq!(get(&[1], SectionText::Mime).as_deref(), Some(&b"Subject: x\r\n\r\n"[..]));
    assert_eq!(get(&[1], SectionText::Header), None);
    assert_eq!(get(&[2], SectionText::Whole), None);
    assert_eq!(get(&[1, 1], SectionText::Whole), None);

    // A message whose whole body is a message: 1 is that message, 1.1 its body.
    let message = b"Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nbody";
    let structure = parse(message);
    let get = |path: &[u32], text| structure.section(message, path, text);
    assert_eq!(get(&[1], SectionText::Whole).as_deref(), Some(&b"A: b\r\n\r\nbody"[..]));
    assert_eq!(get(&[1], SectionText::Header).as_deref(), Some(&b"A: b\r\n\r\n"[..]));
    assert_eq!(get(&[1, 1], SectionText::Whole).as_deref(), Some(&b"body"[..]));
    assert_eq!(get(&[1, 1], SectionText::Mime).as_deref(), Some(&b"A: b\r\n\r\n"[..]));
    assert_eq!(get(&[1, 1, 1], SectionText::Whole), None);
}

#[test]
fn header_subsets() {
    let header = "From x Mon 10:00\r\nA: 1\r\nb : 2\r\n\t2\r\nC: 3\r\njunk\r\na: 4\r\n\r\n";
    let message = format!("{header}body");
    let rows: [(&[&str], &str); 8] = [
        (&["A"], "A: 1\r\na: 4\r\n\r\n"),
        (&["B"], "b : 2\r\n\t2\r\n\r\n"),
        (&["b", "c"], "b : 2\r\n\t2\r\nC: 3\r\n\r\n"),
        (&["C", "A"], "A: 1\r\nC: 3\r\na: 4\r\n\r\n"),
        (&["D"], "\r\n"),
        (&[], "\r\n"),
        (&["", "junk", "From x Mon 10"], "\r\n"),
        // "otherwise exact": no prefixes.
        (&["A ", "A:", "AA"], "\r\n"),
    ];
    let structure = parse(message.as_bytes());
    for (names, expected) in rows {
        let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        let text = SectionText::HeaderFields(&names);
        let found = structure.section(message.as_bytes(), &[], text).unwrap();
        assert_eq!(String::from_utf8_lossy(&found), expected, "{names:?}");
        // The same with a long list of names, which is looked up in another way.
        let mut many = vec![&b"other"[..]; 20];
        many.extend(&names);
        let text = SectionText::HeaderFields(&many);
        assert_eq!(structure.section(message.as_bytes(), &[], text).unwrap(), found);
    }
    let names: [&[u8]; 2] = [b"a", b"c"];
    let text = SectionText::HeaderFieldsNot(&names);
    let found = structure.section(message.as_bytes(), &[], text).unwrap();
    assert_eq!(String::from_utf8_lossy(&found), "From x Mon 10:00\r\nb : 2\r\n\t2\r\njunk\r\n\r\n");
    let text = SectionText::HeaderFieldsNot(&[]);
    let found = structure.section(message.as_bytes(), &[], text).unwrap();
    assert_eq!(String::from_utf8_lossy(&found), header);
    assert!(matches!(found, Cow::Borrowed(_)));
}

#[test]
fn the_blank_line_is_as_stored() {
    // RFC 3501 §6.4.5: there "except in the case of a message which has no body and no blank line".
    let rows = [
        ("A: 1\nB: 2\n\nbody", "A: 1\n\n"),
        ("A: 1\r\nB: 2\r\n\r\n", "A: 1\r\n\r\n"),
        ("A: 1\r\nB: 2\r\n", "A: 1\r\n"),
        ("B: 2\r\nA: 1", "A: 1"),
        ("B: 2", ""),
        ("", ""),
        ("\r\nA: 1", "\r\n"),
    ];
    for (message, expected) in rows {
        let text = SectionText::HeaderFields(&[b"A"]);
        let found = parse(message.as_bytes()).section(message.as_bytes(), &[], text).unwrap();
        assert_eq!(String::from_utf8_lossy(&found), expected, "{message:?}");
    }
}

#[test]
fn neighbouring_fields_are_borrowed() {
    let message = b"A: 1\r\nB: 2\r\nC: 3\r\n\r\nbody";
    let structure = parse(message);
    let borrowed = |names: &[&[u8]]| {
        let text = SectionText::HeaderFields(names);
        matches!(structure.section(message, &[], text).unwrap(), Cow::Borrowed(_))
    };
    assert!(borrowed(&[b"B", b"C"]));
    assert!(borrowed(&[b"none"]));
    assert!(!borrowed(&[b"A"]));
}
