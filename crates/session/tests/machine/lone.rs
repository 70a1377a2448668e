//! Commands that come while nothing else is unfinished, and end at once.

use crate::client::Client;
use peregrine_session::{Limits, Outcome};

/// Feeds octets to a client's session and ends each job at once with so much data, without sending
/// anything. The tags of the jobs.
fn at_once(client: &mut Client, octets: &str, data: &'static [u8]) -> Vec<String> {
    client.session.handle_bytes(client.now, octets.to_owned().into());
    let mut tags = Vec::new();
    while let Some(job) = client.session.poll_job() {
        tags.push(job.tag.to_string());
        let outcome = Outcome::ok("Done").with_data(data);
        client.session.handle_outcome(client.now, job.id, outcome);
    }
    tags
}

#[test]
fn what_others_changed_is_told_before_the_reply() {
    let mut client = Client::selected(3);
    client.mail.append(1);
    client.publish();
    assert_eq!(at_once(&mut client, "a NOOP\r\nb NOOP\r\n", b""), ["a", "b"]);
    client.pump();
    assert_eq!(client.take(), "* 4 EXISTS\r\na OK Done\r\nb OK Done\r\n");
}

#[test]
fn replies_keep_the_order_of_sending() {
    let mut client = Client::selected(3);
    let octets = "a UID FETCH 1 FLAGS\r\nb BOGUS\r\nc NOOP\r\nd FETCH 9 FLAGS\r\ne NOOP\r\n";
    assert_eq!(at_once(&mut client, octets, b""), ["a", "c", "d", "e"]);
    client.pump();
    let said = client.take();
    let tags: Vec<_> = said.lines().map(|line| &line[..1]).collect();
    assert_eq!(tags, ["a", "b", "c", "d", "e"]);
}

/// A client that takes nothing costs a bounded amount of memory: as many commands begin as may be
/// unfinished, and those whose answers fill the first write.
#[test]
fn answers_that_nobody_takes_are_bounded() {
    let data: &[u8] = &[b'*'; 1000];
    let limits = Limits { chunk: 4096, transmit: 4096, commands: 10, ..Limits::default() };
    let mut client = Client::with(limits, false);
    client.log_in();
    let octets: String = (0..1000).map(|n| format!("t{n} NOOP\r\n")).collect();
    // Five fill a chunk; these are answered. The others end, and wait to be.
    assert_eq!(at_once(&mut client, &octets, data).len(), 5 + 10);
    client.reads = false;
    client.pump();
    assert_eq!(client.jobs.len(), 0);
}
