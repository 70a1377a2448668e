//! The part tree: hand-checked messages, from the empty one to nested equal boundaries.

use peregrine_mime::{Kind, Structure, parse};

/// The tree in one line: `subtype{part part}` for a multipart, `type/subtype{message}` for an
/// enclosed message, `type/subtype "body"` for the rest.
fn outline(structure: &Structure, message: &[u8], part: u32) -> String {
    let content = structure.content(message, part);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let here = &structure.parts[part as usize];
    match &here.kind {
        Kind::Multipart { children } => {
            let inner: Vec<String> =
                children.iter().map(|&child| outline(structure, message, child)).collect();
            format!("{}{{{}}}", text(&content.subtype), inner.join(" "))
        }
        Kind::Message { child } => {
            let inner = outline(structure, message, *child);
            format!("{}/{}{{{inner}}}", text(&content.media_type), text(&content.subtype))
        }
        Kind::Single => format!(
            "{}/{} {:?}",
            text(&content.media_type),
            text(&content.subtype),
            text(here.body.of(message))
        ),
    }
}

#[track_caller]
fn check(rule: &str, message: &str, expected: &str) {
    let message = message.as_bytes();
    let structure = parse(message);
    assert_eq!(outline(&structure, message, 0), expected, "{rule}");
    assert_eq!(Structure::from_bytes(&structure.to_bytes()).as_ref(), Some(&structure), "{rule}");
    assert!(!structure.truncated, "{rule}");
}

#[test]
fn headers_and_bodies() {
    // rule, message, header, body, lines
    let rows: [(&str, &str, &str, &str, u32); 14] = [
        ("nothing at all", "", "", "", 0),
        ("only CRLF: an empty header", "\r\n", "\r\n", "", 0),
        ("only LF", "\n", "\n", "", 0),
        ("a lone CR is no line end", "\r", "\r", "", 0),
        ("body without header", "\r\nbody\r\n", "\r\n", "body\r\n", 1),
        ("header without body", "Subject: x\r\n\r\n", "Subject: x\r\n\r\n", "", 0),
        ("header without blank line", "Subject: x\r\n", "Subject: x\r\n", "", 0),
        ("header without line end", "Subject: x", "Subject: x", "", 0),
        ("text that is no message is header", "just text\r\nmore", "just text\r\nmore", "", 0),
        ("junk up to the blank line is header", "junk\r\n\r\nbody", "junk\r\n\r\n", "body", 0),
        ("mbox From line", "From a@b Mon 1\nX: y\n\nz\n", "From a@b Mon 1\nX: y\n\n", "z\n", 1),
        ("bare LF", "A: b\n\nc\nd\n", "A: b\n\n", "c\nd\n", 2),
        ("CR CR LF is not blank", "A: b\r\r\n\r\r\n\r\nc", "A: b\r\r\n\r\r\n\r\n", "c", 0),
        ("NUL and 8-bit", "A: \0é\r\n\r\n\0\n", "A: \0é\r\n\r\n", "\0\n", 1),
    ];
    for (rule, message, header, body, lines) in rows {
        let bytes = message.as_bytes();
        let structure = parse(bytes);
        let part = &structure.parts[0];
        assert_eq!(part.header.of(bytes), header.as_bytes(), "{rule}");
        assert_eq!(part.body.of(bytes), body.as_bytes(), "{rule}");
        assert_eq!(part.lines, lines, "{rule}");
        assert_eq!(structure.parts.len(), 1, "{rule}");
    }
}

const MIXED: &str = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";

#[test]
fn multiparts() {
    let rows = [
        (
            "preamble and epilogue are no parts",
            "pre\r\n--x\r\n\r\na\r\n--x\r\n\r\nb\r\n--x--\r\nepi",
            r#"mixed{text/plain "a" text/plain "b"}"#,
        ),
        (
            "one CRLF before a boundary belongs to it",
            "--x\r\n\r\na\r\n\r\n--x--",
            r#"mixed{text/plain "a\r\n"}"#,
        ),
        ("bare LF", "--x\n\na\n--x--\n", r#"mixed{text/plain "a"}"#),
        (
            "a CR that no LF follows is text",
            "--x\r\n\r\na\r\r\n--x--",
            r#"mixed{text/plain "a\r"}"#,
        ),
        ("never closed", "--x\r\n\r\na\r\n", r#"mixed{text/plain "a\r\n"}"#),
        (
            "part without blank line",
            "--x\r\nContent-Type: text/html\r\n--x--",
            r#"mixed{text/html ""}"#,
        ),
        (
            "part without anything",
            "--x\r\n--x\r\n\r\n--x--",
            r#"mixed{text/plain "" text/plain ""}"#,
        ),
        ("boundary line with padding", "--x \t\r\n\r\na\r\n--x-- \r\n", r#"mixed{text/plain "a"}"#),
        (
            "only the beginning of the line has to match",
            "--xy\r\n\r\na\r\n--x--z\r\n",
            r#"mixed{text/plain "a"}"#,
        ),
        (
            "a part in the epilogue is none",
            "--x\r\n\r\na\r\n--x--\r\n--x\r\n\r\nb",
            r#"mixed{text/plain "a"}"#,
        ),
        (
            "a boundary not at a line's start is text",
            "--x\r\n\r\na --x\r\n --x\r\n--x--",
            r#"mixed{text/plain "a --x\r\n --x"}"#,
        ),
        ("the boundary never occurs", "text\r\n", r#"text/plain "text\r\n""#),
        ("only the end occurs", "text\r\n--x--\r\n", r#"text/plain "text\r\n--x--\r\n""#),
        ("a boundary at the very end", "--x", r#"mixed{text/plain ""}"#),
        (
            "MIME-Version is not needed, nor is a known encoding",
            "--x\r\nContent-Transfer-Encoding: odd\r\n\r\na\r\n--x--",
            r#"mixed{text/plain "a"}"#,
        ),
    ];
    for (rule, body, expected) in rows {
        check(rule, &format!("{MIXED}{body}"), expected);
    }
}

#[test]
fn boundary_parameters() {
    let body = "\r\n\r\n--a b\r\n\r\ntext\r\n--a b--\r\n";
    let found = r#"mixed{text/plain "text"}"#;
    let none = r#"text/plain "--a b\r\n\r\ntext\r\n--a b--\r\n""#;
    let rows = [
        ("quoted", r#"multipart/mixed; boundary="a b""#, found),
        ("without quotes, with a blank", "multipart/mixed; boundary=a b", found),
        ("quoted-pair", r#"multipart/mixed; boundary="a\ b""#, found),
        ("trailing blank does not count", r#"multipart/mixed; boundary="a b ""#, found),
        ("any case, comments, folding", "Multipart/mixed (c);\r\n BOUNDARY (d)= \"a b\"", found),
        ("in sections", r#"multipart/mixed; boundary*1=" b"; boundary*0=a"#, found),
        ("percent-encoded", "multipart/mixed; boundary*=us-ascii''a%20b", found),
        ("quote that nothing closes", r#"multipart/mixed; boundary="a b"#, found),
        ("other parameters first", r#"multipart/mixed; x="b;\"boundary=z"; boundary=a b"#, found),
        ("missing", "multipart/mixed", none),
        ("empty", r#"multipart/mixed; boundary="""#, none),
        (
            "the first field counts",
            "text/plain\r\nContent-Type: multipart/mixed; boundary=a b",
            none,
        ),
        ("subtype missing", "multipart; boundary=a b", none),
    ];
    for (rule, value, expected) in rows {
        check(rule, &format!("Content-Type: {value}{body}"), expected);
    }
}

/// A multipart, its parts given with their headers.
fn multipart(subtype: &str, boundary: &str, parts: &[&str]) -> String {
    let mut text = format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n\r\n");
    for part in parts {
        text += &format!("--{boundary}\r\n{part}\r\n");
    }
    text + &format!("--{boundary}--\r\n")
}

#[test]
fn nesting() {
    let inner = multipart("alternative", "ab", &["\r\n1", "\r\n2"]);
    check(
        "the outer boundary is a prefix of the inner one: the longest match counts",
        &multipart("mixed", "a", &[&inner, "\r\n3"]),
        r#"mixed{alternative{text/plain "1" text/plain "2"} text/plain "3"}"#,
    );
    let inner = multipart("alternative", "a", &["\r\n1", "\r\n2"]);
    check(
        "the inner boundary is a prefix of the outer one",
        &multipart("mixed", "ab", &[&inner, "\r\n3"]),
        r#"mixed{alternative{text/plain "1" text/plain "2"} text/plain "3"}"#,
    );
    let unclosed = "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\n1";
    check(
        "the outer boundary is longer than one inside it that is still open",
        &multipart("mixed", "ab", &[unclosed, "\r\n2"]),
        r#"mixed{alternative{text/plain "1"} text/plain "2"}"#,
    );
    let inner = multipart("alternative", "x", &["\r\n1", "\r\n2"]);
    check(
        "equal boundaries: the innermost counts until it is closed",
        &multipart("mixed", "x", &[&inner, "\r\n3"]),
        r#"mixed{alternative{text/plain "1" text/plain "2"} text/plain "3"}"#,
    );
    let unclosed = "Content-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\n\r\n1";
    check(
        "an outer boundary ends an inner multipart that was not closed",
        &multipart("mixed", "x", &[unclosed, "\r\n2"]),
        r#"mixed{alternative{text/plain "1"} text/plain "2"}"#,
    );
    check(
        "an inner multipart without parts is text",
        &multipart("mixed", "x", &["Content-Type: multipart/alternative; boundary=y\r\n\r\n1"]),
        r#"mixed{text/plain "1"}"#,
    );
    check(
        "a blank line with blanks in it does not hide the first part",
        "Content-Type: multipart/mixed; boundary=x\r\n \r\n--x\r\n\r\na\r\n--x--",
        r#"mixed{text/plain "a"}"#,
    );
}

#[test]
fn enclosed_messages() {
    let message = |rest: &str| format!("Content-Type: message/rfc822{rest}");
    let inner = multipart("mixed", "y", &["\r\n1", "Content-Type: image/gif\r\n\r\nG"]);
    check(
        "a message in a multipart, itself a multipart",
        &multipart("mixed", "x", &["\r\n0", &message(&format!("\r\n\r\n{inner}"))]),
        r#"mixed{text/plain "0" message/rfc822{mixed{text/plain "1" image/gif "G"}}}"#,
    );
    check("at the top", &message("\r\n\r\nA: b\r\n\r\nc"), r#"message/rfc822{text/plain "c"}"#);
    check("empty", &message("\r\n\r\n"), r#"message/rfc822{text/plain ""}"#);
    check(
        "message/global",
        "Content-Type: message/global\r\n\r\nA: b\r\n\r\nc",
        r#"message/global{text/plain "c"}"#,
    );
    check(
        "of 8bit",
        &message("\r\nContent-Transfer-Encoding: 8BIT (x)\r\n\r\n\r\nc"),
        r#"message/rfc822{text/plain "c"}"#,
    );
    check(
        "encoded: its inside is no range of the message",
        &message("\r\nContent-Transfer-Encoding: base64\r\n\r\nQTogYg=="),
        r#"application/octet-stream "QTogYg==""#,
    );
    check(
        "a digest's parts are messages unless they say otherwise (RFC 2046 §5.1.5)",
        &multipart(
            "digest",
            "x",
            &["\r\nA: b\r\n\r\n1", "Content-Type: text/html\r\n\r\n2", "\r\n"],
        ),
        r#"digest{message/rfc822{text/plain "1"} text/html "2" message/rfc822{text/plain ""}}"#,
    );
    check(
        "a boundary ends the header of an enclosed message",
        &multipart("mixed", "x", &[&message("\r\n\r\nA: b"), "\r\n2"]),
        r#"mixed{message/rfc822{text/plain ""} text/plain "2"}"#,
    );
}

#[test]
fn lines_are_counted_in_each_body() {
    let inner = "Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\n1\r\n2";
    let text = multipart("mixed", "x", &["\r\n1\r\n2\r\n", inner]);
    let structure = parse(text.as_bytes());
    let lines: Vec<u32> = structure.parts.iter().map(|part| part.lines).collect();
    // The multipart's body: 5 lines with the first part, 7 with the second, 1 at the end.
    assert_eq!(lines, [13, 2, 3, 1]);
}
