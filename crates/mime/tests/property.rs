//! Properties of any bytes, and of mutated messages: no panic, every range inside, round trips.

use peregrine_mime::{
    Kind, SectionText, Structure, charset_to_utf8, decode_header, header_fields, parse,
    search_text, sent_date,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Pieces that mean something to the parser, to be put together at random.
const PIECES: [&str; 38] = [
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "--a",
    "--a--",
    "--ab",
    "--ab--",
    "\r\n--a\r\n",
    "\r\n--a--\r\n",
    "\r\n--ab\r\n",
    "Content-Type: multipart/mixed; boundary=a\r\n\r\n",
    "Content-Type: multipart/digest; boundary=\"ab\"\r\n\r\n",
    "Content-Type: multipart/mixed; boundary=a\r\n",
    "Content-Type: message/rfc822\r\n\r\n",
    "Content-Type: text/plain; charset=utf-7\r\n",
    "Content-Type: ",
    "multipart/mixed",
    "; boundary*0=a; boundary*1=b",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Disposition: attachment; n*=a''b",
    "To: ",
    "a@b",
    "Ann <a@b>",
    "<@x:",
    "G: ",
    ";",
    ",",
    "\"",
    "\\",
    "(",
    ")",
    "=?utf-8?Q?",
    "=C3=A9?=",
    "Date: 1 Jan 2020 00:00:00 +0000",
    "Subject:",
    " \t",
];

fn message() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => proptest::sample::select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..6),
    ];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn names() -> [&'static [u8]; 2] {
    [b"content-type", b"to"]
}

/// Everything that must hold of any message.
fn check(message: &[u8]) {
    let structure = parse(message);
    assert_eq!(structure.parts[0].header.start, 0);
    assert_eq!(structure.parts[0].body.end as usize, message.len());
    assert_eq!(Structure::from_bytes(&structure.to_bytes()).as_ref(), Some(&structure));
    assert!(structure.to_bytes().len() <= 32 * structure.parts.len() + 8);
    for (index, part) in structure.parts.iter().enumerate() {
        assert_eq!(part.header.end, part.body.start);
        let body = part.body.of(message);
        assert_eq!(body.len() as u32, part.body.len());
        assert_eq!(part.lines as usize, body.iter().filter(|&&b| b == b'\n').count());
        let header = part.header.of(message);
        let fields: usize = header_fields(header).map(|field| field.line.len()).sum();
        assert!(header.len() - fields <= 2, "only the blank line is no field");
        let content = structure.content(message, index as u32);
        let media = content.media_type.to_ascii_lowercase();
        assert_eq!(media == b"multipart", matches!(part.kind, Kind::Multipart { .. }));
        if matches!(part.kind, Kind::Message { .. }) {
            assert_eq!(media, b"message");
        }
        assert!(!content.subtype.is_empty() && !content.encoding.is_empty());
        structure.envelope(message, index as u32);
    }
    check_sections(&structure, message, &mut Vec::new());
    search_text(&structure, message, true, &mut |_| false);
    decode_header(message);
    sent_date(message);
    charset_to_utf8(b"utf-7", message);
}

/// Walks every path that exists; `path` is where it stands.
fn check_sections(structure: &Structure, message: &[u8], path: &mut Vec<u32>) {
    let get = |text| structure.section(message, path, text);
    let names = names();
    let whole = get(SectionText::Whole).expect("the path exists");
    if let Some(header) = get(SectionText::Header) {
        let text = get(SectionText::Text).expect("the path exists");
        assert_eq!([&header[..], &text[..]].concat(), &whole[..]);
        let some = get(SectionText::HeaderFields(&names)).expect("the path exists");
        let others = get(SectionText::HeaderFieldsNot(&names)).expect("the path exists");
        // Both have the blank line, if there is one.
        assert!(some.len() + others.len() >= header.len());
        assert!(some.len() + others.len() <= header.len() + 2);
    }
    assert_eq!(get(SectionText::Mime).is_none(), path.is_empty());
    for number in 1.. {
        path.push(number);
        if structure.find(path).is_none() {
            path.pop();
            break;
        }
        check_sections(structure, message, path);
        path.pop();
    }
}

proptest! {
    #[test]
    fn any_bytes(message in vec(any::<u8>(), 0..400)) {
        check(&message);
    }

    #[test]
    fn any_pieces(message in message()) {
        check(&message);
    }

    #[test]
    fn mutated_messages(
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..12),
    ) {
        let mut message = SEED.as_bytes().to_vec();
        for (index, byte, kind) in changes {
            let at = index.index(message.len());
            match kind {
                0 => message[at] = byte,
                1 => message.insert(at, byte),
                _ => message.truncate(at.max(1)),
            }
        }
        check(&message);
    }

    #[test]
    fn stored_garbage_is_refused_or_proper(bytes in vec(any::<u8>(), 0..80)) {
        proper(&bytes);
    }

    #[test]
    fn stored_trees_with_changes_are_refused_or_proper(
        message in message(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = parse(&message).to_bytes();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        proper(&bytes);
    }
}

/// What `from_bytes` lets through is a tree whose spans lie within the root's.
fn proper(bytes: &[u8]) {
    let Some(structure) = Structure::from_bytes(bytes) else { return };
    let end = structure.parts[0].body.end;
    let mut children = 0;
    for (index, part) in structure.parts.iter().enumerate() {
        assert!(part.header.start <= part.header.end && part.header.end <= part.body.start);
        assert!(part.body.start <= part.body.end && part.body.end <= end);
        match &part.kind {
            Kind::Single => {}
            Kind::Message { child } => {
                assert!(*child as usize > index);
                children += 1;
            }
            Kind::Multipart { children: list } => {
                assert!(!list.is_empty());
                assert!(list[0] as usize > index && list.is_sorted());
                children += list.len();
            }
        }
    }
    assert_eq!(children + 1, structure.parts.len());
    // Of another message, too, nothing is read outside.
    search_text(&structure, b"short", true, &mut |_| false);
    check_sections(&structure, b"", &mut Vec::new());
}

const SEED: &str = "From: \"A, B\" <a@b>\r\nTo: G: c@d, (x) e@f;\r\n\
    Date: Mon, 1 Jan 2024 10:00:00 +0100\r\nSubject: =?utf-8?Q?=C3=A9?=\r\n\
    Content-Type: multipart/mixed;\r\n boundary=\"a\"\r\n\r\npreamble\r\n--a\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    aGVsbG8=\r\n--a\r\nContent-Type: multipart/digest; boundary=ab\r\n\r\n--ab\r\n\r\n\
    Subject: inner\r\n\r\ntext\r\n--ab--\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n\
    Subject: x\r\n\r\nbody\r\n--a--\r\nepilogue\r\n";
