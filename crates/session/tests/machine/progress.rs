//! Word of commands that take long (RFC 9585), on simulated time.

use crate::client::Client;

fn word(tag: &str) -> String {
    format!("* OK [INPROGRESS (\"{tag}\" NIL NIL)] Still at work\r\n")
}

/// Each of several long commands is named by its own tag, every ten seconds of its own silence.
#[test]
fn each_long_command_is_named() {
    let mut client = Client::selected(3);
    client.send("a UID SEARCH BODY x\r\n");
    client.wait(4);
    client.send("b UID SEARCH RETURN (COUNT) BODY y\r\n");
    assert_eq!(client.running(), ["a", "b"]);
    client.wait(5);
    assert_eq!(client.take(), "");
    client.wait(1);
    assert_eq!(client.take(), word("a"));
    client.wait(4);
    assert_eq!(client.take(), word("b"));
    client.wait(6);
    assert_eq!(client.take(), word("a"));
    client.ok("a");
    client.take();
    client.wait(30);
    assert_eq!(client.take(), word("b"));
    client.ok("b");
    client.take();
    client.wait(30);
    assert_eq!(client.take(), "");
}

/// A FETCH that sends something is not silent, and nothing is said of IDLE or of who waits.
#[test]
fn only_silence_is_broken() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1:3 BODY[]\r\nb STORE 1 +FLAGS (\\Deleted)\r\nc EXPUNGE\r\n");
    client.wait(9);
    client.block("a", "* 1 FETCH (BODY[] \"\")\r\n");
    client.pump();
    client.take();
    client.wait(9);
    let told = client.take();
    assert!(!told.contains("\"a\""), "{told}");
    client.wait(1);
    let told = client.take();
    assert!(told.contains("\"a\"") && !told.contains("\"c\""), "{told}");
    for tag in ["a", "b", "c"] {
        client.ok(tag);
    }
    client.send("d IDLE\r\n");
    client.prompt("d", "idling");
    client.take();
    client.wait(60);
    assert_eq!(client.take(), "");
}

/// In the middle of a response nothing is said, and not before login.
#[test]
fn a_response_is_not_broken_up() {
    let mut client = Client::selected(3);
    client.send("a FETCH 1 BODY[]\r\nb UID SEARCH BODY x\r\n");
    client.part("a", "* 1 FETCH (BODY[] {3}\r\nab");
    client.pump();
    client.take();
    client.wait(20);
    assert_eq!(client.take(), "");
    client.block("a", "c)\r\n");
    client.pump();
    let told = client.take();
    assert!(told.starts_with("c)\r\n") && told.contains(&word("b")), "{told}");

    let mut client = Client::new();
    client.send("a LOGIN fred secret\r\n");
    client.wait(15);
    assert_eq!(client.take(), "");
}

/// A client that does not read is not told again and again.
#[test]
fn who_does_not_read_is_told_nothing() {
    let mut client = Client::selected(3);
    client.send("a UID SEARCH BODY x\r\n");
    client.reads = false;
    for _ in 0..5 {
        client.wait(10);
        assert!(!client.session.is_closed());
        // Handed out once, and not taken.
        _ = client.session.poll_transmit();
    }
    client.ok("a");
    let mut rest = Vec::new();
    while let Some(octets) = client.session.poll_transmit() {
        rest.extend_from_slice(&octets);
    }
    assert!(!String::from_utf8_lossy(&rest).contains("INPROGRESS"));
}
