//! FETCH responses: known answers in both directions.

// What a test's own functions are given is known; clippy excepts only the tests themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use peregrine_proto::number::Number;
use peregrine_proto::response::fetch::{
    BodyStructure, FetchWriter, MultipartExtension, PartDetail, SinglePart, SinglePartExtension,
    write_section_head,
};
use peregrine_proto::response::{Address, Envelope, FetchData, Response};
use peregrine_proto::{DateTime, Flag, Section, SectionText, SequenceNumber, Uid};

fn b(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[track_caller]
fn both(items: &str, data: Vec<FetchData>) {
    let source = Bytes::from(format!("* 12 FETCH ({items})\r\n"));
    let response = Response::Fetch { number: SequenceNumber::new(12).unwrap(), data };
    assert_eq!(Response::parse(&source).as_ref(), Ok(&response), "reading {items}");
    let mut out = Vec::new();
    response.write(&mut out);
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&source), "writing");
}

fn address(name: Option<&'static str>, mailbox: &'static str, host: &'static str) -> Address {
    Address { name: name.map(b), route: None, mailbox: Some(b(mailbox)), host: Some(b(host)) }
}

fn text(lines: u64, octets: u64, extension: Option<SinglePartExtension>) -> SinglePart {
    SinglePart {
        media_type: b("TEXT"),
        subtype: b("PLAIN"),
        parameters: vec![(b("CHARSET"), b("US-ASCII"))],
        id: None,
        description: None,
        encoding: b("7BIT"),
        octets,
        detail: PartDetail::Text { lines },
        extension,
    }
}

fn single(part: SinglePart) -> BodyStructure {
    BodyStructure::Single(Box::new(part))
}

/// RFC 3501 §8, all of the long answer.
#[test]
fn the_sample_of_rfc_3501() {
    let from = || vec![address(Some("Terry Gray"), "gray", "cac.washington.edu")];
    let envelope = Envelope {
        date: Some(b("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)")),
        subject: Some(b("IMAP4rev1 WG mtg summary and minutes")),
        from: from(),
        sender: from(),
        reply_to: from(),
        to: vec![address(None, "imap", "cac.washington.edu")],
        cc: vec![
            address(None, "minutes", "CNRI.Reston.VA.US"),
            address(Some("John Klensin"), "KLENSIN", "MIT.EDU"),
        ],
        bcc: vec![],
        in_reply_to: None,
        message_id: Some(b("<B27397-0100000@cac.washington.edu>")),
    };
    both(
        concat!(
            "FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286 ",
            "ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" ",
            "\"IMAP4rev1 WG mtg summary and minutes\" ",
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
            "((NIL NIL \"imap\" \"cac.washington.edu\")) ",
            "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")",
            "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL ",
            "\"<B27397-0100000@cac.washington.edu>\") ",
            "BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92)",
        ),
        vec![
            FetchData::Flags(vec![Flag::Seen]),
            FetchData::InternalDate(DateTime { unix: 837_596_665, offset: -420 }),
            FetchData::Rfc822Size(4286),
            FetchData::Envelope(Box::new(envelope)),
            FetchData::Body(Box::new(single(text(92, 3028, None)))),
        ],
    );
}

/// RFC 3501 §6.4.5, §7.4.2.
#[test]
fn sections() {
    let section = |path: &[u32], text| Section { path: path.iter().copied().collect(), text };
    let data = |section, origin, data: Option<&'static str>| FetchData::Section {
        section,
        origin,
        data: data.map(b),
    };
    both(
        "BODY[] {4}\r\na\r\nb",
        vec![data(section(&[], SectionText::Whole), None, Some("a\r\nb"))],
    );
    both("BODY[]<0> {0}\r\n", vec![data(section(&[], SectionText::Whole), Some(0), Some(""))]);
    // As far as RFC 9051 §9 `partial` can ask.
    let far = i64::MAX as u64;
    let line = format!("BODY[]<{far}> {{0}}\r\n");
    both(&line, vec![data(section(&[], SectionText::Whole), Some(far), Some(""))]);
    both("BODY[2.1] NIL", vec![data(section(&[2, 1], SectionText::Whole), None, None)]);
    both(
        "BODY[1.MIME] {1}\r\nx BODY[TEXT]<5> {2}\r\n)( BODY[HEADER] NIL",
        vec![
            data(section(&[1], SectionText::Mime), None, Some("x")),
            data(section(&[], SectionText::Text), Some(5), Some(")(")),
            data(section(&[], SectionText::Header), None, None),
        ],
    );
    both(
        "BODY[4.2.HEADER.FIELDS (DATE FROM)] {2}\r\n\r\n UID 7",
        vec![
            data(
                section(&[4, 2], SectionText::HeaderFields(vec!["DATE".into(), "FROM".into()])),
                None,
                Some("\r\n"),
            ),
            FetchData::Uid(Uid::new(7).unwrap()),
        ],
    );
    both(
        "RFC822 {1}\r\na RFC822.HEADER {1}\r\nb RFC822.TEXT NIL",
        vec![
            FetchData::Rfc822(Some(b("a"))),
            FetchData::Rfc822Header(Some(b("b"))),
            FetchData::Rfc822Text(None),
        ],
    );
}

/// RFC 3501 §7.4.2: a two part message with a base64-encoded text attachment, and all extension
/// data.
#[test]
fn body_structures() {
    let attachment = SinglePart {
        parameters: vec![(b("CHARSET"), b("US-ASCII")), (b("NAME"), b("cc.diff"))],
        id: Some(b("<960723163407.20117h@cac.washington.edu>")),
        description: Some(b("Compiler diff")),
        encoding: b("BASE64"),
        ..text(73, 4554, None)
    };
    both(
        concat!(
            "BODY ((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 1152 23)",
            "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") ",
            "\"<960723163407.20117h@cac.washington.edu>\" \"Compiler diff\" \"BASE64\" 4554 73) ",
            "\"MIXED\")",
        ),
        vec![FetchData::Body(Box::new(BodyStructure::Multipart {
            parts: vec![single(text(23, 1152, None)), single(attachment)],
            subtype: b("MIXED"),
            extension: None,
        }))],
    );
    let extension = SinglePartExtension {
        md5: Some(b("Q2hlY2s=")),
        disposition: Some((b("attachment"), vec![(b("filename"), b("a \"b\""))])),
        languages: vec![b("en"), b("de")],
        location: Some(b("http://a/")),
    };
    both(
        concat!(
            "BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 2 1 ",
            "\"Q2hlY2s=\" (\"attachment\" (\"filename\" \"a \\\"b\\\"\")) (\"en\" \"de\") ",
            "\"http://a/\") \"ALTERNATIVE\" (\"BOUNDARY\" \"x\") (\"inline\" NIL) NIL NIL)",
        ),
        vec![FetchData::BodyStructure(Box::new(BodyStructure::Multipart {
            parts: vec![single(text(1, 2, Some(extension)))],
            subtype: b("ALTERNATIVE"),
            extension: Some(MultipartExtension {
                parameters: vec![(b("BOUNDARY"), b("x"))],
                disposition: Some((b("inline"), vec![])),
                ..MultipartExtension::default()
            }),
        }))],
    );
}

#[test]
fn enclosed_messages() {
    let someone = || vec![address(None, "a", "b")];
    let envelope =
        Envelope { from: someone(), sender: someone(), reply_to: someone(), ..Envelope::default() };
    let message = SinglePart {
        media_type: b("MESSAGE"),
        subtype: b("RFC822"),
        parameters: vec![],
        detail: PartDetail::Message {
            envelope: Box::new(envelope),
            body: Box::new(single(text(1, 3, None))),
            lines: 7,
        },
        ..text(0, 99, None)
    };
    both(
        concat!(
            "BODY (\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 99 (NIL NIL ((NIL NIL \"a\" \"b\")) ",
            "((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL) ",
            "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3 1) 7)",
        ),
        vec![FetchData::Body(Box::new(single(message)))],
    );
}

/// Extension data may end early, and later revisions may add to it (RFC 3501 §9
/// `body-extension`).
#[test]
fn extension_data_of_any_length() {
    let part = "\"IMAGE\" \"PNG\" NIL NIL NIL \"BASE64\" 5";
    let extensions = [
        "",
        " NIL",
        " NIL NIL",
        " NIL NIL NIL",
        " NIL NIL \"en\"",
        " NIL NIL (\"en\" \"de\") NIL",
        " NIL NIL NIL NIL 5",
        " NIL NIL NIL NIL (1 (NIL \"x\") ((2))) {2}\r\n)) NIL",
    ];
    for extension in extensions {
        let source = format!("* 1 FETCH (BODYSTRUCTURE ({part}{extension}) UID 1)");
        let response = Response::parse(&Bytes::from(source.clone()));
        assert!(response.is_ok(), "{source}: {response:?}");
    }
}

/// What servers write for each message without making a [`FetchData`] of it.
#[test]
fn written_piece_by_piece() {
    let mut out = Vec::new();
    let mut response = FetchWriter::new(&mut out, SequenceNumber::new(3).unwrap());
    response.uid(Uid::new(9).unwrap());
    response.rfc822_size(1 << 33);
    response.item("FLAGS ").extend_from_slice(b"()");
    response.section_head(&Section::default(), None, 5);
    response.out().extend_from_slice(b"hello");
    response.finish();
    let expected = b"* 3 FETCH (UID 9 RFC822.SIZE 8589934592 FLAGS () BODY[] {5}\r\nhello)\r\n";
    assert_eq!(out, expected);
    assert!(Response::parse(&Bytes::from(out)).is_ok());

    let mut head = Vec::new();
    write_section_head(&mut head, &Section::default(), Some(10), 1 << 20);
    assert_eq!(head, b"BODY[]<10> {1048576}\r\n");
}

/// RFC 9586: the UID stands in the number's place.
#[test]
fn by_uid() {
    let line = Bytes::from("* 7 UIDFETCH (UID 7 RFC822.SIZE 3)\r\n");
    let data = vec![FetchData::Uid(Uid::new(7).unwrap()), FetchData::Rfc822Size(3)];
    let response = Response::UidFetch { uid: Uid::new(7).unwrap(), data };
    assert_eq!(Response::parse(&line).as_ref(), Ok(&response));
    let mut out = Vec::new();
    response.write(&mut out);
    assert_eq!(out, line);
}
