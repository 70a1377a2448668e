//! Messages made to hurt, each test named for the row of the attack checklist that it answers:
//! limits at n-1, n and n+1, and whatever once broke a mail server's MIME reader.

use peregrine_mime::limits::{
    MAX_ADDRESSES, MAX_DEPTH, MAX_FIELD, MAX_HEADER, MAX_LANGUAGES, MAX_PARAMETERS, MAX_PARTS,
};
use peregrine_mime::{Kind, Part, SectionText, Span, Structure, decode_header, parse, search_text};

/// Parses, and asks for everything there is to ask.
fn read_all(message: &[u8]) -> Structure {
    let structure = parse(message);
    for index in 0..structure.parts.len() as u32 {
        let content = structure.content(message, index);
        assert!(!content.media_type.is_empty() && !content.subtype.is_empty());
        assert!(!content.encoding.is_empty());
        structure.envelope(message, index);
    }
    search_text(&structure, message, true, &mut |_| false);
    assert_eq!(Structure::from_bytes(&structure.to_bytes()).as_ref(), Some(&structure));
    structure
}

/// The levels of the tree.
fn depth(structure: &Structure) -> usize {
    let mut depths = vec![1; structure.parts.len()];
    for (index, part) in structure.parts.iter().enumerate() {
        let children = match &part.kind {
            Kind::Single => &[][..],
            Kind::Multipart { children } => children,
            Kind::Message { child } => std::slice::from_ref(child),
        };
        for &child in children {
            assert!(child as usize > index);
            depths[child as usize] = depths[index] + 1;
        }
    }
    depths.into_iter().max().unwrap_or_default()
}

#[test]
fn t31_control_characters_and_8_bit_come_through_as_they_are() {
    let odd = b"a\0b\rc\"d\\e\xff";
    let message = [
        b"Subject: ",
        &odd[..],
        b"\r\nFrom: ",
        odd,
        b" <\0\xff@\r\0>\r\nContent-Type: image/p\xffng; name=",
        odd,
        b"\r\nContent-Description: ",
        odd,
        b"\r\n\r\n\0",
    ]
    .concat();
    let structure = read_all(&message);
    let envelope = structure.envelope(&message, 0);
    assert_eq!(envelope.subject.as_deref(), Some(&odd[..]));
    assert_eq!(envelope.from[0].mailbox.as_deref(), Some(&b"\0\xff"[..]));
    let content = structure.content(&message, 0);
    assert_eq!(content.description.as_deref(), Some(&odd[..]));
    assert_eq!(content.parameter(b"name"), Some(&odd[..]));
    let body = structure.section(&message, &[1], SectionText::Whole);
    assert_eq!(body.as_deref(), Some(&b"\0"[..]));
}

#[test]
fn t32_depth_is_bounded() {
    let multiparts = |levels: usize| {
        let mut text = String::new();
        for level in 0..levels {
            text += &format!(
                "Content-Type: multipart/mixed; boundary=b{level}.\r\n\r\n--b{level}.\r\n"
            );
        }
        text + "\r\nthe end\r\n"
    };
    let messages =
        |levels: usize| "Content-Type: message/rfc822\r\n\r\n".repeat(levels) + "\r\nthe end\r\n";
    for levels in [MAX_DEPTH - 2, MAX_DEPTH - 1, MAX_DEPTH, 10_000] {
        for message in [multiparts(levels), messages(levels)] {
            let structure = read_all(message.as_bytes());
            assert_eq!(depth(&structure), (levels + 1).min(MAX_DEPTH), "{levels}");
            assert_eq!(structure.truncated, levels >= MAX_DEPTH, "{levels}");
            // The innermost part holds all that lies deeper.
            let last = structure.parts.last().unwrap();
            assert!(last.body.of(message.as_bytes()).ends_with(b"the end\r\n"));
            let path = vec![1; MAX_DEPTH - 2];
            assert!(structure.find(&path).is_some());
            assert_eq!(structure.find(&[1; 10_000]), None);
        }
    }
}

#[test]
fn t33_parts_are_bounded() {
    let ends = [
        ("--x\r\n\r\nlast\r\n", 1),
        ("--x\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\nlast\r\n", 2),
        (
            "--x\r\nContent-Type: multipart/digest; boundary=y\r\n\r\n--y\r\n\r\nA: b\r\n\r\nlast\r\n--y--\r\n",
            3,
        ),
    ];
    for (end, added) in ends {
        for total in MAX_PARTS - 1..=MAX_PARTS + 3 {
            let message = "Content-Type: multipart/mixed; boundary=x\r\n\r\n".to_owned()
                + &"--x\r\n\r\np\r\n".repeat(total - 1 - added)
                + end
                + "--x--\r\nepilogue";
            let structure = read_all(message.as_bytes());
            assert_eq!(structure.parts.len(), total.min(MAX_PARTS), "{total} {added}");
            assert_eq!(structure.truncated, total > MAX_PARTS, "{total} {added}");
            // What did not become a part is in the body of the last one.
            let last = structure.parts.last().unwrap().body.of(message.as_bytes());
            assert!(last.ends_with(b"last") || last.ends_with(b"--y--"), "{total} {added}");
            assert_eq!(structure, parse(message.as_bytes()));
        }
    }
}

#[test]
fn t34_the_stored_tree_cannot_have_a_cycle() {
    let message = b"Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n\r\n";
    let mut structure = read_all(message);
    assert_eq!(structure.parts.len(), 3);
    structure.parts[1].kind = Kind::Message { child: 0 };
    assert_eq!(Structure::from_bytes(&structure.to_bytes()), None);
    structure.parts[1].kind = Kind::Message { child: 1 };
    assert_eq!(Structure::from_bytes(&structure.to_bytes()), None);
    // The root its own child.
    let mut alone = parse(b"");
    alone.parts[0].kind = Kind::Message { child: 0 };
    assert_eq!(Structure::from_bytes(&alone.to_bytes()), None);
    // Two parents for one part.
    structure.parts[0].kind = Kind::Multipart { children: vec![1, 2] };
    structure.parts[1].kind = Kind::Message { child: 2 };
    assert_eq!(Structure::from_bytes(&structure.to_bytes()), None);
    // The same child twice, and a part without a parent.
    structure.parts[0].kind = Kind::Message { child: 1 };
    structure.parts[1].kind = Kind::Multipart { children: vec![2, 2] };
    assert_eq!(Structure::from_bytes(&structure.to_bytes()), None);
    structure.parts[1].kind = Kind::Single;
    assert_eq!(Structure::from_bytes(&structure.to_bytes()), None);
    // Deeper than the limit.
    for levels in [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1] {
        let part = |index: u32| Part {
            header: Span::default(),
            body: Span::default(),
            kind: Kind::Message { child: index + 1 },
            lines: 0,
        };
        let mut parts: Vec<Part> = (0..levels as u32).map(part).collect();
        parts[levels - 1].kind = Kind::Single;
        let deep = Structure { parts, truncated: false };
        assert_eq!(Structure::from_bytes(&deep.to_bytes()).is_some(), levels <= MAX_DEPTH);
    }
    // A child outside its parent's body.
    let mut structure = parse(message);
    structure.parts[1].body.end += 1;
    assert_eq!(Structure::from_bytes(&structure.to_bytes()), None);
    // Even of one that was made by hand, a path is walked only as far as it is long.
    structure.parts[1].kind = Kind::Message { child: 0 };
    structure.find(&[1; MAX_DEPTH]);
}

#[test]
fn t35_addresses_are_bounded_and_marked() {
    for count in [MAX_ADDRESSES - 1, MAX_ADDRESSES, MAX_ADDRESSES + 1, 1_000_000] {
        let message = format!("To: {}\r\n\r\n", "a@b,".repeat(count.min(MAX_FIELD / 4 + 1)));
        let envelope = parse(message.as_bytes()).envelope(message.as_bytes(), 0);
        assert_eq!(envelope.to.len(), count.min(MAX_ADDRESSES));
        assert_eq!(envelope.truncated, count > MAX_ADDRESSES, "{count}");
    }
    // Cut inside a group: the group is still ended, within the limit.
    for inside in MAX_ADDRESSES - 3..=MAX_ADDRESSES {
        let message = format!("To: G: {};\r\n\r\n", "a@b,".repeat(inside));
        let envelope = parse(message.as_bytes()).envelope(message.as_bytes(), 0);
        assert_eq!(envelope.to.len(), (inside + 2).min(MAX_ADDRESSES));
        assert_eq!(envelope.to.last().unwrap().mailbox, None);
        assert_eq!(envelope.truncated, inside + 2 > MAX_ADDRESSES);
    }
    let empty_group = b"To: ;:,\r\n\r\n";
    let groups = parse(empty_group).envelope(empty_group, 0).to;
    assert_eq!(groups.iter().filter(|address| address.mailbox.is_some()).count(), 1);
    assert_eq!(groups.len(), 2);
}

#[test]
fn t35_header_sizes_are_bounded_and_marked() {
    for len in [MAX_FIELD - 1, MAX_FIELD, MAX_FIELD + 1] {
        let value = "x".repeat(len);
        let message = format!("Subject:{value}\r\nContent-ID:{value}\r\n\r\n");
        let structure = parse(message.as_bytes());
        let envelope = structure.envelope(message.as_bytes(), 0);
        assert_eq!(envelope.subject.map(|subject| subject.len()), Some(len.min(MAX_FIELD)));
        assert_eq!(envelope.truncated, len > MAX_FIELD);
        assert_eq!(structure.content(message.as_bytes(), 0).truncated, len > MAX_FIELD);
        // The bytes themselves are all there.
        let text = SectionText::HeaderFields(&[b"subject"]);
        let field = structure.section(message.as_bytes(), &[], text).unwrap();
        assert_eq!(field.len(), "Subject:\r\n\r\n".len() + len);
    }
    for len in [MAX_HEADER - 1, MAX_HEADER, MAX_HEADER + 1] {
        let line = "Subject: x\r\n\r\n";
        let message = "X: y\r\n".repeat((len - line.len()) / 6)
            + &"z".repeat((len - line.len()) % 6).replace("zzzzz", "X: z\n")
            + line;
        let structure = parse(message.as_bytes());
        assert_eq!(structure.parts[0].header.len() as usize, len);
        assert_eq!(structure.envelope(message.as_bytes(), 0).truncated, len > MAX_HEADER);
        assert_eq!(structure.content(message.as_bytes(), 0).truncated, len > MAX_HEADER);
    }
    let million = "A:\n".repeat(1_000_000) + "\n";
    read_all(million.as_bytes());
}

#[test]
fn t36_parameters_are_bounded_and_marked() {
    for count in [MAX_PARAMETERS - 1, MAX_PARAMETERS, MAX_PARAMETERS + 1, 100_000] {
        let plain: String = (0..count).map(|n| format!("; p{n}=v")).collect();
        let sections: String = (0..count).map(|n| format!(";n*{n}=v")).collect();
        let header =
            |list: &str| format!("Content-Type: a/b{list}\r\nContent-Disposition: c{list}\r\n\r\n");
        let message = header(&plain);
        let content = parse(message.as_bytes()).content(message.as_bytes(), 0);
        assert_eq!(content.parameters.len(), count.min(MAX_PARAMETERS));
        assert_eq!(content.disposition.unwrap().1.len(), count.min(MAX_PARAMETERS));
        assert_eq!(content.truncated, count > MAX_PARAMETERS);
        let message = header(&sections);
        let content = parse(message.as_bytes()).content(message.as_bytes(), 0);
        assert_eq!(content.parameter(b"n").unwrap().len(), count.min(MAX_PARAMETERS));
        assert_eq!(content.truncated, count > MAX_PARAMETERS);
    }
    for count in [MAX_LANGUAGES - 1, MAX_LANGUAGES, MAX_LANGUAGES + 1] {
        let message = format!("Content-Language: {}\r\n\r\n", "de,".repeat(count));
        let content = parse(message.as_bytes()).content(message.as_bytes(), 0);
        assert_eq!(content.languages.len(), count.min(MAX_LANGUAGES));
        assert_eq!(content.truncated, count > MAX_LANGUAGES);
    }
    // Encoded words are decoded once, not again in what they decode to.
    assert_eq!(decode_header(b"=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?="), "=?utf-8?Q?a?=");
}

#[test]
fn t37_comments_and_quotes_without_an_end() {
    let deep = "(".repeat(10_000);
    let endings =
        ["(\\", "(a\\", "(", "\"", "\"\\", "\\", "<", "<@", "[", "@[", &deep, "(\"", "\"("];
    for ending in endings {
        for name in
            ["To", "From", "Date", "Content-Type", "Content-Disposition", "Content-Language"]
        {
            for before in ["", "a@b", "Ann <a@b>", "text/plain; a=", "multipart/mixed; boundary="] {
                for after in ["", "\r\n", "\r\n\r\n", "\r\n\r\nbody"] {
                    read_all(format!("{name}: {before}{ending}{after}").as_bytes());
                }
            }
        }
    }
    let balanced = format!("To: {deep}x{} a@b\r\n\r\n", ")".repeat(10_000));
    let envelope = parse(balanced.as_bytes()).envelope(balanced.as_bytes(), 0);
    assert_eq!(envelope.to[0].mailbox.as_deref(), Some(&b"a"[..]));
    let unbalanced = format!("To: a@b, {deep}, c@d\r\n\r\n");
    let envelope = parse(unbalanced.as_bytes()).envelope(unbalanced.as_bytes(), 0);
    assert_eq!(envelope.to.len(), 1);
}

#[test]
fn t37_repeated_openings_take_linear_time() {
    // Quadratic time over half a megabyte would take minutes.
    let openings =
        ["<@,", "\"", "(", "[", "@[", "=?", "=?a?q? ", "<", "a:;", "\\", "(a\\", "=", ";*0"];
    for opening in openings {
        let text = opening.repeat((1 << 19) / opening.len());
        for name in ["To", "Subject", "Date", "Content-Type: text/plain;", "Content-Language"] {
            read_all(format!("{name}: {text}\r\n\r\n").as_bytes());
        }
        let coding = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
        read_all(format!("{coding}{text}").as_bytes());
    }
    // Behind an address, where a backslash quotes nothing.
    read_all(format!("To: <a@b>\"{}\r\n\r\n", "\\\"".repeat(1 << 18)).as_bytes());
}

#[test]
fn t38_references_are_only_text() {
    // Threading is not done here; a header of 100,000 references is one field like another.
    let message = format!("References: {}\r\nSubject: x\r\n\r\n", "<a@b>\r\n ".repeat(100_000));
    let structure = read_all(message.as_bytes());
    let envelope = structure.envelope(message.as_bytes(), 0);
    assert_eq!(envelope.subject.as_deref(), Some(&b"x"[..]));
}

#[test]
fn boundary_lines_take_bounded_time() {
    // As many open boundaries as there can be, all tried by each of a million lines.
    let mut message = String::new();
    for level in 0..MAX_DEPTH {
        message += &format!("Content-Type: multipart/mixed; boundary=same{level:03}\r\n\r\n");
        message += &format!("--same{level:03}\r\n");
    }
    message += &"--same\n".repeat(1_000_000);
    let structure = read_all(message.as_bytes());
    assert_eq!(structure.parts.len(), MAX_DEPTH);
    // A header of boundary-like lines behind a long boundary.
    let long = "x".repeat(1 << 19);
    let message =
        format!("Content-Type: multipart/mixed; boundary={long}\r\n{}", "--\n".repeat(1 << 19));
    read_all(message.as_bytes());
}
