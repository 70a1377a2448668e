//! What is told of the mailbox, and when: I5 to I9 and I23.

use crate::client::Client;
use crate::mail::{own, uid, uids};
use bytes::Bytes;
use peregrine_proto::ModSeq;
use peregrine_proto::number::Number;
use peregrine_session::{Outcome, Transition};

#[test]
fn all_that_changed_is_told_before_the_reply() {
    let mut client = Client::selected(5);
    client.send("a NOOP\r\n");
    client.mail.expunge(&[2, 4]);
    client.mail.append(1);
    client.mail.flag(3, "\\Seen");
    client.publish();
    client.ok("a");
    assert_eq!(
        client.take(),
        "* 4 EXPUNGE\r\n* 2 EXPUNGE\r\n* 4 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\na OK Done\r\n"
    );
}

/// RFC 3501 §7.4.1: EXPUNGE is withheld while a command uses sequence numbers; the rest is not.
#[test]
fn expunge_is_withheld_while_numbers_are_in_use() {
    let mut client = Client::selected(5);
    client.send("a FETCH 3 FLAGS\r\nb NOOP\r\n");
    client.mail.expunge(&[2]);
    client.mail.append(1);
    client.mail.flag(5, "\\Seen");
    client.publish();
    client.ok("b");
    assert_eq!(client.take(), "* 6 EXISTS\r\n* 5 FETCH (FLAGS (\\Seen))\r\nb OK Done\r\n");
    client.ok("a");
    let text = client.take();
    assert!(!text.contains("EXPUNGE"), "{text}");
    client.send("c NOOP\r\n");
    client.ok("c");
    assert_eq!(client.take(), "* 2 EXPUNGE\r\nc OK Done\r\n");
}

/// Nor just before the reply to FETCH, STORE or SEARCH by number; their UID forms may have it.
#[test]
fn only_uid_forms_complete_with_expunge() {
    for (command, told) in [
        ("FETCH 1 FLAGS", false),
        ("STORE 1 FLAGS (\\Seen)", false),
        ("SEARCH ALL", false),
        ("COPY 1 other", true),
        ("UID FETCH 1 FLAGS", true),
        ("UID STORE 1 FLAGS (\\Seen)", true),
        ("UID SEARCH ALL", true),
        ("EXPUNGE", true),
    ] {
        let mut client = Client::selected(3);
        client.send(format!("a {command}\r\n"));
        client.mail.expunge(&[3]);
        client.publish();
        client.ok("a");
        assert_eq!(client.take().contains("* 3 EXPUNGE\r\n"), told, "{command}");
    }
}

/// A client that sent numbers before it heard of an EXPUNGE meant the numbers that it knew, even
/// where its command still waits.
#[test]
fn numbers_of_waiting_commands_do_not_shift() {
    let mut client = Client::selected(3);
    client.send("a UID STORE 2 FLAGS (\\Seen)\r\nb STORE 3 FLAGS (\\Deleted)\r\n");
    assert_eq!(client.running(), ["a"]);
    client.mail.expunge(&[1]);
    client.publish();
    client.ok("a");
    assert_eq!(client.take(), "a OK Done\r\n");
    let view = &client.jobs[0].context.selected().unwrap().view;
    assert_eq!(view.uid(peregrine_proto::SequenceNumber::new(3).unwrap()), Some(uid(3)));
    assert!(view.is_ghost(uid(1)));
}

/// Behind EXPUNGE, numbers are those after it, as if the client had waited.
#[test]
fn numbers_of_a_command_behind_expunge_are_those_after_it() {
    let mut client = Client::selected(3);
    client.send("a EXPUNGE\r\nb FETCH 1 FLAGS\r\n");
    assert_eq!(client.running(), ["a"]);
    client.mail.expunge(&[1]);
    client.publish();
    client.ok("a");
    assert_eq!(client.take(), "* 1 EXPUNGE\r\na OK Done\r\n");
    let view = &client.jobs[0].context.selected().unwrap().view;
    assert_eq!(view.exists(), 2);
    assert!(!view.is_ghost(uid(1)));
}

/// An ended command counts as in progress until its blocks are sent: they bear its numbers.
#[test]
fn expunge_waits_for_the_blocks_of_an_ended_fetch() {
    let mut client = Client::selected(3);
    client.send("a UID FETCH 1:3 FLAGS\r\nb NOOP\r\n");
    client.block("a", "* 3 FETCH (UID 3)\r\n");
    client.mail.expunge(&[1]);
    client.publish();
    client.finish("a", Outcome::ok("Done"));
    client.finish("b", Outcome::ok("Done"));
    client.pump();
    let text = client.take();
    assert!(text.find("* 3 FETCH").unwrap() < text.find("* 1 EXPUNGE").unwrap(), "{text}");
}

/// I23, and STORE's own answer bears the numbers of its view: it comes before EXPUNGE.
#[test]
fn keywords_are_announced_before_use() {
    let mut client = Client::selected(3);
    client.send("a UID STORE 3 +FLAGS ($New)\r\n");
    client.mail.flag(3, "$New");
    let change = own(client.mail.mod_seq);
    client.mail.expunge(&[1]);
    client.publish();
    let outcome = Outcome::ok("Done").with_told(vec![change]);
    client.end("a", outcome.with_data("* 3 FETCH (UID 3 FLAGS ($New))\r\n"));
    assert_eq!(
        client.take(),
        "* FLAGS ($New)\r\n* 3 FETCH (UID 3 FLAGS ($New))\r\n* 1 EXPUNGE\r\na OK Done\r\n"
    );
}

#[test]
fn keywords_are_announced_before_a_streamed_block() {
    let mut client = Client::selected(3);
    client.send("a STORE 3 +FLAGS ($New)\r\n");
    client.mail.flag(3, "$New");
    client.publish();
    client.block("a", "* 3 FETCH (FLAGS ($New))\r\n");
    client.end("a", Outcome::ok("Done").with_told(vec![own(client.mail.mod_seq)]));
    assert_eq!(client.take(), "* FLAGS ($New)\r\n* 3 FETCH (FLAGS ($New))\r\na OK Done\r\n");
}

/// What the client asked not to hear is not told; what another session did in between is.
#[test]
fn silent_changes_are_not_told_but_others_are() {
    let mut client = Client::selected(3);
    client.send("a STORE 1 +FLAGS.SILENT (\\Seen)\r\n");
    client.mail.flag(1, "\\Seen");
    client.publish();
    client.end("a", Outcome::ok("Done").with_told(vec![own(client.mail.mod_seq)]));
    assert_eq!(client.take(), "a OK Done\r\n");

    client.send("b STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
    let other = ModSeq(client.mail.flag(1, "\\Flagged"));
    let mut change = own(client.mail.flag(1, "\\Deleted"));
    change.replaced.push((uid(1), other));
    client.publish();
    client.end("b", Outcome::ok("Done").with_told(vec![change]));
    assert_eq!(client.take(), "* 1 FETCH (FLAGS (\\Seen \\Flagged \\Deleted))\r\nb OK Done\r\n");
}

/// A FETCH that began before newer flags were told may show older ones: they are told again.
#[test]
fn flags_are_told_again_after_an_older_fetch() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1:3 FLAGS\r\nb NOOP\r\n");
    client.mail.flag(2, "\\Seen");
    client.publish();
    client.ok("b");
    assert_eq!(client.take(), "* 2 FETCH (FLAGS (\\Seen))\r\nb OK Done\r\n");
    client.block("a", "* 2 FETCH (FLAGS ())\r\n");
    client.ok("a");
    assert_eq!(
        client.take(),
        "* 2 FETCH (FLAGS ())\r\n* 2 FETCH (FLAGS (\\Seen))\r\na OK Done\r\n"
    );
}

#[test]
fn uid_commands_complete_with_uids_in_updates() {
    let mut client = Client::selected(3);
    client.mail.expunge(&[1]);
    client.send("a UID SEARCH ALL\r\n");
    client.mail.flag(3, "\\Seen");
    client.publish();
    client.ok("a");
    assert_eq!(client.take(), "* 1 EXPUNGE\r\n* 2 FETCH (UID 3 FLAGS (\\Seen))\r\na OK Done\r\n");
}

#[test]
fn recent_is_told_when_its_count_changes() {
    let mut client = Client::authenticated();
    client.select(3, &[3]);
    client.send("a NOOP\r\n");
    client.mail.append(2);
    client.session.handle_snapshot(client.now, client.mail.version(), uids(&[4, 5]));
    client.ok("a");
    assert_eq!(client.take(), "* 5 EXISTS\r\n* 3 RECENT\r\na OK Done\r\n");
    client.send("b NOOP\r\n");
    client.mail.flag(4, "\\Seen");
    client.publish();
    client.ok("b");
    assert_eq!(client.take(), "* 4 FETCH (FLAGS (\\Seen \\Recent))\r\nb OK Done\r\n");
    client.send("c NOOP\r\n");
    client.mail.expunge(&[3]);
    client.publish();
    client.ok("c");
    assert_eq!(client.take(), "* 3 EXPUNGE\r\n* 2 RECENT\r\nc OK Done\r\n");
}

/// MOVE: COPYUID first, then its EXPUNGE (RFC 6851 §4.3).
#[test]
fn before_goes_before_the_updates() {
    let mut client = Client::selected(3);
    client.send("a MOVE 2 other\r\n");
    client.mail.expunge(&[2]);
    client.publish();
    let mut outcome = Outcome::ok("Done");
    outcome.before = Bytes::from_static(b"* OK [COPYUID 1 2 9] Moved\r\n");
    client.end("a", outcome);
    assert_eq!(client.take(), "* OK [COPYUID 1 2 9] Moved\r\n* 2 EXPUNGE\r\na OK Done\r\n");
}

/// CLOSE says nothing of what it expunged (RFC 3501 §6.4.2); a failed SELECT leaves nothing
/// selected (§6.3.1).
#[test]
fn leaving_a_mailbox_tells_nothing_of_it() {
    for command in ["CLOSE", "SELECT nowhere"] {
        let mut client = Client::selected(3);
        client.send(format!("a {command}\r\nb LIST \"\" *\r\n"));
        client.mail.expunge(&[1]);
        client.publish();
        if client.running().contains(&"b") {
            client.ok("b");
            assert_eq!(client.take(), "b OK Done\r\n", "{command}");
        }
        client.end("a", Outcome::ok("Done").with_transition(Transition::Unselected));
        assert!(client.take().starts_with("a OK Done\r\n"), "{command}");
        assert!(client.session.selected().is_none());
        client.send("c FETCH 1 FLAGS\r\n");
        assert_eq!(client.take(), "c BAD SELECT a mailbox first\r\n");
    }
}

/// A version that comes before SELECT's reply is out belongs to the new mailbox.
#[test]
fn versions_after_select_belong_to_the_new_mailbox() {
    let mut client = Client::authenticated();
    client.mail.append(2);
    client.send("a SELECT INBOX\r\n");
    let selected = client.selection(&[]);
    client.finish("a", Outcome::ok("Selected").with_transition(selected));
    client.mail.append(1);
    client.publish();
    client.pump();
    assert_eq!(client.take(), "a OK Selected\r\n");
    client.send("b NOOP\r\n");
    client.ok("b");
    assert_eq!(client.take(), "* 3 EXISTS\r\nb OK Done\r\n");
}

/// Megabytes of updates go out piece by piece, whole responses each, and the reply behind them.
#[test]
fn many_updates_are_sent_in_pieces() {
    let mut client = Client::selected(3000);
    client.send("a NOOP\r\nb LIST \"\" *\r\n");
    for uid in 1..=3000 {
        client.mail.flag(uid, "\\Seen");
    }
    client.publish();
    client.writes = 0;
    client.finish("a", Outcome::ok("Done"));
    client.finish("b", Outcome::ok("Done"));
    client.pump();
    let text = client.take();
    let fetches = text.lines().filter(|line| line.ends_with("FETCH (FLAGS (\\Seen))")).count();
    assert_eq!(fetches, 3000);
    assert!(text.ends_with("a OK Done\r\nb OK Done\r\n"));
    assert!(client.writes > 3, "{} writes", client.writes);
}
