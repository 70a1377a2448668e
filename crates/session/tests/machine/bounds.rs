//! The bounds of what waits, coming in and going out, each at n-1, n and n+1.

use crate::client::Client;
use peregrine_session::{Limits, Outcome};

fn client(limits: Limits) -> Client {
    let mut client = Client::with(limits, false);
    client.log_in();
    client.select(9, &[]);
    client
}

/// A command with so many octets before its CRLF.
fn long(octets: usize) -> String {
    let head = "a SEARCH TEXT ";
    format!("{head}{}\r\n", "x".repeat(octets - head.len()))
}

#[test]
fn octets_of_a_command() {
    for octets in [99, 100, 101] {
        let mut client = client(Limits { command: 100, ..Limits::default() });
        client.send(long(octets));
        let refusal = "a BAD [TOOBIG] the command is longer than 100 octets";
        assert_eq!(client.take().contains(refusal), octets > 100, "{octets}");
        assert_eq!(client.jobs.len(), usize::from(octets <= 100));
    }
}

/// Of all that has arrived and is not answered: what comes behind is read later, not refused.
#[test]
fn octets_of_unanswered_commands() {
    for octets in [99, 100, 101] {
        let mut client = client(Limits { input: 100, read_ahead: 1, ..Limits::default() });
        client.send(format!("{}b NOOP\r\n", long(octets)));
        let goes_on = octets < 100;
        assert_eq!(client.running().contains(&"b"), goes_on, "{octets}");
        client.ok("a");
        assert_eq!(client.running(), ["b"]);
    }
}

/// Octets that cannot be framed yet are taken up to the bound; the next read may exceed it.
#[test]
fn octets_read_ahead() {
    for octets in [99, 100, 101] {
        let mut client = client(Limits { commands: 1, read_ahead: 100, ..Limits::default() });
        client.send("a NOOP\r\n");
        client.send("x".repeat(octets));
        assert_eq!(client.session.wants_bytes(), octets < 100, "{octets}");
        client.ok("a");
        assert!(client.session.wants_bytes());
    }
}

#[test]
fn octets_of_one_job_that_wait() {
    for octets in [99, 100, 101] {
        let mut client = client(Limits { job_output: 100, ..Limits::default() });
        client.reads = false;
        client.send("a FETCH 1 ENVELOPE\r\nb FETCH 2 ENVELOPE\r\n");
        client.block("a", vec![b'x'; octets]);
        assert_eq!(client.session.wants_block(client.id("a")), octets < 100, "{octets}");
        assert!(client.session.wants_block(client.id("b")));
        client.reads = true;
        client.pump();
        assert!(client.session.wants_block(client.id("a")));
    }
}

/// Beyond the bound no job goes on and none starts.
#[test]
fn octets_of_all_that_wait() {
    for octets in [99, 100, 101] {
        let mut client = client(Limits { output: 100, transmit: 1, ..Limits::default() });
        let sent = client.stall();
        client.send("a FETCH 1 ENVELOPE\r\nb FETCH 2 ENVELOPE\r\n");
        client.block("a", vec![b'x'; octets]);
        let goes_on = octets < 100;
        assert_eq!(client.session.wants_block(client.id("b")), goes_on, "{octets}");
        client.send("c NOOP\r\n");
        assert_eq!(client.running().contains(&"c"), goes_on, "{octets}");
        client.session.handle_sent(client.now, sent);
        client.reads = true;
        client.pump();
        assert!(client.running().contains(&"c"));
    }
}

/// An answer that a job left behind counts as long as it is not sent.
#[test]
fn octets_of_ended_commands_count_too() {
    for octets in [99, 100, 101] {
        let mut client = client(Limits { output: 100, ..Limits::default() });
        client.reads = false;
        client.send("a SEARCH ALL\r\nb SEARCH ALL\r\n");
        client.finish("b", Outcome::ok("Done").with_data(vec![b'x'; octets]));
        client.send("c NOOP\r\n");
        assert_eq!(client.running().contains(&"c"), octets < 100, "{octets}");
        client.ok("a");
        client.reads = true;
        client.pump();
        assert!(client.running().contains(&"c"));
    }
}

/// Little is on its way at a time, so that what comes later can overtake.
#[test]
fn octets_on_their_way() {
    for octets in [4999, 5000, 5001] {
        let mut client = client(Limits { transmit: 5000, ..Limits::default() });
        client.reads = false;
        client.send("a FETCH 1:2 ENVELOPE\r\n");
        client.block("a", vec![b'x'; octets]);
        assert_eq!(client.session.poll_transmit().map(|sent| sent.len()), Some(octets));
        client.block("a", vec![b'y'; 5000]);
        let more = client.session.poll_transmit();
        assert_eq!(more.is_some(), octets < 5000, "{octets}");
        if more.is_none() {
            client.session.handle_sent(client.now, octets - 4999);
            assert!(client.session.poll_transmit().is_some());
        }
    }
}

/// Replies are gathered until a write is worth it.
#[test]
fn octets_of_a_write() {
    let replies = "n0 OK Done\r\nn1 OK Done\r\n".len();
    for (chunk, together) in [(replies - 1, 2), (replies, 2), (replies + 1, 3)] {
        let mut client = client(Limits { chunk, ..Limits::default() });
        client.reads = false;
        client.send("n0 NOOP\r\nn1 NOOP\r\nn2 NOOP\r\nn3 NOOP\r\n");
        for tag in ["n0", "n1", "n2", "n3"] {
            client.finish(tag, Outcome::ok("Done"));
        }
        let first = client.session.poll_transmit().unwrap();
        assert_eq!(first.split(|octet| *octet == b'\n').count() - 1, together, "{chunk}");
    }
}

/// However long it does not read, a client with a full pipeline costs a bounded amount of memory.
#[test]
fn a_client_that_never_reads_is_bounded() {
    let limits = Limits { commands: 8, read_ahead: 1000, ..Limits::default() };
    let (output, job) = (limits.output, limits.job_output);
    let mut client = client(limits);
    client.reads = false;
    let mut sent = 0;
    while client.session.wants_bytes() {
        client.send(format!("t{sent} UID FETCH 1 BODY.PEEK[]\r\n"));
        sent += 1;
        assert!(sent < 100, "it reads on for ever");
    }
    const BLOCK: usize = 64 * 1024;
    let mut octets = 0;
    for tag in client.running().iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>() {
        while client.session.wants_block(client.id(&tag)) {
            client.block(&tag, vec![b'x'; BLOCK]);
            octets += BLOCK;
        }
    }
    assert_eq!(client.jobs.len(), 8);
    assert!(octets <= output + BLOCK && octets > job, "{octets}");
}
