//! What may run beside a command that has started, and be answered before it.

use crate::client::Client;
use crate::mail::uids;
use peregrine_session::Outcome;

const APPEND: &str = "e APPEND INBOX {1+}\r\nx\r\n";

fn arrive(client: &mut Client) {
    client.mail.append(1);
    client.publish();
    client.ok("e");
}

/// A search that has started looks through the messages that there were.
#[test]
fn an_append_overtakes_what_has_started() {
    for (command, data) in [
        ("SEARCH BODY x", "* SEARCH 1 3\r\n"),
        ("UID SEARCH UNSEEN", "* SEARCH 1 3\r\n"),
        ("FETCH 1:* BODY.PEEK[]", "* 3 FETCH (BODY[] {1}\r\nx)\r\n"),
        ("STORE 1:* FLAGS.SILENT (\\Seen)", ""),
        ("UID COPY 1:* other", ""),
        ("CHECK", ""),
    ] {
        let mut client = Client::selected(3);
        client.send(format!("a {command}\r\n{APPEND}"));
        assert_eq!(client.running(), ["a", "e"], "{command}");
        assert_eq!(client.jobs[0].context.selected().unwrap().view.exists(), 3);
        arrive(&mut client);
        assert_eq!(client.take(), "* 4 EXISTS\r\ne OK Done\r\n", "{command}");
        client.end("a", Outcome::ok("Done").with_data(data));
        assert_eq!(client.take(), format!("{data}a OK Done\r\n"), "{command}");
    }
}

/// What still waits will see the messages that there are when it starts; then the APPEND goes too.
#[test]
fn an_append_waits_for_what_waits_and_starts_with_it() {
    let mut client = Client::selected(3);
    client.send(format!("w STORE 1 FLAGS (\\Seen)\r\na FETCH 1:* FLAGS\r\n{APPEND}"));
    assert_eq!(client.running(), ["w"]);
    client.ok("w");
    assert_eq!(client.running(), ["a", "e"]);
    // Named by numbers that the client knows, it waits for nothing.
    let mut client = Client::selected(3);
    client.send(format!("w STORE 1 FLAGS (\\Seen)\r\na FETCH 1:3 FLAGS\r\n{APPEND}"));
    assert_eq!(client.running(), ["w", "e"]);
}

/// EXPUNGE and CLOSE remove what they find.
#[test]
fn an_append_waits_for_what_removes_all() {
    for command in ["EXPUNGE", "CLOSE"] {
        let mut client = Client::selected(3);
        client.send(format!("a {command}\r\n{APPEND}"));
        assert_eq!(client.running(), ["a"], "{command}");
    }
}

/// A message under way is not among those that the client knows.
#[test]
fn known_messages_do_not_wait_for_an_append() {
    let mut client = Client::selected(3);
    client.send(APPEND);
    client.send("a UID FETCH 1:2 FLAGS\r\nb FETCH 2 ENVELOPE\r\nc UID STORE 3 +FLAGS (\\Seen)\r\n");
    client.send("d UID EXPUNGE 1\r\nf UID FETCH 4 FLAGS\r\ng FETCH * FLAGS\r\nh SEARCH ALL\r\n");
    assert_eq!(client.running(), ["e", "a", "b", "c"]);
    for tag in ["a", "b", "c"] {
        client.ok(tag);
    }
    assert_eq!(client.running(), ["e", "d"]);
    client.ok("d");
    assert_eq!(client.running(), ["e"]);
    arrive(&mut client);
    assert_eq!(client.running(), ["f", "g", "h"]);
    assert!(client.jobs.iter().all(|job| job.context.selected().unwrap().view.exists() == 4));
}

/// A message is put in the trash while a long search goes on. Its EXPUNGE is told at once where the
/// search speaks in UIDs; a search by numbers keeps the numbers.
#[test]
fn a_move_overtakes_a_search_by_uid() {
    let mut client = Client::selected(3);
    client.send("a UID SEARCH BODY x\r\nb UID MOVE 2 Trash\r\n");
    assert_eq!(client.running(), ["a", "b"]);
    client.mail.expunge(&[2]);
    client.publish();
    client.ok("b");
    assert_eq!(client.take(), "* 2 EXPUNGE\r\nb OK Done\r\n");
    client.end("a", Outcome::ok("Done").with_data("* SEARCH 2 3\r\n"));
    assert_eq!(client.take(), "* SEARCH 2 3\r\na OK Done\r\n");

    let mut client = Client::selected(3);
    client.send("a SEARCH BODY x\r\nb UID MOVE 2 Trash\r\n");
    assert_eq!(client.running(), ["a"]);
}

/// The search answers by the flags at its start, the STORE changes them behind its back.
#[test]
fn a_store_overtakes_a_search_that_has_started() {
    let mut client = Client::selected(3);
    client.send("a SEARCH UNSEEN BODY x\r\nb STORE 1 +FLAGS.SILENT (\\Seen)\r\n");
    assert_eq!(client.running(), ["a", "b"]);
    // The second search waits for the STORE, and the STORE behind it for both.
    client.send("c SEARCH UNSEEN\r\nd STORE 1 -FLAGS.SILENT (\\Seen)\r\n");
    assert_eq!(client.running(), ["a", "b"]);
    client.ok("b");
    assert_eq!(client.running(), ["a", "c", "d"]);
}

/// FETCH tells flags, and what comes last counts: STORE waits.
#[test]
fn a_store_waits_for_a_fetch_of_its_flags() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1:* FLAGS\r\nb STORE 1 +FLAGS.SILENT (\\Seen)\r\n");
    assert_eq!(client.running(), ["a"]);
}

/// STATUS of the selected mailbox waits only for what can change its numbers.
#[test]
fn status_of_the_selected_mailbox() {
    for (command, status, beside) in [
        ("FETCH 1:* BODY[]", "(MESSAGES UIDNEXT)", true),
        ("FETCH 1:* BODY[]", "(MESSAGES UNSEEN)", false),
        ("FETCH 1:* BODY.PEEK[]", "(MESSAGES UNSEEN)", true),
        ("SEARCH BODY x", "(MESSAGES UNSEEN)", true),
        ("UID EXPUNGE 1", "(MESSAGES)", false),
    ] {
        let mut client = Client::selected(3);
        client.send(format!("a {command}\r\nb STATUS INBOX {status}\r\n"));
        assert_eq!(client.running().contains(&"b"), beside, "{command}, {status}");
    }
}

/// A search that only uses `$` leaves it as it is, and `$` was read when the search started.
#[test]
fn a_search_of_the_saved_result_is_no_change_of_it() {
    let mut client = Client::selected(3);
    client.send("s SEARCH RETURN (SAVE) ALL\r\n");
    client.end("s", Outcome::ok("Done").with_saved(uids(&[1, 2])));
    client.send("a SEARCH $ BODY x\r\nb SEARCH RETURN (SAVE) SEEN\r\nc FETCH $ FLAGS\r\n");
    assert_eq!(client.running(), ["a", "b"]);
    client.end("b", Outcome::ok("Done").with_saved(uids(&[3])));
    client.ok("a");
    let saved = client.jobs[0].context.selected().unwrap().view.saved();
    assert_eq!(*saved, uids(&[3]));
}
