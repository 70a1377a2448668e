//! Dialogues, literals, TLS, the ways to end, and waiting for the client.

use crate::client::Client;
use peregrine_proto::MailboxName;
use peregrine_proto::response::ResponseText;
use peregrine_session::{Layer, Limits, Outcome, Spool, Transition};

#[test]
fn idle_tells_at_once_and_ends_with_done() {
    let mut client = Client::selected(3);
    client.mail.append(1);
    client.publish();
    client.send("a IDLE\r\n");
    client.prompt("a", "idling");
    assert_eq!(client.take(), "* 4 EXISTS\r\n+ idling\r\n");
    client.mail.expunge(&[2]);
    client.publish();
    client.pump();
    assert_eq!(client.take(), "* 2 EXPUNGE\r\n");
    // Trap 1: what comes in one packet with DONE is normal input.
    client.send("DONE\r\nb NOOP\r\n");
    assert_eq!(client.lines.pop().unwrap().1, "DONE");
    assert_eq!(client.running(), ["a"]);
    client.ok("a");
    client.ok("b");
    assert_eq!(client.take(), "a OK Done\r\nb OK Done\r\n");
}

/// Lines that were sent before the prompt wait for it; a failed IDLE leaves them commands.
#[test]
fn lines_before_the_prompt_wait() {
    let mut client = Client::selected(3);
    client.send("a NOOP\r\nb IDLE\r\nDONE\r\nc NOOP\r\n");
    assert_eq!(client.running(), ["a"]);
    client.ok("a");
    assert_eq!(client.running(), ["b"]);
    assert!(client.lines.is_empty());
    client.prompt("b", "idling");
    assert_eq!(client.lines.pop().unwrap().1, "DONE");
    client.ok("b");
    client.ok("c");
    assert_eq!(client.take(), "a OK Done\r\n+ idling\r\nb OK Done\r\nc OK Done\r\n");
}

#[test]
fn authenticate_takes_lines_one_by_one() {
    let mut client = Client::new();
    client.send("a AUTHENTICATE PLAIN\r\n");
    client.prompt("a", "");
    assert_eq!(client.take(), "+ \r\n");
    client.send("one\r\ntwo\r\nb NOOP\r\n");
    assert_eq!(client.lines.len(), 1);
    client.prompt("a", "bW9yZQ==");
    assert_eq!(client.lines.len(), 2);
    assert_eq!(client.lines[1].1, "two");
    client.end("a", Outcome::ok("In").with_transition(Transition::Authenticated("fred")));
    client.ok("b");
    assert_eq!(client.take(), "+ bW9yZQ==\r\na OK In\r\nb OK Done\r\n");
}

/// RFC 4978 §3: nothing is put in order behind the OK of COMPRESS before the layer has changed, and
/// what was read behind the command is handed out unread.
#[test]
fn compress_hands_out_what_follows() {
    let mut client = Client::authenticated();
    client.reads = false;
    client.send("a COMPRESS DEFLATE\r\nx NOOP\r\n");
    client.send("y NOOP\r\n");
    assert!(!client.session.wants_bytes());
    client.end("a", Outcome::ok("Go on").with_transition(Transition::Compressed));
    assert_eq!(client.session.poll_layer(), None);
    client.reads = true;
    client.pump();
    assert_eq!(client.take(), "a OK Go on\r\n");
    assert!(client.jobs.is_empty());
    let behind = Layer::Deflate("x NOOP\r\ny NOOP\r\n".into());
    assert_eq!(client.session.poll_layer(), Some(behind));
    assert_eq!(client.session.poll_layer(), None);
    client.send("b NOOP\r\n");
    client.end("b", Outcome::ok("Done"));
    assert_eq!(client.take(), "b OK Done\r\n");
    // RFC 8437 §4.1: and ends behind the OK of UNAUTHENTICATE.
    client.send("c UNAUTHENTICATE\r\n");
    assert!(!client.session.wants_bytes());
    client.end("c", Outcome::ok("Next").with_transition(Transition::Unauthenticated));
    assert_eq!(client.take(), "c OK Next\r\n");
    assert_eq!(client.session.poll_layer(), Some(Layer::Plain));
    client.send("d SELECT INBOX\r\n");
    assert_eq!(client.take(), "d BAD Log in first\r\n");
}

/// While the layer changes, nobody knows in which one a BYE would be read: none is said.
#[test]
fn no_bye_between_two_layers() {
    let mut client = Client::authenticated();
    client.send("a COMPRESS DEFLATE\r\n");
    client.end("a", Outcome::ok("Go on").with_transition(Transition::Compressed));
    client.session.handle_shutdown(client.now, ResponseText { code: None, text: "Over".into() });
    client.pump();
    assert_eq!(client.take(), "a OK Go on\r\n");
    assert!(client.session.is_closed());
}

/// T41: what was sent in clear behind STARTTLS is never answered, nor read any further.
#[test]
fn starttls_drops_what_follows() {
    let mut client = Client::new();
    client.send("a STARTTLS\r\nx NOOP\r\n");
    assert!(!client.session.wants_bytes());
    assert!(!client.session.poll_starttls());
    client.reads = false;
    client.end("a", Outcome::ok("Go on").with_transition(Transition::StartTls));
    let reply = client.session.poll_transmit().unwrap();
    assert_eq!(reply, "a OK Go on\r\n");
    assert!(!client.session.poll_starttls());
    client.session.handle_sent(client.now, reply.len());
    assert!(client.session.poll_starttls());
    client.reads = true;
    client.send("y NOOP\r\n");
    assert!(client.jobs.is_empty());
    assert_eq!(client.take(), "");
}

#[test]
fn logout_says_bye_after_all_earlier_replies() {
    let mut client = Client::selected(1);
    client.send("a NOOP\r\nb LOGOUT\r\nc NOOP\r\n");
    assert_eq!(client.running(), ["a"]);
    client.ok("a");
    client.end("b", Outcome::ok("Out").with_transition(Transition::LogOut));
    assert_eq!(client.take(), "a OK Done\r\n* BYE Logging out\r\nb OK Out\r\n");
    assert!(client.session.is_closed());
    assert!(client.jobs.is_empty());
}

/// The reply to what has ended is still sent; what runs is cancelled, what waits is dropped.
#[test]
fn shutdown_answers_what_has_ended() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1 FLAGS\r\nb NOOP\r\nc STORE 1 FLAGS (\\Seen)\r\n");
    client.finish("b", Outcome::ok("Done"));
    let text = ResponseText { code: None, text: "Going down".into() };
    client.session.handle_shutdown(client.now, text);
    client.pump();
    assert_eq!(client.take(), "b OK Done\r\n* BYE Going down\r\n");
    assert_eq!(client.cancelled, [client.id("a")]);
    assert!(client.session.is_closed());
    client.end("a", Outcome::ok("Late"));
    assert_eq!(client.take(), "");
}

#[test]
fn a_lost_client_cancels_its_jobs() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1 FLAGS\r\nb NOOP\r\n");
    client.session.handle_end(client.now);
    client.pump();
    assert_eq!(client.cancelled, [client.id("a"), client.id("b")]);
    assert!(client.session.is_closed());
    assert_eq!(client.session.poll_deadline(), None);
}

/// RFC 2180 §3.3.
#[test]
fn a_deleted_mailbox_ends_the_session() {
    let mut client = Client::selected(3);
    client.session.handle_mailbox_gone(client.now);
    client.pump();
    assert_eq!(client.take(), "* BYE The selected mailbox has been deleted\r\n");
    assert!(client.session.is_closed());
}

/// What the client deletes itself gets its reply, and so does what follows.
#[test]
fn a_delete_of_the_selected_mailbox_is_answered() {
    let mut client = Client::selected(3);
    client.send("a DELETE INBOX\r\nb NOOP\r\n");
    client.session.handle_mailbox_gone(client.now);
    client.end("a", Outcome::ok("Done").with_transition(Transition::Deleted));
    client.ok("b");
    assert_eq!(client.take(), "a OK Done\r\nb OK Done\r\n");
    assert!(client.session.selected().is_none());
    assert!(!client.session.is_closed());
}

/// A mailbox that is deleted before its SELECT is answered, which waits for its turn among LISTs.
#[test]
fn a_select_is_answered_before_its_mailbox_is_gone() {
    let mut client = Client::authenticated();
    client.send("e ENABLE IMAP4rev2\r\n");
    client.ok("e");
    client.send("a LIST \"\" *\r\ns SELECT INBOX\r\n");
    let selected = client.selection(&[]);
    client.end("s", Outcome::ok("Selected").with_transition(selected));
    client.session.handle_mailbox_gone(client.now);
    client.pump();
    assert_eq!(client.take(), "e OK Done\r\n");
    client.ok("a");
    let bye = "* BYE The selected mailbox has been deleted\r\n";
    assert_eq!(client.take(), format!("a OK Done\r\ns OK Selected\r\n{bye}"));
    assert!(client.session.is_closed());
}

/// A DELETE of our own that is refused, or of another mailbox, is answered before BYE.
#[test]
fn a_delete_of_another_mailbox_is_answered_before_the_end() {
    let mut client = Client::selected(3);
    client.send("a DELETE Archive\r\n");
    client.session.handle_mailbox_gone(client.now);
    client.ok("a");
    assert_eq!(client.take(), "a OK Done\r\n* BYE The selected mailbox has been deleted\r\n");
    assert!(client.session.is_closed());
}

/// Another DELETE that is answered first does not end the session, while that of the selected mailbox
/// is in progress.
#[test]
fn a_delete_of_the_selected_mailbox_is_answered_behind_another() {
    let mut client = Client::selected(3);
    client.send("a DELETE INBOX\r\nb DELETE Archive\r\n");
    client.session.handle_mailbox_gone(client.now);
    client.ok("b");
    client.end("a", Outcome::ok("Done").with_transition(Transition::Deleted));
    assert_eq!(client.take(), "b OK Done\r\na OK Done\r\n");
    assert!(client.session.selected().is_none());
    assert!(!client.session.is_closed());
}

/// A mailbox stays selected under a new name, whoever gave it: what names it so waits for what works
/// in it, and its DELETE is answered.
#[test]
fn a_renamed_mailbox_is_known_by_its_new_name() {
    let mut client = Client::selected(3);
    client.send("a STORE 1 +FLAGS (\\Seen)\r\nb STATUS Past (UNSEEN)\r\n");
    assert!(client.running().contains(&"b"));
    client.ok("b");
    client.session.handle_mailbox_renamed(client.now, MailboxName::new("Past").unwrap());
    client.send("c STATUS Past (UNSEEN)\r\nd STATUS INBOX (UNSEEN)\r\ne DELETE Past\r\n");
    let running = client.running();
    assert!(!running.contains(&"c") && running.contains(&"d") && !running.contains(&"e"));
    client.ok("d");
    client.ok("a");
    client.ok("c");
    client.session.handle_mailbox_gone(client.now);
    client.end("e", Outcome::ok("Done").with_transition(Transition::Deleted));
    assert!(client.take().ends_with("e OK Done\r\n"));
    assert!(client.session.selected().is_none());
    assert!(!client.session.is_closed());
}

/// A mailbox that is being selected is followed, too.
#[test]
fn a_mailbox_renamed_while_it_is_selected_is_known_by_its_new_name() {
    let mut client = Client::authenticated();
    client.send("s SELECT Work/2026\r\n");
    let mut selected = client.selection(&[]);
    if let Transition::Selected { name, .. } = &mut selected {
        *name = MailboxName::new("Work/2026").unwrap();
    }
    client.send("f FETCH 1:* FLAGS\r\na RENAME Work Past\r\n");
    client.end("s", Outcome::ok("Selected").with_transition(selected));
    client.session.handle_mailbox_renamed(client.now, MailboxName::new("Past/2026").unwrap());
    client.send("b DELETE Past/2026\r\n");
    assert!(!client.running().contains(&"b"));
}

/// The `+` for a later command's literal does not wait for earlier commands.
#[test]
fn literals_go_on_while_earlier_commands_run() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1 FLAGS\r\nb APPEND INBOX {3}\r\n");
    assert_eq!(client.take(), "+ Ready for literal data\r\n");
    client.send("abc\r\nc NOOP\r\n");
    assert!(client.running().contains(&"c"));
}

/// A large message goes to storage as it comes; a command that is refused drops it.
#[test]
fn spooled_messages_pass_through_and_are_dropped_with_their_command() {
    let length = 300_000;
    let body = vec![b'x'; length];
    for (end, selected) in [("\r\n", true), (" bogus\r\n", false)] {
        let mut client = Client::selected(3);
        client.send(format!("a APPEND INBOX {{{length}}}\r\n"));
        assert_eq!(client.take(), "+ Ready for literal data\r\n");
        client.send(&body[..1000]);
        client.send(&body[1000..]);
        client.send(end);
        let Spool::Start { id, length: announced } = client.spool[0] else { panic!() };
        assert_eq!(announced as usize, length);
        let mut octets = 0;
        for step in &client.spool {
            if let Spool::Data { data, .. } = step {
                octets += data.len();
            }
        }
        assert_eq!(octets, length);
        if selected {
            assert_eq!(client.spool.last(), Some(&Spool::End { id }));
            assert_eq!(client.running(), ["a"]);
        } else {
            assert_eq!(client.spool.last(), Some(&Spool::Dropped { id }));
        }
    }
}

#[test]
fn a_client_that_goes_in_the_middle_of_a_message_leaves_nothing() {
    let mut client = Client::selected(3);
    client.send("a APPEND INBOX {300000}\r\nabc");
    client.session.handle_end(client.now);
    client.pump();
    let Spool::Start { id, .. } = client.spool[0] else { panic!() };
    assert_eq!(client.spool.last(), Some(&Spool::Dropped { id }));
}

#[test]
fn logging_in_takes_thirty_seconds_at_most() {
    let mut client = Client::new();
    client.wait(29);
    client.send("a NOOP\r\n");
    client.ok("a");
    client.take();
    assert!(!client.session.is_closed());
    client.wait(1);
    assert_eq!(client.take(), "* BYE You have not logged in in time\r\n");
    assert!(client.session.is_closed());
}

#[test]
fn silence_ends_after_31_minutes_but_never_during_a_command() {
    let mut client = Client::authenticated();
    client.wait(31 * 60 - 1);
    assert_eq!(client.take(), "");
    client.send("a NOOP\r\n");
    client.wait(31 * 60 + 1);
    assert!(client.take().starts_with("* OK [INPROGRESS "));
    client.ok("a");
    assert_eq!(client.take(), "a OK Done\r\n");
    client.wait(31 * 60);
    assert_eq!(client.take(), "* BYE Nothing has been heard of you for too long\r\n");
}

/// Trap 21: IDLE is never ended from here, and gateways see life every two minutes.
#[test]
fn idle_is_kept_alive() {
    let mut client = Client::selected(1);
    client.send("a IDLE\r\n");
    client.prompt("a", "idling");
    client.take();
    for _ in 0..100 {
        client.wait(119);
        assert_eq!(client.take(), "");
        client.wait(1);
        assert_eq!(client.take(), "* OK Still here\r\n");
    }
    client.send("DONE\r\n");
    client.ok("a");
    assert_eq!(client.take(), "a OK Done\r\n");
}

/// T62: a client that does not read is cut after a minute without progress.
#[test]
fn a_client_that_does_not_read_is_cut() {
    let mut client = Client::selected(1);
    client.send("a FETCH 1 FLAGS\r\n");
    client.reads = false;
    client.block("a", [b'x'; 1000]);
    client.pump();
    assert!(client.session.poll_transmit().is_some());
    client.wait(59);
    client.session.handle_sent(client.now, 1);
    client.wait(59);
    assert!(!client.session.is_closed());
    client.wait(1);
    assert!(client.session.is_closed());
    assert_eq!(client.cancelled, [client.id("a")]);
}

/// While a client does not read, its jobs stop, and what is kept for it is bounded.
#[test]
fn a_slow_client_stops_its_jobs() {
    let limits = Limits::default();
    let mut client = Client::selected(1);
    client.send("a FETCH 1 FLAGS\r\nb FETCH 1 FLAGS\r\n");
    client.reads = false;
    let mut given = [0, 0];
    for _ in 0..10_000 {
        for (n, tag) in ["a", "b"].into_iter().enumerate() {
            if client.session.wants_block(client.id(tag)) {
                client.block(tag, [b'x'; 1000]);
                given[n] += 1000;
            }
        }
        client.session.poll_transmit();
    }
    let bound = limits.job_output * 2 + limits.transmit + limits.chunk * 2 + 4000;
    assert!(given[0] + given[1] < bound, "{given:?}");
    assert!(given[0].abs_diff(given[1]) < limits.chunk * 2, "{given:?}");
    client.session.handle_sent(client.now, limits.transmit);
    client.reads = true;
    client.pump();
    assert!(client.session.wants_block(client.id("a")));
}

/// Replies that cannot be sent keep further commands from starting.
#[test]
fn unsent_answers_hold_back_new_commands() {
    let limits = Limits { output: 10_000, transmit: 1, ..Limits::default() };
    let mut client = Client::with(limits, false);
    client.log_in();
    let sent = client.stall();
    client.send("a LIST \"\" *\r\nb LIST \"\" *\r\n");
    client.end("a", Outcome::ok("Done").with_data(vec![b'x'; 10_000]));
    client.send("c NOOP\r\n");
    assert_eq!(client.running(), ["b"]);
    client.session.handle_sent(client.now, sent);
    client.reads = true;
    client.pump();
    assert_eq!(client.running(), ["b", "c"]);
}
