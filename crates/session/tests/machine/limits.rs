//! Each limit at n-1, n and n+1.

use crate::client::Client;
use peregrine_session::{Limits, Outcome, ZeroLimit};

#[test]
fn zero_is_refused() {
    assert_eq!(Limits::default().check(), Ok(()));
    let zero = Limits { commands: 0, ..Limits::default() };
    assert_eq!(zero.check(), Err(ZeroLimit("commands")));
    let zero = Limits { idle: std::time::Duration::ZERO, ..Limits::default() };
    assert_eq!(zero.check(), Err(ZeroLimit("idle")));
}

#[test]
fn bad_commands() {
    for (logged_in, limit) in [(false, 3), (true, 20)] {
        let mut client = Client::new();
        if logged_in {
            client.log_in();
        }
        for n in 1..=limit {
            assert!(!client.session.is_closed());
            client.send("a BOGUS\r\n");
            assert_eq!(client.session.is_closed(), n == limit);
        }
        let text = client.take();
        assert_eq!(text.matches("a BAD").count(), limit);
        assert!(text.ends_with("* BYE Too many bad commands\r\n"), "{text}");
        // The log says why.
        assert_eq!(client.session.last_words(), Some("Too many bad commands"));
    }
}

/// Somebody who types by hand for days makes more mistakes than the limit, but not in a row.
#[test]
fn bad_commands_are_forgiven_after_login() {
    let mut client = Client::new();
    client.log_in();
    for _ in 0..3 {
        client.send("a BOGUS\r\n".repeat(19));
        client.send("b NOOP\r\n");
        client.end("b", Outcome::ok("Nothing done"));
        assert!(!client.session.is_closed());
    }
}

/// All in one packet: what stands behind the last bad command is never answered.
#[test]
fn bad_commands_in_one_packet() {
    let mut client = Client::new();
    client.send("a BOGUS\r\n".repeat(10));
    let text = client.take();
    assert!(text.ends_with("* BYE Too many bad commands\r\n"), "{text}");
}

#[test]
fn login_failures() {
    let mut client = Client::new();
    for n in 1..=3 {
        client.send("a LOGIN fred wrong\r\n");
        client.end("a", Outcome::no(None, "No"));
        assert_eq!(client.session.is_closed(), n == 3);
    }
    assert_eq!(client.take(), "a NO No\r\na NO No\r\na NO No\r\n* BYE Too many failed logins\r\n");
}

/// T04: before login a line too long is the end; afterwards it costs one BAD. CR counts.
#[test]
fn lines() {
    for (logged_in, limit) in [(false, 8 * 1024), (true, 64 * 1024)] {
        for length in [limit - 1, limit, limit + 1] {
            let mut client = Client::new();
            if logged_in {
                client.log_in();
            }
            let line = format!("a BOGUS {}", "x".repeat(length));
            client.send(&line.as_bytes()[..length - 1]);
            client.send("\r\n");
            let text = client.take();
            let ended = client.session.is_closed();
            assert_eq!(ended, !logged_in && length > limit, "{length}: {text}");
            let too_long = text.contains("longer");
            assert_eq!(too_long, length > limit, "{length}: {text}");
            if !ended {
                client.send("z NOOP\r\n");
                client.ok("z");
                assert_eq!(client.take(), "z OK Done\r\n");
            }
        }
    }
}

/// T10 and T13 in small: a literal above its limit is refused, and nothing of it is a command.
#[test]
fn literals_before_login() {
    for length in [4095, 4096, 4097] {
        let mut client = Client::new();
        client.send(format!("a LOGIN {{{length}}}\r\n"));
        let text = client.take();
        if length > 4096 {
            assert!(text.starts_with("a NO [TOOBIG]"), "{text}");
        } else {
            assert_eq!(text, "+ Ready for literal data\r\n");
        }
    }
}

/// T13: what follows a refused literal is a command, or else the end: lines of a message are not
/// tried as commands one after the other.
#[test]
fn what_follows_a_refused_literal() {
    for (next, ended) in
        [("b NOOP\r\nc BOGUS\r\n", false), ("Subject: x\r\n", true), ("\r\n", true)]
    {
        let mut client = Client::new();
        client.log_in();
        client.send(format!("a SELECT {{100000}}\r\n{next}"));
        let text = client.take();
        assert!(text.starts_with("a NO [TOOBIG]"), "{text}");
        assert_eq!(text.contains("* BYE "), ended, "{next}: {text}");
    }
}

/// T01: a command with NUL gets its BAD; before login, nothing more.
#[test]
fn nul() {
    for logged_in in [false, true] {
        let mut client = Client::new();
        if logged_in {
            client.log_in();
        }
        client.send("a LOGIN u\0 x\r\nb BOGUS\r\n");
        let text = client.take();
        assert!(text.starts_with("a BAD "), "{text}");
        assert_eq!(text.contains("b BAD "), logged_in, "{text}");
        assert_eq!(client.session.is_closed(), !logged_in);
    }
}

/// Beyond the bound reading stops; it is no error, and goes on when a command has ended.
#[test]
fn unfinished_commands() {
    let limits = Limits { commands: 3, read_ahead: 1, ..Limits::default() };
    for count in [2, 3, 4] {
        let mut client = Client::with(limits.clone(), false);
        client.log_in();
        client.send((0..count).map(|n| format!("n{n} NOOP\r\n")).collect::<String>());
        assert_eq!(client.jobs.len(), count.min(3));
        assert_eq!(client.session.wants_bytes(), count <= 3);
        client.ok("n0");
        assert!(client.session.wants_bytes());
        assert_eq!(client.jobs.len(), count - 1);
    }
}

#[test]
fn octets_of_unfinished_commands() {
    let limits = Limits { input: 20, read_ahead: 1, ..Limits::default() };
    let mut client = Client::with(limits, false);
    client.log_in();
    client.send("a1 NOOP\r\na2 NOOP\r\n");
    assert!(client.session.wants_bytes());
    client.send("a3 NOOP\r\na4 NOOP\r\n");
    assert_eq!(client.running(), ["a1", "a2", "a3"]);
    assert!(!client.session.wants_bytes());
    client.ok("a1");
    assert_eq!(client.running(), ["a2", "a3", "a4"]);
}

/// T17: a browser gets a BYE that echoes nothing.
#[test]
fn http() {
    let mut client = Client::new();
    client.send("GET /secret HTTP/1.1\r\nHost: evil\r\n\r\n");
    assert_eq!(client.take(), "* BYE This is an IMAP server\r\n");
    assert!(client.session.is_closed());
}

/// T55: an IDLE that is fed anything but DONE ends.
#[test]
fn endless_line_in_idle() {
    let mut client = Client::selected(1);
    client.send("a IDLE\r\n");
    client.prompt("a", "idling");
    client.take();
    for _ in 0..100 {
        client.send([b'x'; 1000]);
    }
    assert!(client.take().starts_with("* BYE "));
    assert!(client.session.is_closed());
}

/// An idle connection is mostly this struct.
#[test]
fn an_idle_session_is_small() {
    let size = std::mem::size_of::<peregrine_session::Session<crate::mail::Fake>>();
    assert!(size < 1536, "{size} octets");
}
