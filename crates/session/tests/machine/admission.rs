//! Which command starts when, and what is said of those that may not.

use crate::client::Client;
use peregrine_session::{Limits, Outcome, TraceStep, Transition};

#[test]
fn commands_that_are_not_legal_here_get_a_helpful_bad() {
    let mut client = Client::new();
    client.send("a SELECT INBOX\r\n");
    assert_eq!(client.take(), "a BAD Log in first\r\n");
    client.send("b FETCH 1 FLAGS\r\n");
    assert_eq!(client.take(), "b BAD Log in first\r\n");
    client.log_in();
    client.send("c FETCH 1 FLAGS\r\n");
    assert_eq!(client.take(), "c BAD SELECT a mailbox first\r\n");
    client.send("d LOGIN fred secret\r\n");
    assert_eq!(client.take(), "d BAD You are logged in already\r\n");
    client.send("e STARTTLS\r\n");
    assert_eq!(client.take(), "e BAD You are logged in already\r\n");
    assert!(client.jobs.is_empty());
}

#[test]
fn starttls_under_tls_is_refused() {
    let mut client = Client::with(Limits::default(), true);
    client.send("a STARTTLS\r\n");
    assert_eq!(client.take(), "a BAD TLS is on already\r\n");
}

/// Decided at the start, not at arrival: in one packet or in four.
#[test]
fn a_pipeline_from_login_to_fetch_is_legal() {
    let mut client = Client::new();
    client.send("a LOGIN fred secret\r\nb SELECT INBOX\r\nc FETCH 1 FLAGS\r\n");
    assert_eq!(client.running(), ["a"]);
    client.end("a", Outcome::ok("In").with_transition(Transition::Authenticated("fred")));
    assert_eq!(client.running(), ["b"]);
    client.mail.append(1);
    let selected = client.selection(&[]);
    client.end("b", Outcome::ok("Selected").with_transition(selected));
    assert_eq!(client.running(), ["c"]);
    assert_eq!(client.jobs[0].context.selected().unwrap().view.exists(), 1);
}

/// Where the LOGIN fails, what stood behind it is refused, one reply each.
#[test]
fn a_pipeline_behind_a_failed_login_is_refused() {
    let mut client = Client::new();
    client.send("a LOGIN fred wrong\r\nb SELECT INBOX\r\nc NOOP\r\n");
    client.end("a", Outcome::no(None, "No"));
    client.ok("c");
    assert_eq!(client.take(), "a NO No\r\nb BAD Log in first\r\nc OK Done\r\n");
}

#[test]
fn dependent_commands_wait_and_independent_ones_pass() {
    let mut client = Client::selected(9);
    client.send("a STORE 1 +FLAGS (\\Seen)\r\nb STORE 1 +FLAGS.SILENT (\\Seen)\r\nc STORE 2 FLAGS (\\Seen)\r\n");
    client.send("d CLOSE\r\ne STATUS other (MESSAGES)\r\n");
    let running = client.running();
    assert!(running.contains(&"a") && running.contains(&"c") && running.contains(&"e"));
    assert!(!running.contains(&"d"));
    client.ok("a");
    client.ok("c");
    client.ok("e");
    if client.running().contains(&"b") {
        client.ok("b");
    }
    assert_eq!(client.running(), ["d"]);
}

/// A command that cannot be read costs one BAD, at once, and nothing of what follows it.
#[test]
fn a_broken_line_costs_one_bad() {
    let mut client = Client::authenticated();
    client.send("a NOOP\r\nb BOGUS (\r\nc NOOP\r\n");
    let text = client.take();
    assert!(text.starts_with("b BAD ") && text.lines().count() == 1, "{text}");
    client.ok("a");
    client.ok("c");
    assert_eq!(client.take(), "a OK Done\r\nc OK Done\r\n");
}

/// Among those that have ended it stands in its place.
#[test]
fn a_broken_line_is_answered_in_its_place() {
    let mut client = Client::with(Limits { transmit: 1, ..Limits::default() }, false);
    client.log_in();
    let sent = client.stall();
    client.send("a NOOP\r\nb BOGUS (\r\nc NOOP\r\n");
    client.finish("c", Outcome::ok("Done"));
    client.finish("a", Outcome::ok("Done"));
    client.session.handle_sent(client.now, sent);
    client.reads = true;
    client.pump();
    let text = client.take();
    let tags: Vec<_> = text.lines().map(|line| &line[..2]).collect();
    assert_eq!(tags, ["a ", "b ", "c "], "{text}");
}

/// A waiting command never stops the reading of what follows it.
#[test]
fn reading_goes_on_behind_a_waiting_command() {
    let mut client = Client::selected(3);
    client.send("a STORE 1 FLAGS (\\Seen)\r\nb FETCH 1 FLAGS\r\nc NOOP\r\n");
    assert_eq!(client.running(), ["a", "c"]);
    assert!(client.session.wants_bytes());
}

#[test]
fn traces_say_what_was_waited_for() {
    let mut client = Client::selected(3);
    client.session.set_tracing(client.now, 100);
    client.send("a STORE 1 FLAGS (\\Seen)\r\nb FETCH 1 FLAGS\r\n");
    client.ok("a");
    client.ok("b");
    let steps: Vec<_> = std::iter::from_fn(|| client.session.poll_trace())
        .filter(|event| event.tag.as_ref().is_some_and(|tag| tag.as_str() == "b"))
        .map(|event| event.step)
        .collect();
    let arrived = TraceStep::Arrived { octets: 15, command: Some("FETCH 1 FLAGS".into()) };
    assert_eq!(steps[0], arrived);
    let TraceStep::Waiting { tag: Some(tag), resource, .. } = &steps[1] else {
        panic!("{steps:?}")
    };
    assert_eq!(tag.as_str(), "a");
    assert!(resource.contains("flags"), "{resource}");
    assert_eq!(steps[2..5], [TraceStep::Started, TraceStep::Ended, TraceStep::FirstByte]);
    assert!(matches!(steps[5], TraceStep::Done { octets: 11, .. }), "{steps:?}");
}

/// What runs or waits when tracing begins is told, so that a slow command can be seen.
#[test]
fn traces_begin_with_what_is_under_way() {
    let mut client = Client::selected(3);
    client.send("a STORE 1 FLAGS (\\Seen)\r\nb FETCH 1 FLAGS\r\n");
    assert!(client.session.poll_trace().is_none());
    client.session.set_tracing(client.now, 100);
    let steps: Vec<_> =
        std::iter::from_fn(|| client.session.poll_trace()).map(|event| event.step).collect();
    let under_way = |name, started| TraceStep::UnderWay { name, started };
    assert_eq!(steps, [under_way("STORE", true), under_way("FETCH", false)]);
    client.session.set_tracing(client.now, 0);
    client.ok("a");
    assert!(client.session.poll_trace().is_none());
}

/// A caller that does not fetch events costs a bounded amount of memory and is told how many it
/// lost.
#[test]
fn traces_that_nobody_fetches_are_bounded() {
    const KEPT: usize = 100;
    let mut client = Client::authenticated();
    client.session.set_tracing(client.now, KEPT);
    for _ in 0..2 * KEPT / 5 {
        client.send("a NOOP\r\n");
        client.ok("a");
    }
    let kept = std::iter::from_fn(|| client.session.poll_trace()).count();
    assert_eq!(kept, KEPT);
    let lost = client.session.poll_trace_lost();
    assert!(lost as usize > KEPT / 2, "{lost}");
    assert_eq!(client.session.poll_trace_lost(), 0);
}

/// What LOGIN says is in no event, nor what a line says that could not be understood.
#[test]
fn traces_show_no_secret() {
    let mut client = Client::new();
    client.session.set_tracing(client.now, 100);
    client.send("a LOGIN fred sesame\r\n");
    client.end("a", Outcome::no(None, "No"));
    client.send("b LOGIN fred se same\r\n");
    let mut events = 0;
    while let Some(event) = client.session.poll_trace() {
        let shown = format!("{event:?}");
        assert!(!shown.contains("same") && !shown.contains("fred"), "{shown}");
        events += 1;
    }
    assert_eq!(events, 8);
}
