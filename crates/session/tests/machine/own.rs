//! What a client did itself is not told again; what others did is, once.

use crate::client::Client;
use crate::mail::{own, uid};
use peregrine_proto::ModSeq;
use peregrine_session::{Outcome, OwnChange};

/// So many `UID STORE n +FLAGS` in one packet, of a kind.
fn stores(client: &mut Client, count: u32, kind: &str) {
    let all = (1..=count).map(|n| format!("t{n} UID STORE {n} {kind} (\\Seen)\r\n"));
    client.send(all.collect::<String>());
    assert_eq!(client.running().len(), count as usize);
}

fn end(client: &mut Client, n: u32, change: OwnChange) {
    client.end(&format!("t{n}"), Outcome::ok("Done").with_told(vec![change]));
}

/// RFC 3501 §6.4.6: one commit for all of them, and the first answer comes when all are visible.
#[test]
fn pipelined_silent_stores_tell_nothing() {
    for reversed in [false, true] {
        let mut client = Client::selected(20);
        stores(&mut client, 20, "+FLAGS.SILENT");
        let mut changes: Vec<_> =
            (1..=20).map(|n| (n, own(client.mail.flag(n, "\\Seen")))).collect();
        if reversed {
            changes.reverse();
        }
        client.publish();
        for (n, change) in changes {
            end(&mut client, n, change);
            assert_eq!(client.take(), format!("t{n} OK Done\r\n"));
        }
    }
}

/// With answers of their own, each change is told once, by its own command.
#[test]
fn pipelined_stores_tell_each_change_once() {
    let mut client = Client::selected(20);
    stores(&mut client, 20, "+FLAGS");
    let changes: Vec<_> = (1..=20).map(|n| (n, own(client.mail.flag(n, "\\Seen")))).collect();
    client.publish();
    for (n, change) in changes {
        let data = format!("* {n} FETCH (UID {n} FLAGS (\\Seen))\r\n");
        let outcome = Outcome::ok("Done").with_data(data.clone()).with_told(vec![change]);
        client.end(&format!("t{n}"), outcome);
        assert_eq!(client.take(), format!("{data}t{n} OK Done\r\n"));
    }
}

/// Each FETCH tells with its body that it has set \Seen, and no other one does.
#[test]
fn pipelined_fetches_tell_each_change_once() {
    let mut client = Client::selected(20);
    let all = (1..=20).map(|n| format!("t{n} UID FETCH {n} BODY[]\r\n"));
    client.send(all.collect::<String>());
    let changes: Vec<_> = (1..=20).map(|n| (n, own(client.mail.flag(n, "\\Seen")))).collect();
    client.publish();
    for (n, change) in changes {
        let data = format!("* {n} FETCH (UID {n} BODY[] \"x\" FLAGS (\\Seen))\r\n");
        client.block(&format!("t{n}"), &data);
        client.end(&format!("t{n}"), Outcome::ok("Done").with_told(vec![change]));
        assert_eq!(client.take(), format!("{data}t{n} OK Done\r\n"));
    }
}

/// A FETCH that has begun to answer has set what it sets: it holds back no news any longer.
#[test]
fn a_long_fetch_does_not_hold_back_news() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1:3 BODY[]\r\nb NOOP\r\nc NOOP\r\n");
    client.mail.flag(3, "\\Flagged");
    client.publish();
    client.ok("b");
    assert_eq!(client.take(), "b OK Done\r\n");
    client.block("a", "* 1 FETCH (BODY[] \"x\")\r\n");
    client.ok("c");
    let told = client.take();
    assert!(told.contains("* 3 FETCH (FLAGS (\\Flagged))\r\nc OK Done\r\n"), "{told}");
}

/// Another session changed message 2 before, message 4 after it: both are told once, and no other.
#[test]
fn what_another_session_changed_in_between_is_told_once() {
    let mut client = Client::selected(5);
    stores(&mut client, 5, "+FLAGS.SILENT");
    let other = ModSeq(client.mail.flag(2, "\\Flagged"));
    let mut changes: Vec<_> = (1..=5).map(|n| (n, own(client.mail.flag(n, "\\Seen")))).collect();
    changes[1].1.replaced.push((uid(2), other));
    client.mail.flag(4, "\\Flagged");
    client.publish();
    for (n, change) in changes {
        end(&mut client, n, change);
    }
    let told: Vec<_> =
        client.take().lines().filter(|l| l.contains("FETCH")).map(str::to_owned).collect();
    let expected = [
        "* 2 FETCH (UID 2 FLAGS (\\Flagged \\Seen))",
        "* 4 FETCH (UID 4 FLAGS (\\Seen \\Flagged))",
    ];
    assert_eq!(told, expected);
    client.send("z NOOP\r\n");
    client.ok("z");
    assert_eq!(client.take(), "z OK Done\r\n");
}

/// Two additions to one message run at once: the second follows the first, and nobody else.
#[test]
fn silent_stores_to_one_message_form_a_chain() {
    for order in [["a", "b"], ["b", "a"]] {
        let mut client = Client::selected(3);
        client.send("a STORE 1 +FLAGS.SILENT (\\Seen)\r\nb STORE 1 +FLAGS.SILENT (\\Flagged)\r\n");
        assert_eq!(client.running(), ["a", "b"]);
        assert_eq!(client.jobs[0].context.selected().unwrap().known, ModSeq(2));
        let first = client.mail.flag(1, "\\Seen");
        let mut second = own(client.mail.flag(1, "\\Flagged"));
        second.replaced.push((uid(1), ModSeq(first)));
        client.publish();
        for tag in order {
            let change = if tag == "a" { own(first) } else { second.clone() };
            client.end(tag, Outcome::ok("Done").with_told(vec![change]));
            assert_eq!(client.take(), format!("{tag} OK Done\r\n"));
        }
    }
}

/// While a STORE is in progress it is not known whose change is seen; a later command starts with
/// that in mind. If the STORE failed, it was somebody else's.
#[test]
fn what_is_held_back_for_a_store_is_told_at_its_end() {
    let mut client = Client::selected(3);
    client.send("a STORE 1 +FLAGS.SILENT (\\Seen)\r\nb NOOP\r\n");
    client.mail.flag(1, "\\Flagged");
    client.mail.flag(2, "\\Flagged");
    client.publish();
    client.ok("b");
    assert_eq!(client.take(), "* 2 FETCH (FLAGS (\\Flagged))\r\nb OK Done\r\n");
    client.send("c STORE 3 +FLAGS.SILENT (\\Seen)\r\n");
    // Message 1 may have changed since version 2, although version 4 has been looked at.
    assert_eq!(client.jobs[1].context.selected().unwrap().known, ModSeq(2));
    client.end("a", Outcome::no(None, "Failed"));
    assert_eq!(client.take(), "* 1 FETCH (FLAGS (\\Flagged))\r\na NO Failed\r\n");
    client.ok("c");
    assert_eq!(client.take(), "c OK Done\r\n");
}

/// What is held back goes when its message goes.
#[test]
fn what_is_held_back_is_forgotten_with_its_message() {
    let mut client = Client::selected(3);
    client.send("a UID STORE 2 +FLAGS.SILENT (\\Seen)\r\nb NOOP\r\nc NOOP\r\n");
    client.mail.flag(2, "\\Flagged");
    client.publish();
    client.ok("b");
    client.mail.expunge(&[2]);
    client.publish();
    client.ok("c");
    client.ok("a");
    assert_eq!(client.take(), "b OK Done\r\nc OK Done\r\n* 2 EXPUNGE\r\na OK Done\r\n");
}

/// Only the messages that a FETCH named are told again at its end.
#[test]
fn a_fetch_tells_again_only_what_it_showed() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1 FLAGS\r\nb NOOP\r\n");
    client.mail.flag(1, "\\Seen");
    client.mail.flag(2, "\\Seen");
    client.publish();
    client.ok("b");
    client.take();
    client.end("a", Outcome::ok("Done").with_data("* 1 FETCH (FLAGS ())\r\n"));
    assert_eq!(
        client.take(),
        "* 1 FETCH (FLAGS ())\r\n* 1 FETCH (FLAGS (\\Seen))\r\na OK Done\r\n"
    );
}
