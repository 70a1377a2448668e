//! Mailbox names in commands and responses: their one form, and both encodings (RFC 9051 §5.1).

// What a test's own functions are given is known; clippy excepts only the tests themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use peregrine_proto::command::CommandBody;
use peregrine_proto::{Command, Encoding, Frame, MailboxName, ParseError, Response};

/// The name in a SELECT.
#[expect(clippy::result_large_err, reason = "a command is larger still")]
fn selected(wire: &[u8], encoding: Encoding) -> Result<MailboxName, ParseError> {
    let frame = Frame::new([b"a SELECT ", wire].concat().into());
    match Command::parse_in(&frame, encoding)?.body {
        CommandBody::Select(select) => Ok(select.mailbox),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_name_means_depends_on_what_is_enabled() {
    for (wire, seven_bit, utf8) in [
        ("\"Entw&APw-rfe\"", Some("Entwürfe"), Some("Entw&APw-rfe")),
        ("\"Entwürfe\"", Some("Entwürfe"), Some("Entwürfe")),
        ("{9+}\r\nEntwürfe", Some("Entwürfe"), Some("Entwürfe")),
        ("A&B", None, Some("A&B")),
        ("&-", Some("&"), Some("&-")),
        ("iNBox/ä", None, None),
        ("\"iNBox/ä\"", Some("INBOX/ä"), Some("INBOX/ä")),
    ] {
        let name = |encoding| selected(wire.as_bytes(), encoding).ok();
        let text = |name: Option<MailboxName>| name.map(|name| name.as_str().to_owned());
        assert_eq!(text(name(Encoding::SevenBit)).as_deref(), seven_bit, "{wire}");
        assert_eq!(text(name(Encoding::Utf8)).as_deref(), utf8, "{wire}");
    }
}

/// RFC 9051 §5.1: what was created with a name that is not in Normalization Form C must be opened by
/// it, and by the composed one.
#[test]
fn names_are_composed_in_commands() {
    let apart = selected("\"Gru\u{308}n/a\"".as_bytes(), Encoding::Utf8).unwrap();
    let composed = selected("\"Grün/a\"".as_bytes(), Encoding::Utf8).unwrap();
    assert_eq!(apart, composed);
    assert_eq!((apart.as_str(), apart.sent()), ("Grün/a", Some("Gru\u{308}n/a")));
    assert_eq!((composed.sent(), apart.parent().unwrap().sent()), (None, None));
    let seven_bit = selected(b"\"Gru&Awg-n/a\"", Encoding::SevenBit).unwrap();
    assert_eq!((seven_bit.as_str(), seven_bit.sent()), ("Grün/a", apart.sent()));
}

/// Another server may keep both: what it tells must come back to it as it was.
#[test]
fn names_in_responses_stay_as_they_are() {
    let line = "* LIST () \"/\" \"Gru\u{308}n\"\r\n";
    let Ok(Response::List(data)) = Response::parse_in(&line.into(), Encoding::Utf8) else {
        panic!("not read");
    };
    assert_eq!(data.mailbox.as_str(), "Gru\u{308}n");
    let mut out = Vec::new();
    Response::List(data).write_in(&mut out, Encoding::Utf8);
    assert_eq!(out, line.as_bytes());
}

/// RFC 6855 §3: no control characters, line or paragraph separators; nothing that is not UTF-8.
#[test]
fn names_that_are_refused() {
    for wire in [
        &b"\"a\xc2\x85b\""[..],
        b"\"a\x7f\"",
        b"\"a\xe2\x80\xa8b\"",
        b"\"a\xe2\x80\xa9b\"",
        b"\"\xff\"",
        b"\"\xc3\"",
        b"\"\xed\xa0\x80\"",
        b"{1+}\r\n\xff",
        "ä".as_bytes(),
    ] {
        for encoding in [Encoding::SevenBit, Encoding::Utf8] {
            assert!(selected(wire, encoding).is_err(), "{}", wire.escape_ascii());
        }
    }
}
