//! A conversation that is cut at every octet, in each direction: no call hangs, none gives a wrong
//! answer, and the error says what happened.

use crate::wire::Wire;
use crate::wire::command;
use peregrine_client::machine::{CommandId, Machine, Request};
use peregrine_client::{Error, Settings, Update};
use std::time::Instant;

/// What is asked, all at once, and what the server says; tags are `t0` and so on.
const ASKED: [&str; 5] = [
    "UID FETCH 1:3 (FLAGS BODY.PEEK[])",
    "UID STORE 4 +FLAGS.SILENT (\\Seen)",
    "STATUS x (MESSAGES)",
    "UID SEARCH ALL",
    "APPEND y {4+}\r\nmail",
];

fn said(first: u64) -> String {
    let tag = |number: u64| format!("t{}", first + number);
    format!(
        "* 1 FETCH (UID 1 FLAGS () BODY[] {{4}}\r\none!)\r\n\
         * 2 FETCH (FLAGS (\\Seen) UID 2 BODY[] \"two\")\r\n{} OK stored\r\n\
         * STATUS x (MESSAGES 7)\r\n{} OK status\r\n* SEARCH 1 2\r\n{} OK searched\r\n\
         * 10 EXISTS\r\n{} OK [APPENDUID 7 9] appended\r\n{} OK fetched\r\n",
        tag(1),
        tag(2),
        tag(3),
        tag(4),
        tag(0),
    )
}

#[test]
fn what_the_server_says_is_cut_at_every_octet() {
    let whole = said(begin().1[0].0);
    for end in 0..=whole.len() {
        let (mut wire, ids) = begin();
        wire.says(&whole[..end]);
        wire.machine.closed();
        wire.settle();
        for (id, asked) in ids.iter().zip(ASKED) {
            let tagged = format!("t{} OK", id.0);
            let complete =
                whole[..end].rsplit("\r\n").skip(1).any(|line| line.starts_with(&tagged));
            match wire.result(*id) {
                Some(Ok(_)) => assert!(complete, "{asked} at {end}"),
                Some(Err(Error::Lost { sent, cause, .. })) => {
                    assert!(!complete && *sent, "{asked} at {end}");
                    assert_eq!(cause.to_string(), "the server closed the connection");
                }
                other => panic!("{asked} at {end}: {other:?}"),
            }
        }
        let last = wire.updates().last();
        assert!(matches!(last, Some(Update::Lost(_))), "at {end}: {last:?}");
        let exists = wire.updates().any(|update| matches!(update, Update::Exists(10)));
        assert_eq!(exists, whole[..end].contains("* 10 EXISTS\r\n"), "at {end}");
    }
}

/// What is answered is the same however it was cut into reads.
#[test]
fn cuts_between_reads_change_nothing() {
    let (_, ids) = begin();
    let whole = said(ids[0].0);
    let expected = {
        let (mut wire, _) = begin();
        wire.says(&whole);
        format!("{:?}", wire.events)
    };
    for cut in 0..=whole.len() {
        let (mut wire, _) = begin();
        wire.sent();
        wire.machine.receive(wire.now, &whole.as_bytes()[..cut]);
        wire.sent();
        wire.machine.receive(wire.now, &whole.as_bytes()[cut..]);
        wire.settle();
        assert_eq!(format!("{:?}", wire.events), expected, "cut at {cut}");
    }
}

/// Greeting and login too: a connection that ends before its greeting says so.
#[test]
fn the_beginning_is_cut_at_every_octet() {
    let whole = "* OK [CAPABILITY IMAP4rev1] hello\r\nt0 OK [CAPABILITY IMAP4rev1] in\r\n";
    for end in 0..whole.len() {
        let now = Instant::now();
        let mut machine = Machine::new(Settings::default(), "t", true, now);
        let body = command("LOGIN ann secret");
        machine.submit(now, CommandId(0), Request { body, epoch: None });
        for octet in &whole.as_bytes()[..end] {
            machine.receive(now, &[*octet]);
            while machine.poll_transmit().is_some() {}
        }
        machine.closed();
        let mut answered = false;
        while let Some(event) = machine.poll_event() {
            answered |= matches!(event, peregrine_client::machine::Event::Done(_, Err(_)));
        }
        assert!(answered, "cut at {end}");
        assert!(machine.lost().is_some());
    }
}

fn begin() -> (Wire, Vec<CommandId>) {
    let mut wire = Wire::selected(Settings::default());
    let ids = ASKED.iter().map(|asked| wire.sends(command(asked))).collect();
    wire.sent();
    (wire, ids)
}
