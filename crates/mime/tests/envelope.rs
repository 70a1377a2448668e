//! ENVELOPE and its addresses: hand-checked headers.

use peregrine_mime::{Address, parse};

/// An address in one word: `name|route|mailbox|host`, `-` for what is missing.
fn word(address: &Address<'_>) -> String {
    let parts = [&address.name, &address.route, &address.mailbox, &address.host];
    let text = |part: &Option<std::borrow::Cow<'_, [u8]>>| {
        part.as_deref().map_or("-".into(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    parts.map(text).join("|")
}

fn to(value: &str) -> Vec<String> {
    let message = format!("To: {value}\r\n\r\n");
    parse(message.as_bytes()).envelope(message.as_bytes(), 0).to.iter().map(word).collect()
}

#[test]
fn addresses() {
    let rows: [(&str, &[&str]); 43] = [
        ("a@b", &["-|-|a|b"]),
        ("a@b, c@d", &["-|-|a|b", "-|-|c|d"]),
        ("<a@b>", &["-|-|a|b"]),
        ("Ann <a@b>", &["Ann|-|a|b"]),
        ("Ann Mary  Lee\t<a@b>", &["Ann Mary Lee|-|a|b"]),
        ("John Q. Public <a@b>", &["John Q. Public|-|a|b"]),
        (r#""Ann, the \"one\"" <a@b>"#, &[r#"Ann, the "one"|-|a|b"#]),
        (r#""Ann" Lee <a@b>"#, &["Ann Lee|-|a|b"]),
        ("Ann\r\n Lee\r\n\t<a@b>", &["Ann Lee|-|a|b"]),
        ("\"Ann\r\n Lee\" <a@b>", &["Ann Lee|-|a|b"]),
        ("=?utf-8?Q?J=C3=BCrgen?= <j@b>", &["=?utf-8?Q?J=C3=BCrgen?=|-|j|b"]),
        ("Jürgen <j@b>", &["Jürgen|-|j|b"]),
        // A comment may be the name, as older mailers write it, and only where there is none.
        ("a@b (Ann)", &["Ann|-|a|b"]),
        ("<a@b> (Ann)", &["Ann|-|a|b"]),
        ("Ann <a@b> (Lee)", &["Ann|-|a|b"]),
        ("Ann (x) Lee <a@b>", &["Ann Lee|-|a|b"]),
        (r"a@b (Ann (the \) one))", &["Ann (the ) one)|-|a|b"]),
        ("(before) a@b", &["before|-|a|b"]),
        ("a(c)@(d)b(e)", &["e|-|a|b"]),
        // Groups (RFC 5322 §3.4).
        ("Friends: a@b, Ann <c@d>;", &["-|-|Friends|-", "-|-|a|b", "Ann|-|c|d", "-|-|-|-"]),
        ("undisclosed-recipients:;", &["-|-|undisclosed-recipients|-", "-|-|-|-"]),
        ("x@y, G:;, a@b", &["-|-|x|y", "-|-|G|-", "-|-|-|-", "-|-|a|b"]),
        (r#""My Group": a@b;"#, &["-|-|My Group|-", "-|-|a|b", "-|-|-|-"]),
        ("G: a@b", &["-|-|G|-", "-|-|a|b", "-|-|-|-"]),
        ("G: a@b, H: c@d;", &["-|-|G|-", "-|-|a|b", "-|-|-|-", "-|-|H|-", "-|-|c|d", "-|-|-|-"]),
        ("; a@b ;", &["-|-|a|b"]),
        // Obsolete syntax (RFC 5322 §4.4): routes, blanks around dots, empty members.
        ("Ann <@x,@y.z:a@b>", &["Ann|@x,@y.z|a|b"]),
        ("<@x : a@b>", &["-|@x|a|b"]),
        ("a . b @ c . d", &["-|-|a.b|c.d"]),
        (", a@b,, c@d,", &["-|-|a|b", "-|-|c|d"]),
        (r#""a b"@c"#, &["-|-|a b|c"]),
        (r#"<"a@b"@c>"#, &["-|-|a@b|c"]),
        ("a@[192.0.2.1]", &["-|-|a|[192.0.2.1]"]),
        ("a@[IPv6:2001:db8::1], c@d", &["-|-|a|[IPv6:2001:db8::1]", "-|-|c|d"]),
        // No address at all, which must not look like a group (RFC 3501 §7.4.2).
        ("root", &["-|-|root|"]),
        ("<root>", &["-|-|root|"]),
        ("recipient list", &["-|-|recipient list|"]),
        ("<>", &["-|-||"]),
        ("", &[]),
        (" (only a comment) ", &[]),
        // Broken in ways that occur.
        ("a@b <c@d>", &["a@b|-|c|d"]),
        (r#""Ann <a@b>, c@d"#, &["Ann|-|a|b", "-|-|c|d"]),
        ("Ann <a@b, c@d", &["Ann|-|a|b", "-|-|c|d"]),
    ];
    for (value, expected) in rows {
        assert_eq!(to(value), expected, "{value:?}");
    }
}

#[test]
fn strings_are_unfolded_and_not_decoded() {
    let message = b"DATE: Mon, 1 Jan 2024\r\n 00:00:00 +0000\r\n\
        Subject : =?utf-8?q?x?=\r\n  second\r\n\tthird \r\n\
        Subject: another\r\n\
        Message-ID:<1@x>\r\n\
        In-Reply-To:\r\n\
        \r\nFrom: body@x\r\n";
    let envelope = parse(message).envelope(message, 0);
    assert_eq!(envelope.date.as_deref(), Some(&b"Mon, 1 Jan 2024 00:00:00 +0000"[..]));
    assert_eq!(envelope.subject.as_deref(), Some(&b"=?utf-8?q?x?=  second\tthird"[..]));
    assert_eq!(envelope.message_id.as_deref(), Some(&b"<1@x>"[..]));
    // RFC 3501 §7.4.2: present but empty is the empty string, absent is NIL.
    assert_eq!(envelope.in_reply_to.as_deref(), Some(&b""[..]));
    assert!(envelope.from.is_empty());
    assert!(!envelope.truncated);
    let empty = parse(b"").envelope(b"", 0);
    assert_eq!((empty.subject, empty.date), (None, None));
}

#[test]
fn sender_and_reply_to_default_to_from() {
    let rows = [
        ("From: a@b\r\n", "a", "a"),
        ("From: a@b\r\nSender: c@d\r\n", "c", "a"),
        ("From: a@b\r\nSender:\r\nReply-To: e@f\r\n", "a", "e"),
    ];
    for (message, sender, reply_to) in rows {
        let structure = parse(message.as_bytes());
        let envelope = structure.envelope(message.as_bytes(), 0);
        assert_eq!(envelope.sender[0].mailbox.as_deref(), Some(sender.as_bytes()), "{message:?}");
        assert_eq!(envelope.reply_to[0].mailbox.as_deref(), Some(reply_to.as_bytes()));
    }
}

#[test]
fn repeated_address_fields_are_put_together() {
    // RFC 5322 §4.5.3: obsolete, but read.
    let message = b"To: a@b\r\nCc: x@y\r\nTO: c@d\r\n\r\n";
    let envelope = parse(message).envelope(message, 0);
    assert_eq!(envelope.to.iter().map(word).collect::<Vec<_>>(), ["-|-|a|b", "-|-|c|d"]);
}

#[test]
fn the_envelope_of_an_enclosed_message() {
    let message = b"Subject: outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n";
    let structure = parse(message);
    let child = structure.find(&[1]).unwrap().message.unwrap();
    assert_eq!(structure.envelope(message, child).subject.as_deref(), Some(&b"inner"[..]));
    assert_eq!(structure.envelope(message, 99).subject, None);
}
