//! The framer: where commands end, whatever way the input is cut.

use bytes::Bytes;
use peregrine_proto::{Command, Frame, FrameError, FrameEvent, FrameLimits, Framer, ParseError};
use proptest::prelude::*;

/// Small limits, so that short inputs meet them.
const SMALL: FrameLimits = FrameLimits {
    line: 100,
    dialogue: 120,
    literal: 20,
    non_sync: 16,
    literals: 4,
    literals_total: 40,
    append: 60,
    spool_above: 12,
    open_parens: 3,
    drain: 50,
    fatal: false,
};

/// All events for an input that comes in these pieces; the data of one spooled literal joined.
fn events<'a>(limits: FrameLimits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<FrameEvent> {
    let mut framer = Framer::new(limits);
    let mut events = Vec::new();
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece));
        while let Some(event) = framer.next() {
            match (events.last_mut(), event) {
                (
                    Some(FrameEvent::SpoolData { data, .. }),
                    FrameEvent::SpoolData { data: more, .. },
                ) => {
                    *data = [&data[..], &more].concat().into();
                }
                (_, event) => events.push(event),
            }
        }
    }
    events
}

fn whole(limits: FrameLimits, input: &[u8]) -> Vec<FrameEvent> {
    events(limits, [input])
}

fn frame(text: &str) -> FrameEvent {
    FrameEvent::Frame(Frame::new(Bytes::copy_from_slice(text.as_bytes())))
}

fn refused(tag: &str, error: FrameError) -> FrameEvent {
    FrameEvent::Refused { tag: peregrine_proto::Tag::new(tag.as_bytes()), error }
}

#[test]
fn lines_end_at_lf_with_or_without_cr() {
    assert_eq!(
        whole(SMALL, b"a NOOP\r\nb NOOP\n\r\nc\rNOOP\r\r\nd"),
        [frame("a NOOP"), frame("b NOOP"), frame(""), frame("c\rNOOP\r")]
    );
}

#[test]
fn literals_belong_to_their_command() {
    let both = |wait: &str, plus: &str| {
        let input = format!("a X {{3{plus}}}\r\n\r\nb y {{0{plus}}}\n z\r\nb NOOP\r\n");
        let text = format!("a X {{3{plus}}}\r\n\r\nb y {{0{plus}}}\n z");
        let mut expected = vec![frame(&text), frame("b NOOP")];
        if wait == "wait" {
            expected.splice(0..0, [FrameEvent::Continue, FrameEvent::Continue]);
        }
        assert_eq!(whole(SMALL, input.as_bytes()), expected);
    };
    both("wait", "");
    both("at once", "+");
}

#[test]
fn a_message_above_the_bound_is_spooled() {
    let input =
        b"a APPEND {1+}\r\nx () {13}\r\n0123456789abc\r\nb append x {12+}\r\n0123456789ab\r\n";
    let events = whole(SMALL, input);
    let [wait, start, data, end, FrameEvent::Frame(spooled), FrameEvent::Frame(inline)] =
        &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*wait, FrameEvent::Continue);
    assert_eq!(*start, FrameEvent::SpoolStart { id: 1, length: 13 });
    assert_eq!(*data, FrameEvent::SpoolData { id: 1, data: "0123456789abc".into() });
    assert_eq!(*end, FrameEvent::SpoolEnd { id: 1 });
    assert_eq!(spooled.text, "a APPEND {1+}\r\nx () {13}\r\n");
    assert_eq!((spooled.spooled[0].at, spooled.spooled[0].length), (spooled.text.len(), 13));
    assert!(Command::parse(spooled).is_ok());
    assert!(inline.spooled.is_empty() && inline.text.ends_with(b"ab"));
}

#[test]
fn each_limit_holds_exactly() {
    let line = |length: usize| format!("a {}\r\n", "x".repeat(length - 3));
    // The first line's 10 octets count too.
    let lines = |length: usize| format!("a X {{1+}}\r\ny{}\r\n", "x".repeat(length - 1));
    let literal = |size: usize| format!("a X {{{size}+}}\r\n{}\r\n", "y".repeat(size));
    let parens = |depth| format!("a X {}\r\n", "(".repeat(depth));
    let literals = |count| format!("a X{}\r\n", " {1+}\r\nz".repeat(count));
    let total = |last| format!("a{} {{{last}}}\r\n", " {16+}\r\n0123456789abcdef".repeat(2));
    let cases = [
        (line(100), line(101), FrameError::LineTooLong(100)),
        (lines(90), lines(91), FrameError::LineTooLong(100)),
        (literal(16), literal(17), FrameError::NonSyncTooBig { limit: 16 }),
        (literal(16), literal(21), FrameError::LiteralTooBig { limit: 20 }),
        ("a X {20}\r\n".into(), "a X {21}\r\n".into(), FrameError::LiteralTooBig { limit: 20 }),
        (parens(3), parens(4), FrameError::TooDeep(3)),
        (literals(4), literals(5), FrameError::TooManyLiterals(4)),
        (total(8), total(9), FrameError::LiteralsTooBig(40)),
        (
            "a APPEND x {60}\r\n".into(),
            "a APPEND x {61}\r\n".into(),
            FrameError::LiteralTooBig { limit: 60 },
        ),
    ];
    for (good, bad, error) in cases {
        let events = whole(SMALL, good.as_bytes());
        assert!(!events.iter().any(|event| matches!(event, FrameEvent::Refused { .. })), "{good}");
        let bad = format!("{bad}b NOOP\r\n");
        let events = whole(SMALL, bad.as_bytes());
        assert_eq!(events, [refused("a", error), frame("b NOOP")], "{bad}");
    }
}

#[test]
fn quotes_hide_parentheses() {
    for input in ["a X \"((((\\\"((((\" (((", "a X ())(((", "a X {5+}\r\n((((( ((("] {
        assert_eq!(whole(SMALL, format!("{input}\r\n").as_bytes()), [frame(input)]);
    }
    let deep = b"a X ( \"\" ( {1+}\r\n( ( (\r\nb NOOP\r\n";
    assert_eq!(whole(SMALL, deep), [refused("a", FrameError::TooDeep(3)), frame("b NOOP")]);
}

#[test]
fn a_refused_synchronizing_literal_does_not_come() {
    // What the client sends on regardless is its next command (RFC 3501 §4.3).
    let events = whole(SMALL, b"a LOGIN {21}\r\nb NOOP\r\n");
    assert_eq!(events, [refused("a", FrameError::LiteralTooBig { limit: 20 }), frame("b NOOP")]);
}

#[test]
fn a_literal_beyond_the_drain_ends_the_connection() {
    let sizes = [
        ("51+", FrameError::LiteralTooBig { limit: 20 }),
        ("4294967296+", FrameError::LiteralSize),
        ("99999999999999999999999+", FrameError::LiteralSize),
    ];
    for (size, error) in sizes {
        let input = format!("a X {{{size}}}\r\nb NOOP\r\nc NOOP\r\n");
        assert_eq!(whole(SMALL, input.as_bytes()), [FrameEvent::Fatal(error)], "{size}");
    }
}

#[test]
fn a_spooled_literal_of_a_refused_command_is_dropped() {
    let input = b"a APPEND x {13+}\r\n0123456789abc ((((\r\nb NOOP\r\n";
    let events = whole(SMALL, input);
    let tail =
        [refused("a", FrameError::TooDeep(3)), FrameEvent::SpoolDropped { id: 1 }, frame("b NOOP")];
    assert_eq!(events[3..], tail);
}

#[test]
fn dialogue_lines_are_plain() {
    let mut framer = Framer::new(SMALL);
    framer.push(Bytes::from_static(b"a IDLE\r\n(((( {3}\r\nDONE\nb NOOP\r\n"));
    assert_eq!(framer.next(), Some(frame("a IDLE")));
    framer.set_dialogue(true);
    assert_eq!(framer.next(), Some(FrameEvent::Line("(((( {3}".into())));
    assert_eq!(framer.next(), Some(FrameEvent::Line("DONE".into())));
    framer.set_dialogue(false);
    assert_eq!(framer.next(), Some(frame("b NOOP")));
    framer.set_dialogue(true);
    framer.push(vec![b'x'; 121].into());
    assert_eq!(framer.next(), Some(FrameEvent::Fatal(FrameError::LineTooLong(120))));
}

#[test]
fn t41_what_follows_starttls_is_dropped() {
    let mut framer = Framer::new(FrameLimits::BEFORE_LOGIN);
    framer.push(Bytes::from_static(b"a STARTTLS\r\nx NO"));
    framer.push(Bytes::from_static(b"OP\r\n"));
    assert_eq!(framer.next(), Some(frame("a STARTTLS")));
    assert_eq!((framer.buffered(), framer.clear(), framer.buffered()), (8, 8, 0));
    assert_eq!(framer.next(), None);
    framer.push(Bytes::from_static(b"b NOOP\r\n"));
    assert_eq!(framer.next(), Some(frame("b NOOP")));
}

#[test]
fn feeding_single_octets_is_linear() {
    // 64 KiB of line and 512 KiB of literals: minutes, were each octet looked at again and again.
    let mut input = b"a X".to_vec();
    for _ in 0..128 {
        input.extend_from_slice(b" {4096+}\r\n");
        input.extend_from_slice(&[b'y'; 4096]);
    }
    input.extend_from_slice(&[b'('; 64]);
    input.extend_from_slice(&vec![b'x'; 60_000]);
    input.extend_from_slice(b"\r\n");
    let events = events(FrameLimits::AFTER_LOGIN, input.chunks(1));
    assert_eq!(events, [FrameEvent::Frame(Frame::new(input[..input.len() - 2].to_vec().into()))]);
}

#[test]
fn input_that_waits_unread_keeps_its_order() {
    let mut framer = Framer::new(SMALL);
    let input = b"a NOOP\r\nb X {3+}\r\nxyz\r\nc NOOP\r\n{9+}\r\n";
    for octet in input.chunks(1) {
        framer.push(Bytes::copy_from_slice(octet));
    }
    assert_eq!(framer.buffered(), input.len());
    let texts = ["a NOOP", "b X {3+}\r\nxyz", "c NOOP"];
    for text in texts {
        assert_eq!(framer.next(), Some(frame(text)));
    }

    // A refusal leaves nothing of the piece that is looked at, but one behind it.
    let mut framer = Framer::new(SMALL);
    framer.push(Bytes::from_static(b"a LOGIN {21}\r\n"));
    framer.push(Bytes::from_static(b"b NO"));
    assert!(matches!(framer.next(), Some(FrameEvent::Refused { .. })));
    framer.push(Bytes::from_static(b"OP\r\n"));
    assert_eq!(framer.next(), Some(frame("b NOOP")));
}

/// Pieces of commands, good and bad, in any order.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "a1 ",
        "NOOP",
        "APPEND",
        " x ",
        "FETCH 1 ",
        "(",
        ")",
        "\"",
        "\\",
        "{",
        "}",
        "+",
        "\r\n",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "{3+}\r\n",
        "{3}\r\n",
        "{13+}\r\n",
        "{14}\r\n",
        "{25+}\r\n",
        "{25}\r\n",
        "{55+}\r\n",
        "b APPEND y {14+}\r\n",
        "c APPEND {1+}\r\nz {16}\r\n",
        "0123456789abcdef",
        "{0+}\r\n",
        "{}\r\n",
        "{99999999999+}\r\n",
        "d NOOP\r\n",
    ]);
    prop_oneof![
        20 => words.prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..40),
        1 => prop::collection::vec(prop::sample::select(b"(x \"".to_vec()), 60..130),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// G6: the result is the same for every way of cutting the input.
    #[test]
    fn every_cut_gives_the_same(
        pieces in prop::collection::vec(piece(), 0..30),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        fatal in any::<bool>(),
    ) {
        let limits = FrameLimits { fatal, ..SMALL };
        let input = pieces.concat();
        let expected = whole(limits, &input);
        prop_assert_eq!(&events(limits, input.chunks(1)), &expected);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let cut = cuts.windows(2).map(|ends| &input[ends[0]..ends[1]]);
        prop_assert_eq!(&events(limits, cut), &expected);
    }

    /// No frame makes the reader fall over; what it says is one printable line.
    #[test]
    fn whatever_is_framed_can_be_judged(pieces in prop::collection::vec(piece(), 0..30)) {
        for event in whole(SMALL, &pieces.concat()) {
            if let FrameEvent::Frame(frame) = event
                && let Err(ParseError { message, .. }) = Command::parse(&frame)
            {
                prop_assert!(!message.chars().any(char::is_control), "{}", message);
            }
        }
    }
}

/// All that a refused APPEND of several messages has put into the caller's storage is dropped: what is
/// not would be kept until the connection ends, and could be made more again and again.
#[test]
fn every_spooled_literal_of_a_refused_command_is_dropped() {
    let thirteen = "0123456789abc";
    let refusals = [
        (" {25}\r\n", FrameError::LiteralTooBig { limit: 60 }),
        (&"x".repeat(101), FrameError::LineTooLong(100)),
    ];
    for (rest, error) in refusals {
        let input = format!(
            "a APPEND x {{13+}}\r\n{thirteen} {{13+}}\r\n{thirteen} {{13+}}\r\n{thirteen}{rest}"
        );
        let events = whole(SMALL, input.as_bytes());
        let begun = events.iter().filter(|it| matches!(it, FrameEvent::SpoolStart { .. }));
        assert_eq!(begun.count(), 3, "{events:?}");
        let place = events.iter().position(|it| *it == refused("a", error)).unwrap();
        let dropped = [1, 2, 3].map(|id| FrameEvent::SpoolDropped { id });
        assert_eq!(events[place + 1..], dropped, "{rest}");
    }
}

/// Messages that are small one by one fill no more memory together than one command may have.
#[test]
fn many_small_messages_of_one_append_are_spooled_in_the_end() {
    let input = format!("a APPEND x{}\r\n", " {12+}\r\n0123456789ab".repeat(4));
    let events = whole(SMALL, input.as_bytes());
    let [.., FrameEvent::Frame(frame)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(frame.spooled.len(), 1, "three are kept in place");
    assert!(Command::parse(frame).is_ok());
}

/// RFC 3502: every literal behind a message is a message; together they are held to its bound.
#[test]
fn several_messages_of_one_append() {
    let limits =
        FrameLimits { append: 10, literal: 2, literals_total: 2, ..FrameLimits::AFTER_LOGIN };
    let events = |text: &str| {
        let mut framer = Framer::new(limits);
        framer.push(text.to_owned().into());
        std::iter::from_fn(|| framer.next()).collect::<Vec<_>>()
    };
    for whole in [
        "a APPEND x {5+}\r\nabcde {5+}\r\nabcde\r\n",
        "a APPEND x {4+}\r\nabcd (\\Seen) {4+}\r\nabcd {2+}\r\nab\r\n",
        "a REPLACE 1 x {9+}\r\nabcdefghi\r\n",
        "a uid replace 1 x {9+}\r\nabcdefghi\r\n",
        "a UID REPLACE 1 {1+}\r\nx {9+}\r\nabcdefghi\r\n",
    ] {
        assert!(matches!(events(whole)[..], [FrameEvent::Frame(_)]), "{whole}");
    }
    for refused in [
        "a APPEND x {5+}\r\nabcde {6+}\r\nabcdef\r\n",
        "a APPEND x {11+}\r\nabcdefghijk\r\n",
        "a UID REPLACE 1 {3+}\r\nxyz {1+}\r\na\r\n",
        "a REPLACE {3+}\r\nabc x {1+}\r\na\r\n",
        "a SEARCH TEXT {3+}\r\nabc\r\n",
    ] {
        assert!(!matches!(events(refused)[0], FrameEvent::Frame(_)), "{refused}");
    }
}
