//! Responses that are sent in parts: whole on the wire, bounded in memory, or the end of it.

use crate::client::Client;
use peregrine_proto::response::ResponseText;
use peregrine_session::{Limits, Outcome};

const HEAD: &str = "* 1 FETCH (BODY[] {10}\r\n";

/// Two FETCHes run, of the first a part has been sent.
fn begun() -> Client {
    let mut client = Client::selected(3);
    client.send("a FETCH 1 BODY.PEEK[]\r\nb FETCH 2 FLAGS\r\n");
    client.part("a", HEAD);
    client.pump();
    assert_eq!(client.take(), HEAD);
    client
}

fn bye() -> ResponseText {
    ResponseText { code: None, text: "Going down".into() }
}

/// RFC 3501 §4.3: a literal's octets are counted, so nothing may come between them.
#[test]
fn nothing_comes_between_the_parts() {
    let mut client = begun();
    client.block("b", "* 2 FETCH (FLAGS ())\r\n");
    client.ok("b");
    client.mail.append(1);
    client.publish();
    client.send("c NOOP\r\nd BOGUS (\r\ne APPEND INBOX {3}\r\n");
    client.ok("c");
    client.part("a", "01234");
    client.pump();
    assert_eq!(client.take(), "01234");
    client.block("a", "56789)\r\n");
    client.pump();
    let told = client.take();
    let rest = told.strip_prefix("56789)\r\n").unwrap();
    for line in ["+ Ready for literal data", "* 2 FETCH (FLAGS ())", "b OK Done", "c OK Done"] {
        assert!(rest.lines().any(|told| told == line), "{line} in {rest}");
    }
    client.ok("a");
    assert_eq!(client.take(), "a OK Done\r\n");
}

/// However a response is cut into parts, and whoever else has something to say meanwhile.
#[test]
fn every_cut_gives_the_same_response() {
    let response = format!("{HEAD}0123456789)\r\n");
    for first in 1..response.len() {
        for second in first..response.len() {
            let mut client = Client::selected(3);
            client.send("a FETCH 1 BODY.PEEK[]\r\nb NOOP\r\n");
            client.part("a", &response[..first]);
            client.pump();
            client.ok("b");
            client.part("a", &response[first..second]);
            client.pump();
            client.block("a", &response[second..]);
            client.pump();
            client.ok("a");
            assert_eq!(client.take(), format!("{response}b OK Done\r\na OK Done\r\n"));
        }
    }
}

/// Small answers go first between two large ones.
#[test]
fn others_are_answered_between_two_responses() {
    let mut client = begun();
    client.block("a", "0123456789)\r\n");
    client.part("a", HEAD);
    client.ok("b");
    assert_eq!(client.take(), format!("0123456789)\r\nb OK Done\r\n{HEAD}"));
}

/// A large body passes in bounded memory, and goes on although the answers of others, which wait
/// for its end, fill all room there is.
#[test]
fn a_large_body_waits_for_the_client_and_for_nobody_else() {
    let limits = Limits { output: 300_000, ..Limits::default() };
    let mut client = Client::with(limits.clone(), false);
    client.log_in();
    client.select(3, &[]);
    client.send("a FETCH 1 BODY.PEEK[]\r\nb FETCH 2 FLAGS\r\nc FETCH 3 FLAGS\r\n");
    let (size, piece) = (100_000_000, 100_000);
    client.part("a", format!("* 1 FETCH (BODY[] {{{size}}}\r\n"));
    client.pump();
    for tag in ["b", "c"] {
        while client.session.wants_block(client.id(tag)) {
            client.block(tag, [b'b'; 10_000]);
        }
    }
    let (mut given, mut sent) = (0, client.take().len());
    while given < size {
        assert!(client.session.wants_block(client.id("a")), "stuck after {given}");
        while client.session.wants_block(client.id("a")) {
            client.part("a", vec![b'a'; piece]);
            given += piece;
            assert!(given - sent < limits.job_output + limits.transmit + 2 * piece);
        }
        client.pump();
        let told = client.take();
        assert!(!told.contains('b'));
        sent += told.len();
    }
    client.block("a", ")\r\n");
    client.pump();
    assert!(client.take().contains(")\r\nb"));
}

/// A client that does not read stops the job that has begun a response.
#[test]
fn a_slow_client_stops_a_large_body() {
    let limits = Limits::default();
    let mut client = begun();
    client.reads = false;
    let mut given = 0;
    while client.session.wants_block(client.id("a")) {
        client.part("a", [b'a'; 10_000]);
        given += 10_000;
        client.session.poll_transmit();
        assert!(given <= limits.job_output + limits.transmit + limits.chunk + 20_000);
    }
    client.reads = true;
    client.session.handle_sent(client.now, limits.transmit + limits.chunk + 10_000);
    client.pump();
    assert!(client.session.wants_block(client.id("a")));
}

/// What follows a literal that stops too early would be taken for the rest of it.
#[test]
fn a_job_that_fails_in_a_literal_closes_the_connection() {
    for given in ["", "01234"] {
        let mut client = begun();
        client.part("a", given);
        client.pump();
        client.take();
        client.finish("b", Outcome::ok("Done"));
        client.end("a", Outcome::no(None, "Damaged"));
        assert_eq!(client.take(), "");
        assert!(client.session.is_closed());
        assert_eq!(client.session.poll_deadline(), None);
    }
}

/// A response of which nothing was sent is no harm: the job is answered as others are.
#[test]
fn a_response_that_was_not_sent_is_dropped() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1:2 BODY.PEEK[]\r\nb NOOP\r\n");
    client.block("a", "* 1 FETCH (FLAGS ())\r\n");
    client.part("a", HEAD);
    client.part("a", "01234");
    client.end("a", Outcome::no(None, "Damaged"));
    client.ok("b");
    assert_eq!(client.take(), "* 1 FETCH (FLAGS ())\r\na NO Damaged\r\nb OK Done\r\n");
    assert!(client.session.wants_bytes());
}

/// The same behind a response that has ended, the parts of which are on their way.
#[test]
fn a_second_response_is_dropped_and_the_first_one_sent() {
    let mut client = begun();
    client.block("a", "0123456789)\r\n");
    client.part("a", HEAD);
    client.end("a", Outcome::no(None, "Damaged"));
    assert_eq!(client.take(), "0123456789)\r\na NO Damaged\r\n");
    assert!(!client.session.is_closed());
}

/// There is no BYE within a literal; where the job has given the rest, it comes first.
#[test]
fn bye_waits_for_the_end_or_is_not_said() {
    let mut client = begun();
    client.part("a", "01234");
    client.session.handle_shutdown(client.now, bye());
    client.pump();
    assert_eq!(client.take(), "");
    assert!(client.session.is_closed());
    assert_eq!(client.cancelled.len(), 2);

    let mut client = begun();
    client.part("a", "01234");
    client.block("a", "56789)\r\n");
    client.part("a", HEAD);
    client.session.handle_shutdown(client.now, bye());
    client.pump();
    assert_eq!(client.take(), "0123456789)\r\n* BYE Going down\r\n");
    assert!(client.session.is_closed());
}
