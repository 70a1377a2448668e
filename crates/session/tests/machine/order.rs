//! In which order answers go out.

use crate::client::Client;
use peregrine_session::Outcome;

/// RFC 3501 §5.5: a client gives untagged SEARCH data to the oldest SEARCH that is pending, so a
/// SEARCH that ended early holds its answer; other replies overtake.
#[test]
fn searches_are_answered_in_order_of_sending_and_others_overtake() {
    let mut client = Client::selected(3);
    client.send("a SEARCH ALL\r\nb SEARCH ALL\r\nc NOOP\r\n");
    assert_eq!(client.running(), ["a", "b", "c"]);
    client.end("b", Outcome::ok("B").with_data("* SEARCH 2\r\n"));
    assert_eq!(client.take(), "");
    client.ok("c");
    assert_eq!(client.take(), "c OK Done\r\n");
    client.end("a", Outcome::ok("A").with_data("* SEARCH 1\r\n"));
    assert_eq!(client.take(), "* SEARCH 1\r\na OK A\r\n* SEARCH 2\r\nb OK B\r\n");
}

/// Data of another kind cannot be taken for SEARCH's.
#[test]
fn kinds_do_not_wait_for_each_other() {
    let mut client = Client::selected(3);
    client.send("a SEARCH ALL\r\nb LIST \"\" *\r\n");
    client.end("b", Outcome::ok("B").with_data("* LIST () \"/\" INBOX\r\n"));
    assert_eq!(client.take(), "* LIST () \"/\" INBOX\r\nb OK B\r\n");
}

/// What such a job streams is not let loose before its turn either.
#[test]
fn streamed_data_of_an_ordered_kind_goes_with_its_reply() {
    let mut client = Client::authenticated();
    client.send("a LIST \"\" *\r\nb LIST \"\" *\r\n");
    client.block("b", "* LIST () \"/\" b\r\n");
    client.block("a", "* LIST () \"/\" a\r\n");
    client.ok("b");
    assert_eq!(client.take(), "");
    client.ok("a");
    assert_eq!(
        client.take(),
        "* LIST () \"/\" a\r\na OK Done\r\n* LIST () \"/\" b\r\nb OK Done\r\n"
    );
}

/// Apple Mail relies on it (trap 2): what ends together is answered in order of arrival.
#[test]
fn commands_that_end_together_are_answered_in_order_of_arrival() {
    let mut client = Client::authenticated();
    client.send("a NOOP\r\nb NOOP\r\nc NOOP\r\n");
    client.finish("c", Outcome::ok("Done"));
    client.finish("a", Outcome::ok("Done"));
    client.finish("b", Outcome::ok("Done"));
    client.pump();
    assert_eq!(client.take(), "a OK Done\r\nb OK Done\r\nc OK Done\r\n");
}

/// Also where one of them has streamed what it had to say: a small rest goes with its reply, a
/// large one is passed.
#[test]
fn a_small_rest_of_a_stream_keeps_its_place() {
    let chunk = peregrine_session::Limits::default().chunk;
    for octets in [chunk - 1, chunk, chunk + 1] {
        let mut client = Client::selected(3);
        client.reads = false;
        client.send("a FETCH 1 ENVELOPE\r\nb SEARCH ALL\r\nc NOOP\r\n");
        client.finish("b", Outcome::ok("B").with_data("* SEARCH 1\r\n"));
        client.block("a", vec![b'x'; octets]);
        client.finish("a", Outcome::ok("A"));
        client.finish("c", Outcome::ok("C"));
        client.reads = true;
        client.pump();
        let text = client.take();
        let small = octets <= chunk;
        assert_eq!(text.starts_with('x'), small, "{octets}");
        assert_eq!(text.ends_with("c OK C\r\n"), small, "{octets}");
    }
}

#[test]
fn a_reply_comes_behind_its_own_blocks() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1:3 FLAGS\r\n");
    client.block("a", "* 1 FETCH (FLAGS ())\r\n");
    client.block("a", "* 2 FETCH (FLAGS ())\r\n");
    client.ok("a");
    assert_eq!(client.take(), "* 1 FETCH (FLAGS ())\r\n* 2 FETCH (FLAGS ())\r\na OK Done\r\n");
}

/// RFC 9051 §6.3.2: the LIST of a SELECT does not say whose it is, and an earlier LIST would get it.
#[test]
fn the_list_of_a_select_waits_for_an_earlier_list() {
    let mut client = Client::authenticated();
    client.send("e ENABLE IMAP4rev2\r\n");
    client.ok("e");
    client.take();
    client.send("a LIST \"\" *\r\nb SELECT x\r\n");
    let selected = Outcome::ok("B").with_data("* LIST () \"/\" x\r\n");
    let selected = selected.with_transition(client.selection(&[]));
    client.end("b", selected);
    assert_eq!(client.take(), "");
    client.end("a", Outcome::ok("A").with_data("* LIST () \"/\" y\r\n"));
    let expected = "* LIST () \"/\" y\r\na OK A\r\n* LIST () \"/\" x\r\nb OK B\r\n";
    assert_eq!(client.take(), expected);
}

/// A STATUS behind a FETCH of gigabytes is answered at once.
#[test]
fn a_small_reply_overtakes_a_long_stream() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1:3 FLAGS\r\nb STATUS other (MESSAGES)\r\n");
    client.reads = false;
    let block = [b'x'; 20_000];
    while client.session.wants_block(client.id("a")) {
        client.block("a", block);
    }
    // Its end does not make the rest of it more urgent.
    client.finish("a", Outcome::ok("A"));
    let first = client.session.poll_transmit().unwrap();
    client.end("b", Outcome::ok("B").with_data("* STATUS other (MESSAGES 1)\r\n"));
    client.session.handle_sent(client.now, first.len());
    client.reads = true;
    client.pump();
    let text = client.take();
    let at = text.find("b OK B").unwrap();
    assert!(at < 2 * block.len(), "answered after {at} octets");
    assert!(text.ends_with("a OK A\r\n"));
}

/// Two streams share the connection; a new one neither starves nor takes all.
#[test]
fn streams_take_turns() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1 FLAGS\r\nb FETCH 2 FLAGS\r\n");
    client.reads = false;
    for _ in 0..4 {
        client.block("a", "* 1 FETCH (FLAGS ())\r\n");
    }
    for _ in 0..2 {
        client.block("b", "* 2 FETCH (FLAGS ())\r\n");
    }
    client.reads = true;
    client.pump();
    let order: Vec<_> = client.take().lines().map(|line| line.as_bytes()[2]).collect();
    assert_eq!(order, b"121211");
}

/// One write for a pipeline of small commands.
#[test]
fn a_hundred_replies_cost_one_write() {
    let mut client = Client::authenticated();
    client.send((0..100).map(|n| format!("n{n} NOOP\r\n")).collect::<String>());
    assert_eq!(client.jobs.len(), 100);
    for n in 0..100 {
        client.finish(&format!("n{n}"), Outcome::ok("Done"));
    }
    client.writes = 0;
    client.pump();
    assert_eq!(client.take().lines().count(), 100);
    assert_eq!(client.writes, 1);
}
