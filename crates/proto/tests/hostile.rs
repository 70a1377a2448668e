//! Hostile input, one test for each row of the list that framing or grammar answers; each runs
//! whole and octet by octet.

use bytes::Bytes;
use peregrine_proto::{
    Command, CommandBody, FrameEvent, FrameLimits, Framer, ListPattern, MailboxName, Status,
};

/// What a server would say to this input: `tag NAME` for a command that can be run, else
/// `tag BAD`, `tag NO`, `* BAD`, `+` and `BYE`.
#[track_caller]
fn answers(limits: FrameLimits, input: impl AsRef<[u8]>) -> Vec<String> {
    let input = input.as_ref();
    let whole = answers_to(limits, &[input]);
    let octets: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(answers_to(limits, &octets), whole, "cut into octets");
    whole
}

fn answers_to(limits: FrameLimits, pieces: &[&[u8]]) -> Vec<String> {
    let mut framer = Framer::new(limits);
    let mut answers = Vec::new();
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece));
        while let Some(event) = framer.next() {
            answers.extend(answer(event));
        }
    }
    answers
}

fn answer(event: FrameEvent) -> Option<String> {
    let tagged = |tag: Option<&str>, status: &str| Some(format!("{} {status}", tag.unwrap_or("*")));
    match event {
        FrameEvent::Frame(frame) => match Command::parse(&frame) {
            Ok(command) => tagged(Some(command.tag.as_str()), command.body.name()),
            Err(error) => {
                assert!(!error.message.contains(char::is_control), "{}", error.message);
                tagged(error.tag.as_ref().map(|tag| tag.as_str()), "BAD")
            }
        },
        FrameEvent::Refused { tag, error } => {
            let status = if error.status() == Status::No { "NO" } else { "BAD" };
            tagged(tag.as_ref().map(|tag| tag.as_str()), status)
        }
        FrameEvent::Continue => Some("+".into()),
        FrameEvent::Fatal(_) => Some("BYE".into()),
        _ => None,
    }
}

const BEFORE: FrameLimits = FrameLimits::BEFORE_LOGIN;
const AFTER: FrameLimits = FrameLimits::AFTER_LOGIN;

#[test]
fn t01_nul_is_refused() {
    for input in [
        "a LOGIN \"u\0x\" p",
        "a LOGIN u\0x p",
        "a LOGIN {3+}\r\nu\0x p",
        "a NOOP\0",
        "a\0 NOOP",
        "a SELECT \"\0\"",
    ] {
        let answers = answers(BEFORE, format!("{input}\r\nb NOOP\r\n"));
        assert!(answers == ["a BAD", "b NOOP"] || answers == ["* BAD", "b NOOP"], "{answers:?}");
    }
}

#[test]
fn t02_t03_t12_broken_strings_and_lists_cost_one_bad() {
    for input in ["a SELECT \"INBOX", "a SELECT \"a\\", "a FETCH 1 (BOGUS", "a FETCH 1 (FLAGS"] {
        assert_eq!(answers(AFTER, format!("{input}\r\nb NOOP\r\n")), ["a BAD", "b NOOP"]);
    }
    assert_eq!(answers(AFTER, "a SELECT \"a\\\\\"\r\n"), ["a SELECT"]);
    assert_eq!(answers(AFTER, "a FETCH 1 (BOGUS)\r\nb NOOP\r\n"), ["a BAD", "b NOOP"]);
}

#[test]
fn t04_endless_lines_end_at_the_limit() {
    let endless = format!("a {}", "x".repeat(1 << 20));
    assert_eq!(answers(BEFORE, &endless), ["BYE"]);
    assert_eq!(answers(AFTER, format!("{endless}\r\nb NOOP\r\n")), ["a BAD", "b NOOP"]);
    for (limits, over) in [(BEFORE, "BYE"), (AFTER, "a BAD")] {
        let line = |length: usize| format!("a {}\r\n", "x".repeat(length - 3));
        assert_eq!(answers(limits, line(limits.line)), ["a BAD"]);
        assert_eq!(answers(limits, line(limits.line + 1)), [over]);
    }
}

#[test]
fn t05_brackets_are_counted_before_the_line_ends() {
    assert_eq!(answers(BEFORE, "a NOOP (("), ["BYE"]);
    assert!(answers(AFTER, format!("a NOOP {}", "(".repeat(64))).is_empty());
    assert_eq!(answers(AFTER, format!("a NOOP {}", "(".repeat(65))), ["a BAD"]);
    for bracket in ["[", "<", ")", "{"] {
        assert_eq!(answers(BEFORE, format!("a NOOP {}\r\n", bracket.repeat(100))), ["a BAD"]);
    }
    assert_eq!(
        answers(BEFORE, "a LOGIN \"((((\" p\r\nb ID (\"a\" \"(\")\r\n"),
        ["a LOGIN", "b ID"]
    );
}

#[test]
fn t06_nesting_is_bounded() {
    for word in ["(", "NOT ", "OR "] {
        let input = format!("a SEARCH {}\r\nb NOOP\r\n", word.repeat(15_000));
        assert_eq!(answers(AFTER, input), ["a BAD", "b NOOP"]);
    }
}

#[test]
fn t07_many_literals_end_at_the_sum() {
    let mut input = "a SEARCH".to_owned();
    for _ in 0..8 {
        input += &format!(" TEXT {{65536}}\r\n{}", "x".repeat(65_536));
    }
    let mut expected = vec!["+"; 8];
    expected.extend(["a NO", "b NOOP"]);
    assert_eq!(answers(AFTER, format!("{input} TEXT {{1}}\r\nb NOOP\r\n")), expected);
}

#[test]
fn t08_literal_sizes() {
    for size in ["", "+", "-1", "-1+", "5 ", "0x5", "5++", " 5"] {
        let input = format!("a LOGIN {{{size}}}\r\nb NOOP\r\n");
        assert_eq!(answers(AFTER, input), ["a BAD", "b NOOP"], "{size}");
    }
    // A number has 32 bits: beyond them it is a wrong word, up to them it is too much.
    for (size, refused) in
        [("4294967295", "a NO"), ("4294967296", "a BAD"), ("18446744073709551616", "a BAD")]
    {
        for command in ["LOGIN", "APPEND x"] {
            let line = format!("a {command} {{{size}}}\r\nb NOOP\r\n");
            assert_eq!(answers(AFTER, line), [refused, "b NOOP"]);
            assert_eq!(answers(AFTER, format!("a {command} {{{size}+}}\r\nb NOOP\r\n")), ["BYE"]);
        }
    }
}

#[test]
fn t09_t13_a_large_literal_is_refused_before_it_comes() {
    assert_eq!(answers(BEFORE, "a LOGIN {1073741824}\r\nb NOOP\r\n"), ["a NO", "b NOOP"]);
    assert_eq!(answers(BEFORE, "a LOGIN {4096}\r\n"), ["+"]);
    assert_eq!(answers(BEFORE, "a LOGIN {4097}\r\n"), ["a NO"]);
    assert_eq!(answers(AFTER, "a APPEND x {67108864}\r\n"), ["+"]);
    assert_eq!(answers(AFTER, "a APPEND x {67108865}\r\n"), ["a NO"]);
    // Before login there is no APPEND that could need more.
    assert_eq!(answers(BEFORE, "a APPEND x {4097}\r\n"), ["a NO"]);
}

#[test]
fn t10_no_octet_of_a_refused_literal_is_run() {
    let body = "x DELETE Archive\r\n";
    let huge = format!("a APPEND INBOX {{200000000+}}\r\n{body}b NOOP\r\n");
    assert_eq!(answers(AFTER, huge), ["BYE"]);
    let body = body.repeat(300);
    let large = format!("a APPEND INBOX {{{}+}}\r\n{body}\r\nb NOOP\r\n", body.len());
    assert_eq!(answers(AFTER, large), ["a BAD", "b NOOP"]);
}

#[test]
fn t11_chains_of_literals_belong_to_their_command() {
    let chain = "a BOGUS {3+}\r\nabc {5+}\r\na2 NO\r\nb NOOP\r\n";
    assert_eq!(answers(AFTER, chain), ["a BAD", "b NOOP"]);
    let over = format!(
        "a X {{5000+}}\r\n{} {{7+}}\r\nc NOOP\n{{4+}}\r\n\r\n\r\n\r\nb NOOP\r\n",
        "y".repeat(5000)
    );
    assert_eq!(answers(AFTER, over), ["a BAD", "b NOOP"]);
}

#[test]
fn t14_line_ends() {
    assert_eq!(answers(AFTER, "a NOOP\nb NOOP\r\n"), ["a NOOP", "b NOOP"]);
    assert_eq!(answers(AFTER, "a NOOP\r\r\nb NOOP\r\n"), ["a BAD", "b NOOP"]);
    assert_eq!(answers(AFTER, "a NOOP\rb NOOP\r\n"), ["a BAD"]);
    assert_eq!(answers(AFTER, "a SELECT \"x\ry\"\r\n"), ["a BAD"]);
    assert_eq!(answers(AFTER, "a SELECT \"x\ny\"\r\n"), ["a BAD", "* BAD"]);
    assert_eq!(answers(AFTER, "a SELECT {1+}\nx\nb NOOP\n"), ["a SELECT", "b NOOP"]);
}

#[test]
fn t16_bad_tags_are_not_reflected() {
    let long = "x".repeat(10_000);
    for tag in ["+", "*", "", "é", "a{", "\"a\"", "a(", &long[..65]] {
        assert_eq!(answers(AFTER, format!("{tag} NOOP\r\nb NOOP\r\n")), ["* BAD", "b NOOP"]);
    }
    assert_eq!(answers(BEFORE, format!("{long} NOOP\r\n")), ["BYE"]);
}

#[test]
fn t17_http_is_seen() {
    let http = |line: &'static str| {
        let mut framer = Framer::new(BEFORE);
        framer.push(Bytes::from(line));
        matches!(framer.next(), Some(FrameEvent::Frame(frame)) if frame.looks_like_http())
    };
    for line in [
        "GET / HTTP/1.1\r\n",
        "POST /x HTTP/1.0\n",
        "PRI * HTTP/2.0\r\n",
        "CONNECT a:1 HTTP/1.1\r\n",
    ] {
        assert!(http(line), "{line}");
    }
    for line in ["GET NOOP\r\n", "a GET /\r\n", "DELETE DELETE /x\r\n", "get / HTTP/1.1\r\n"] {
        assert!(!http(line), "{line}");
    }
}

#[test]
fn t18_octets_that_are_not_utf8() {
    for name in ["\"\\xff\"", "{1+}\r\n\\xff", "\\xff"] {
        let input: Vec<u8> = format!("a SELECT {name}\r\nb LOGIN {name} {name}\r\n").into_bytes();
        let input = replace(&input, b"\\xff", b"\xff");
        let answers = answers(AFTER, input);
        // Users and passwords are octets; who verifies them says what they must be. In quotes only
        // UTF-8 may stand (RFC 6855 §3).
        let login = if name.starts_with('{') { "b LOGIN" } else { "b BAD" };
        assert_eq!(answers, ["a BAD", login]);
    }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    [out, rest.to_vec()].concat()
}

#[test]
fn t19_modified_utf7_has_one_spelling() {
    for name in ["&", "&AAA-", "&2D0-", "&AGE-", "&AOQ", "&AOQ-&AOQ-", "&AAo-"] {
        for command in ["SELECT", "LIST \"\"", "CREATE"] {
            assert_eq!(answers(AFTER, format!("a {command} {name}\r\n")), ["a BAD"], "{name}");
        }
    }
}

#[test]
fn t20_sets_stay_ranges() {
    for set in ["0", "4294967296", "1:0", "00", "", ",", "1,", "a", "**", "1:2:3"] {
        assert_eq!(answers(AFTER, format!("a FETCH {set} UID\r\n")), ["a BAD"], "{set}");
    }
    for set in ["1:4294967295", "*:1", "*", "4294967295:*"] {
        assert_eq!(answers(AFTER, format!("a FETCH {set} UID\r\n")), ["a FETCH"], "{set}");
    }
    let many = format!("a FETCH {}1 UID\r\n", "1:*,".repeat(15_000));
    assert_eq!(answers(AFTER, many), ["a FETCH"]);
}

#[test]
fn t24_wildcards_do_not_explode() {
    let pattern = ListPattern::new(&format!("{}x", "*%".repeat(2000))).unwrap();
    let letters = ListPattern::new(&format!("{}b", "*a".repeat(500))).unwrap();
    for number in 0..5000 {
        let name = MailboxName::new(&format!("folder/{number}/aaaaaaaaaaaaaaaaaaaa")).unwrap();
        assert!(!pattern.matches(&name) && !letters.matches(&name));
    }
    let long = MailboxName::new(&"a/".repeat(2000)).unwrap();
    assert!(!letters.matches(&long));
}

#[test]
fn t25_truncated_commands() {
    for command in [
        "STATUS INBOX (",
        "STATUS INBOX",
        "APPEND INBOX (\\Seen",
        "SEARCH CHARSET",
        "SEARCH",
        "FETCH 1 BODY[",
        "STORE 1 FLAGS (",
        "ID (",
        "LIST",
        "UID",
        "UID FETCH",
        "RENAME a",
        "",
    ] {
        assert_eq!(answers(AFTER, format!("a {command}\r\nb NOOP\r\n")), ["a BAD", "b NOOP"]);
    }
}

#[test]
fn t26_id_before_login_is_bounded() {
    let pairs = format!("a ID ({})\r\n", vec!["\"a\" \"b\""; 31].join(" "));
    let value = format!("a ID (\"a\" \"{}\")\r\n", "b".repeat(1025));
    for input in [pairs.as_str(), &value] {
        assert_eq!(answers(BEFORE, input), ["a BAD"]);
    }
    assert_eq!(answers(BEFORE, "a ID ((\"a\" \"b\"))\r\n"), ["BYE"]);
}

#[test]
fn t29_names_that_no_store_should_see() {
    for name in ["{3+}\r\na\rb", "{3+}\r\na\nb", "{3+}\r\na\0b", "\"a\tb\"", "\"a\u{85}b\"", "\"\""]
    {
        for command in ["CREATE", "RENAME a", "SELECT", "COPY 1"] {
            assert_eq!(answers(AFTER, format!("a {command} {name}\r\n")), ["a BAD"], "{name:?}");
        }
    }
    let long = format!("a CREATE {}\r\n", "x".repeat(MailboxName::MAX + 1));
    assert_eq!(answers(AFTER, long), ["a BAD"]);
}

#[test]
fn errors_help_a_person() {
    for (line, sentence) in [
        ("a FROB", "unknown command `FROB` (column 3)"),
        ("a FECTH 1 FLAGS", "unknown command `FECTH`: did you mean FETCH? (column 3)"),
        (
            "a SELECT",
            "expected a space at column 9, found the end of the line; the form is: SELECT mailbox",
        ),
        (
            "a SELECT ",
            "expected a mailbox name at column 10, found the end of the line; the form is: SELECT mailbox",
        ),
        ("a SELECT (x)", "expected a mailbox name at column 10, found `(x)`"),
        ("a SELECT  x", "expected a mailbox name at column 10, found a space"),
        ("a NOOP x", "expected the end of the command at column 8, found `x`"),
        ("a NOOP ", "expected the end of the command at column 7, found a space"),
        (
            "a SELECT Entwürfe",
            "expected the end of the command at column 14, found `\\xc3\\xbcrfe`; letters beyond \
             ASCII go into quotes",
        ),
        ("a SELECT {1+}\r\nx y", "expected the end of the command at column 3, found `y`"),
        ("", "expected a tag at column 1, found the end of the line"),
        ("a", "expected a space at column 2, found the end of the line"),
        (
            "a UID NOOP",
            "expected FETCH, STORE, SEARCH, SORT, THREAD, COPY, MOVE, REPLACE or EXPUNGE after UID at column 7, found `NOOP`",
        ),
        ("a FETCH 1 (ALL)", "ALL, FAST and FULL must stand alone, without parentheses (column 12)"),
        (
            "a LOGIN u \"p",
            "expected a closing quote at column 13; the form is: LOGIN name password",
        ),
    ] {
        let frame = peregrine_proto::Frame::new(Bytes::copy_from_slice(line.as_bytes()));
        assert_eq!(Command::parse(&frame).unwrap_err().message, sentence);
    }
}

#[test]
fn secrets_are_not_printed() {
    let frame = peregrine_proto::Frame::new(Bytes::from_static(b"a LOGIN u sesame"));
    let command = Command::parse(&frame).unwrap();
    assert!(!format!("{command:?}").contains("sesame"));
    assert!(
        matches!(command.body, CommandBody::Login(login) if login.password.reveal() == b"sesame")
    );
}
