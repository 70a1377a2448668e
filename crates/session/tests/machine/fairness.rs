//! Nobody starves: neither a large answer among endless small ones, nor an EXPUNGE among endless
//! FETCHes.

use crate::client::Client;
use peregrine_session::{Limits, Outcome};

/// Each round a LIST ends with an answer that fills a write by itself.
#[test]
fn endless_small_answers_do_not_starve_a_large_one() {
    for patience in [64 * 1024, 256 * 1024] {
        let limits = Limits { patience, transmit: 1, ..Limits::default() };
        let mut client = Client::with(limits, false);
        client.log_in();
        client.select(3, &[]);
        client.send("a FETCH 1:3 BODY.PEEK[]\r\n");
        client.reads = false;
        client.block("a", "* 1 FETCH (BODY[] {1}\r\nx)\r\n");
        let mut sent = client.session.poll_transmit().unwrap().len();
        client.block("a", "* 2 FETCH (BODY[] {1}\r\nx)\r\n");
        let mut passed = 0;
        loop {
            client.send("l LIST \"\" *\r\n");
            client.finish("l", Outcome::ok("Done").with_data(vec![b'l'; 20_000]));
            client.session.handle_sent(client.now, sent);
            let octets = client.session.poll_transmit().unwrap();
            sent = octets.len();
            if octets.windows(9).any(|part| part == b"* 2 FETCH") {
                break;
            }
            passed += octets.len();
            assert!(passed < patience + 20_100, "{passed} octets have passed it by");
        }
        assert!(passed >= patience - 20_100, "it goes after {passed} octets already");
    }
}

/// Streams of one small piece each, one behind the other: each is the least ahead.
#[test]
fn endless_small_streams_do_not_starve_a_large_one() {
    let mut client = Client::with(Limits { transmit: 1, ..Limits::default() }, false);
    client.log_in();
    client.select(3, &[]);
    client.send("a FETCH 1:3 BODY.PEEK[]\r\n");
    client.reads = false;
    client.block("a", vec![b'a'; 100_000]);
    let mut sent = client.session.poll_transmit().unwrap().len();
    client.block("a", vec![b'a'; 100_000]);
    let mut passed = 0;
    loop {
        client.send("f UID FETCH 2 ENVELOPE\r\n");
        client.block("f", vec![b'f'; 20_000]);
        client.finish("f", Outcome::ok("Done"));
        client.session.handle_sent(client.now, sent);
        let octets = client.session.poll_transmit().unwrap();
        sent = octets.len();
        if octets.starts_with(b"a") {
            break;
        }
        passed += octets.len();
        assert!(passed < 100_000, "{passed} octets have passed it by");
    }
}

/// Two UID FETCHes always overlap; after the limit the next one waits until EXPUNGE is told.
#[test]
fn endless_fetches_do_not_starve_expunge() {
    for limit in [1, 2, 3, 10] {
        let mut client = Client::with(Limits { withheld: limit, ..Limits::default() }, false);
        client.log_in();
        client.select(3, &[]);
        client.send("t0 UID FETCH 1:* ENVELOPE\r\n");
        client.mail.expunge(&[2]);
        client.publish();
        let mut replies = 0;
        while client.running().len() == 1 {
            client.send(format!("t{} UID FETCH 1:* ENVELOPE\r\n", replies + 1));
            if client.running().len() < 2 {
                break;
            }
            client.ok(&format!("t{replies}"));
            assert_eq!(client.take(), format!("t{replies} OK Done\r\n"));
            replies += 1;
            assert!(replies <= limit + 1, "EXPUNGE is never told");
        }
        // Of the first reply it is not known yet that there is something to withhold.
        assert_eq!(replies, limit + 1);
        client.ok(&format!("t{replies}"));
        assert_eq!(client.take(), format!("* 2 EXPUNGE\r\nt{replies} OK Done\r\n"));
        assert_eq!(client.jobs[0].context.selected().unwrap().view.exists(), 2);
    }
}

/// By sequence numbers the client says which messages it means: those that it knows. It has to
/// pause if it wants to be told (RFC 3501 §7.4.1); a NOOP among them is not enough.
#[test]
fn commands_by_number_are_never_held_for_expunge() {
    let mut client = Client::with(Limits { withheld: 1, ..Limits::default() }, false);
    client.log_in();
    client.select(3, &[]);
    client.send("t0 FETCH 1:3 ENVELOPE\r\n");
    client.mail.expunge(&[2]);
    client.publish();
    for n in 0..10 {
        client.send(format!("t{} FETCH 1:3 ENVELOPE\r\nn NOOP\r\n", n + 1));
        client.ok("n");
        client.ok(&format!("t{n}"));
        assert_eq!(client.take(), format!("n OK Done\r\nt{n} OK Done\r\n"));
    }
    client.ok("t10");
    client.send("n NOOP\r\n");
    client.ok("n");
    assert_eq!(client.take(), "t10 OK Done\r\n* 2 EXPUNGE\r\nn OK Done\r\n");
}

/// A UID FETCH that waits has not been numbered yet: it does not keep EXPUNGE from being told.
#[test]
fn a_waiting_fetch_by_uid_takes_new_numbers() {
    let mut client = Client::selected(3);
    client.send("a UID STORE 3 FLAGS.SILENT (\\Seen)\r\nb UID FETCH 3 FLAGS\r\n");
    assert_eq!(client.running(), ["a"]);
    client.mail.expunge(&[1]);
    client.publish();
    client.ok("a");
    assert_eq!(client.take(), "* 1 EXPUNGE\r\na OK Done\r\n");
    assert_eq!(client.jobs[0].context.selected().unwrap().view.exists(), 2);
}
