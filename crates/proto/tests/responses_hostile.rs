//! Responses that mean harm, and values that would break the grammar.

// What a test's own functions are given is known; clippy excepts only the tests themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use peregrine_proto::number::Number;
use peregrine_proto::response::fetch::{
    BodyStructure, PartDetail, SinglePart, SinglePartExtension, body_structure,
};
use peregrine_proto::response::{
    Address, Code, Envelope, FetchData, Response, ResponseFramer, ResponseLimits, ResponseText,
    Status,
};
use peregrine_proto::{SequenceNumber, Uid};
use proptest::prelude::*;

fn written(response: &Response) -> Vec<u8> {
    let mut out = Vec::new();
    response.write(&mut out);
    out
}

fn fetch(data: FetchData) -> Response {
    Response::Fetch { number: SequenceNumber::new(1).unwrap(), data: vec![data] }
}

/// Writes, cuts and reads the response: it must be one, of legal octets, and of the grammar.
fn passed_on(response: &Response) -> Response {
    let wire = written(response);
    assert!(!wire.contains(&0), "NUL is never sent (RFC 3501 §9, note 3)");
    let mut framer = ResponseFramer::new(ResponseLimits::default());
    framer.push(&wire);
    let line = framer.next_response().unwrap().expect("a whole response");
    assert_eq!(framer.buffered(), 0, "one response became more: {}", wire.escape_ascii());
    Response::parse(&line).unwrap_or_else(|error| panic!("{error}: {}", wire.escape_ascii()))
}

fn part(value: &Bytes) -> SinglePart {
    let some = || Some(value.clone());
    let parameters = || vec![(value.clone(), value.clone())];
    SinglePart {
        media_type: value.clone(),
        subtype: value.clone(),
        parameters: parameters(),
        id: some(),
        description: some(),
        encoding: value.clone(),
        octets: 1,
        detail: PartDetail::Basic,
        extension: Some(SinglePartExtension {
            md5: some(),
            disposition: Some((value.clone(), parameters())),
            languages: vec![value.clone()],
            location: some(),
        }),
    }
}

fn envelope(value: &Bytes) -> Envelope {
    let some = || Some(value.clone());
    let address = Address { name: some(), route: some(), mailbox: some(), host: some() };
    let list = || vec![address.clone(), Address::default()];
    Envelope {
        date: some(),
        subject: some(),
        from: list(),
        sender: list(),
        reply_to: list(),
        to: list(),
        cc: list(),
        bcc: list(),
        in_reply_to: some(),
        message_id: some(),
    }
}

fn without_nul(value: &[u8]) -> Bytes {
    value.iter().copied().filter(|octet| *octet != 0).collect::<Vec<u8>>().into()
}

/// Hostile row T31: header values and file names hold anything, and the grammar holds all the same.
fn check_value(value: &[u8]) {
    let value = Bytes::copy_from_slice(value);
    let clean = without_nul(&value);
    let sent = fetch(FetchData::Envelope(Box::new(envelope(&value))));
    assert_eq!(passed_on(&sent), fetch(FetchData::Envelope(Box::new(envelope(&clean)))));

    let body = |value| BodyStructure::Single(Box::new(part(value)));
    let mut expected = part(&clean);
    if value.is_empty() {
        expected.encoding = "7BIT".into();
    }
    let sent = fetch(FetchData::BodyStructure(Box::new(body(&value))));
    // What is TEXT by its name would need lines too; that pair is the caller's to keep.
    if !value.eq_ignore_ascii_case(b"TEXT") {
        let expected = BodyStructure::Single(Box::new(expected));
        assert_eq!(passed_on(&sent), fetch(FetchData::BodyStructure(Box::new(expected))));
    }
}

#[test]
fn any_octets_in_values() {
    let all: Vec<u8> = (0..=255).collect();
    let long = vec![b'a'; 5000];
    let values: [&[u8]; 14] = [
        b"",
        b"NIL",
        b"a\r\nb",
        b"\r",
        b"\n",
        b"\0",
        b"a\0b",
        b"\"",
        b"\\",
        b"a\"b\\c",
        b"caf\xc3\xa9\xff",
        b"{5}\r\nhello",
        &all,
        &long,
    ];
    for value in values {
        check_value(value);
    }
}

/// RFC 3501 §9: empty lists, encodings and multiparts do not exist on the wire, and §7.4.2: From,
/// Sender and Reply-To are never NIL.
#[test]
fn what_must_not_be_empty() {
    let empty = SinglePart { encoding: Bytes::new(), ..part(&Bytes::from_static(b"x")) };
    let wire = written(&fetch(FetchData::Body(Box::new(BodyStructure::Single(Box::new(empty))))));
    assert!(wire.windows(8).any(|window| window == b" \"7BIT\" "));

    let multipart =
        BodyStructure::Multipart { parts: vec![], subtype: "mixed".into(), extension: None };
    let Response::Fetch { data, .. } = passed_on(&fetch(FetchData::Body(Box::new(multipart))))
    else {
        panic!("not a FETCH")
    };
    let [FetchData::Body(body)] = &data[..] else { panic!("not a BODY") };
    assert!(matches!(&**body, BodyStructure::Multipart { parts, .. } if parts.len() == 1));

    let wire = written(&fetch(FetchData::Envelope(Box::default())));
    let expected = concat!(
        "* 1 FETCH (ENVELOPE (NIL NIL ((NIL NIL \"\" \"\")) ((NIL NIL \"\" \"\")) ",
        "((NIL NIL \"\" \"\")) NIL NIL NIL NIL NIL))\r\n",
    );
    assert_eq!(String::from_utf8_lossy(&wire), expected);

    let from = vec![Address { mailbox: Some("a".into()), ..Address::default() }];
    let sent = Envelope { from: from.clone(), ..Envelope::default() };
    let expected = Envelope { sender: from.clone(), reply_to: from.clone(), ..sent.clone() };
    assert_eq!(
        passed_on(&fetch(FetchData::Envelope(Box::new(sent)))),
        fetch(FetchData::Envelope(Box::new(expected))),
    );
}

/// Words for a person often repeat what a client sent: they must not end the line, begin another
/// response or look like a code.
#[test]
fn words_cannot_break_out() {
    let cases = [
        ("", "."),
        ("a\r\n* BYE now", "a  * BYE now"),
        ("nul \0", "nul  "),
        ("Entwürfe", "Entw?rfe"),
        ("[UIDNEXT 5] x", "(UIDNEXT 5] x"),
        ("no such mailbox {5}", "no such mailbox {5}"),
    ];
    for (text, expected) in cases {
        let condition = |text: &str| Response::Condition {
            status: Status::No,
            text: ResponseText::new(text.to_owned()),
        };
        assert_eq!(passed_on(&condition(text)), condition(expected), "{text:?}");
    }
    let code = Code::Other("X".into(), Some("a]\r\nb".into()));
    let wire = written(&Response::Bye(ResponseText::with_code(code, "bye")));
    assert_eq!(String::from_utf8_lossy(&wire), "* BYE [X a?  b] bye\r\n");
    let wire = written(&Response::Continuation("a\r\n* OK x".into()));
    assert_eq!(wire, b"+ a  * OK x\r\n");
}

/// A body's length is what clients ask further pieces by, so NUL is replaced and not left out.
#[test]
fn nul_in_a_body_keeps_its_length() {
    let sent = fetch(FetchData::Rfc822(Some("a\0b".into())));
    assert_eq!(written(&sent), b"* 1 FETCH (RFC822 {3}\r\na\x80b)\r\n");
}

/// Hostile row C10, and the same for what servers write.
#[test]
fn depth_is_bounded() {
    let limit = body_structure::DEPTH_MAX;
    let leaf = "\"IMAGE\" \"PNG\" NIL NIL NIL \"7BIT\" 1";
    let nested = |depth: usize| {
        let inner = format!("({leaf})");
        let body = (1..depth).fold(inner, |inner, _| format!("({inner} \"MIXED\")"));
        Bytes::from(format!("* 1 FETCH (BODY {body})"))
    };
    assert!(Response::parse(&nested(limit)).is_ok());
    let error = Response::parse(&nested(limit + 1)).unwrap_err();
    assert!(error.message.contains("levels"), "{error}");

    let open = "(".repeat(100_000);
    for item in ["BODY ", "BODYSTRUCTURE ", "ENVELOPE ", "FLAGS ", ""] {
        let source = Bytes::from(format!("* 1 FETCH ({item}{open}"));
        assert!(Response::parse(&source).is_err(), "{item}");
    }
    let extension = format!("* 1 FETCH (BODYSTRUCTURE ({leaf} NIL NIL NIL NIL {open}NIL");
    let closed = extension.clone() + &")".repeat(100_002);
    assert!(Response::parse(&Bytes::from(extension)).is_err());
    assert!(Response::parse(&Bytes::from(closed)).is_ok(), "passed over without recursion");

    let single = || BodyStructure::Single(Box::new(part(&"x".into())));
    let deep = (0..limit + 5).fold(single(), |body, _| BodyStructure::Multipart {
        parts: vec![body],
        subtype: "mixed".into(),
        extension: None,
    });
    passed_on(&fetch(FetchData::Body(Box::new(deep))));
}

/// Hostile row C08: ranges are kept as ranges; expanding one would take 16 GiB.
#[test]
fn ranges_are_never_expanded() {
    let source = "* OK [COPYUID 1 1:4294967295 4294967295:1] done";
    let Ok(Response::Condition { text, .. }) = Response::parse(&source.into()) else {
        panic!("not read")
    };
    assert!(matches!(text.code, Some(Code::CopyUid { source, .. }) if source.ranges.len() == 1));
}

/// Hostile row C14, and codes whose arguments make no sense: nobody may act on them, and the
/// response stands.
#[test]
fn senseless_codes_are_other_codes() {
    let arguments = [
        ("COPYUID", "1 1:3 4:5"),
        ("COPYUID", "1 1:* 1:*"),
        ("COPYUID", "0 1 1"),
        ("COPYUID", "1 1,1 4"),
        ("APPENDUID", "1 *"),
        ("APPENDUID", "1"),
        ("UIDNEXT", "0"),
        ("UNSEEN", "0"),
        ("UIDVALIDITY", "4294967296"),
        ("HIGHESTMODSEQ", "0"),
        ("HIGHESTMODSEQ", "9223372036854775808"),
        ("PERMANENTFLAGS", "\\Seen"),
    ];
    for (name, argument) in arguments {
        let source = Bytes::from(format!("* OK [{name} {argument}] done"));
        let code = Code::Other(name.into(), Some(argument.into()));
        let text = ResponseText::with_code(code, "done");
        assert_eq!(Response::parse(&source), Ok(Response::Condition { status: Status::Ok, text }));
    }
    assert_eq!(Uid::new(0), None);
}

/// Hostile row C09: a quadratic reader does not finish this within any patience.
#[test]
fn many_of_anything_take_linear_time() {
    let many = 200_000;
    let sources = [
        format!("* 1 FETCH (BODY[HEADER.FIELDS ({})] NIL)", "{1}\r\nx ".repeat(100)),
        format!("* 1 FETCH ({}UID 1)", "BODY[] {1}\r\nx ".repeat(many)),
        format!("* 1 FETCH (FLAGS ({}a))", "\\Seen ".repeat(many)),
        format!("* ID ({}\"a\" NIL)", "\"a\" \"\\\"\" ".repeat(many)),
        format!("* SEARCH{}", " 4294967295".repeat(many)),
        format!("* OK [COPYUID 1 {}1 {}1] x", "1:9,".repeat(many), "9:1,".repeat(many)),
        format!("* OK [{}", "[".repeat(many)),
        format!("* 1 FETCH (ENVELOPE (\"{}", "\\\"".repeat(many)),
    ];
    for source in sources {
        let _ = Response::parse(&Bytes::from(source));
    }
}

proptest! {
    #[test]
    fn any_value_is_passed_on(value in proptest::collection::vec(any::<u8>(), 0..40)) {
        check_value(&value);
    }

    #[test]
    fn garbage_never_panics(source in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Response::parse(&Bytes::from(source));
    }
}
