//! Framing of a server's stream: every cut gives the same responses, and every limit holds.

use peregrine_proto::response::{ResponseFrameError, ResponseFramer, ResponseLimits};
use proptest::prelude::*;

/// All responses of the stream, read in pieces that end where `cuts` says, and how it ended.
fn run(
    limits: ResponseLimits,
    stream: &[u8],
    cuts: &[usize],
) -> (Vec<Vec<u8>>, Option<ResponseFrameError>) {
    let mut framer = ResponseFramer::new(limits);
    let mut responses = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([stream.len()]) {
        framer.push(&stream[from..to]);
        from = to;
        loop {
            match framer.next_response() {
                Ok(Some(response)) => responses.push(response.to_vec()),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(framer.next_response(), Err(error), "an error stays");
                    return (responses, Some(error));
                }
            }
        }
    }
    (responses, None)
}

fn whole(stream: &[u8]) -> (Vec<Vec<u8>>, Option<ResponseFrameError>) {
    run(ResponseLimits::default(), stream, &[])
}

#[test]
fn a_response_ends_behind_its_last_literal() {
    let stream = b"* OK ready\r\n* 1 FETCH (BODY[] {4}\r\na\r\nb BODY[TEXT] {0}\r\n)\r\na1 OK done\r\n+ \r\n";
    let (responses, error) = whole(stream);
    assert_eq!(error, None);
    assert_eq!(
        responses,
        [
            &b"* OK ready"[..],
            b"* 1 FETCH (BODY[] {4}\r\na\r\nb BODY[TEXT] {0}\r\n)",
            b"a1 OK done",
            b"+ ",
        ]
    );
}

/// Words for a person may end like the announcement of a literal (RFC 3501 §9 `text`): a client
/// that believed it would take the following responses for the literal.
#[test]
fn text_announces_no_literal() {
    let lines = ["* NO no mailbox {5}", "a OK {1}", "* bye {9}", "+ go {2}", "* PREAUTH {3}"];
    let stream = lines.map(|line| format!("{line}\r\n")).concat();
    assert_eq!(whole(stream.as_bytes()), (lines.map(|l| l.as_bytes().to_vec()).to_vec(), None));
}

#[test]
fn each_limit_holds_exactly() {
    let limits = ResponseLimits { line: 20, literal: 10, total: 35 };
    let line = |n: usize| format!("* {}\r\n", "x".repeat(n - 2)).into_bytes();
    let literal = |n: usize| format!("* A {{{n}}}\r\n{}\r\n", "y".repeat(n)).into_bytes();
    let two = |n: usize| {
        format!("* A {{10}}\r\n{}{{{n}}}\r\n{}\r\n", "y".repeat(10), "z".repeat(n)).into_bytes()
    };
    let cases = [
        (line(20), None),
        (line(21), Some(ResponseFrameError::LineTooLong(20))),
        (literal(10), None),
        (literal(11), Some(ResponseFrameError::LiteralTooLong(10))),
        (two(9), None),
        (two(10), Some(ResponseFrameError::ResponseTooLong(35))),
        (b"* A b\n".to_vec(), Some(ResponseFrameError::BareLineFeed)),
    ];
    for (stream, error) in cases {
        let text = String::from_utf8_lossy(&stream).into_owned();
        assert_eq!(run(limits, &stream, &[]).1, error, "{text:?}");
    }
}

/// Hostile row C07: the size must not overflow on its way to the limit.
#[test]
fn a_size_beyond_all_numbers_is_too_long() {
    let error = ResponseFrameError::LiteralTooLong(ResponseLimits::LITERAL);
    for size in ["67108865", "4294967295", "18446744073709551616", "99999999999999999999999"] {
        let stream = format!("* 1 FETCH (RFC822 {{{size}}}\r\n");
        assert_eq!(whole(stream.as_bytes()).1, Some(error), "{size}");
    }
}

/// Without its line feed a line must be refused as soon as it is too long, or it fills memory.
#[test]
fn an_endless_line_is_refused_before_its_end() {
    let limits = ResponseLimits { line: 20, ..ResponseLimits::default() };
    let stream = [b'x'; 21];
    assert_eq!(run(limits, &stream, &[]).1, Some(ResponseFrameError::LineTooLong(20)));
}

/// Hostile row C09: many small literals in one response cost linear time; a quadratic framer does
/// not finish this within any patience.
#[test]
fn many_literals_in_one_response() {
    let mut stream = b"* 1 FETCH (".to_vec();
    for _ in 0..200_000 {
        stream.extend_from_slice(b"X {1}\r\ny ");
    }
    stream.extend_from_slice(b")\r\n");
    let cuts: Vec<usize> = (1..stream.len()).step_by(7).collect();
    let (responses, error) = run(ResponseLimits::default(), &stream, &cuts);
    assert_eq!((responses.len(), error), (1, None));
}

#[test]
fn what_follows_starttls_can_be_seen() {
    let mut framer = ResponseFramer::new(ResponseLimits::default());
    framer.push(b"a OK begin\r\n* OK injected\r\n");
    assert!(matches!(framer.next_response(), Ok(Some(_))));
    assert_eq!(framer.buffered(), 15);
    assert_eq!(&framer.take_rest()[..], b"* OK injected\r\n");
    assert_eq!(framer.next_response(), Ok(None));
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"* ".to_vec()),
        Just(b"* OK ".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\n".to_vec()),
        (0_usize..12).prop_map(|n| format!("{{{n}}}\r\n").into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #[test]
    fn every_cut_gives_the_same(
        pieces in proptest::collection::vec(piece(), 0..30),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..20),
        line in 1_usize..40,
        literal in 0_usize..12,
        total in 1_usize..60,
    ) {
        let stream = pieces.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        let limits = ResponseLimits { line, literal, total };
        let each: Vec<usize> = (0..stream.len()).collect();
        let once = run(limits, &stream, &[]);
        prop_assert_eq!(&once, &run(limits, &stream, &cuts));
        prop_assert_eq!(&once, &run(limits, &stream, &each));
    }
}
