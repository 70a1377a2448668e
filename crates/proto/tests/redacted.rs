//! What is shown of a command to others than its client: no secret, no mail, one bounded line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use peregrine_proto::{Command, CommandBody, FrameEvent, FrameLimits, Framer};

fn redacted(lines: &str) -> String {
    let mut framer = Framer::new(FrameLimits { append: 1 << 20, ..FrameLimits::AFTER_LOGIN });
    framer.push(lines.to_owned().into());
    loop {
        match framer.next().unwrap() {
            FrameEvent::Frame(frame) => return Command::parse(&frame).unwrap().body.redacted(),
            FrameEvent::Refused { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
}

#[test]
fn what_is_shown() {
    for (line, wanted) in [
        ("a LOGIN fred sesame\r\n", "LOGIN …"),
        ("a LOGIN \"fred\" {6+}\r\nsesame\r\n", "LOGIN …"),
        ("a LOGIN sesame fred\r\n", "LOGIN …"),
        ("a AUTHENTICATE PLAIN AHNlc2FtZQBzZXNhbWU=\r\n", "AUTHENTICATE …"),
        ("a APPEND INBOX (\\Seen) {6+}\r\nsesame\r\n", "APPEND INBOX (\\Seen) {6}"),
        ("a APPEND \"a b\" {6+}\r\nsesame\r\n", "APPEND \"a b\" {6}"),
        ("a noop\r\n", "NOOP"),
        ("a uid fetch 1:* (flags body.peek[])\r\n", "UID FETCH 1:* (FLAGS BODY.PEEK[])"),
        ("a search body {3+}\r\na\"b\r\n", "SEARCH BODY \"a\\\"b\""),
    ] {
        assert_eq!(redacted(line), wanted, "{line}");
    }
}

/// A message that the framer spools is not in the command at all, and is shown by its length.
#[test]
fn a_spooled_message_is_its_length() {
    let message = "sesame\r\n".repeat(40_000);
    let line = format!("a APPEND INBOX {{{}+}}\r\n{message}\r\n", message.len());
    let limits = FrameLimits { append: 1 << 20, non_sync: 1 << 20, ..FrameLimits::AFTER_LOGIN };
    let mut framer = Framer::new(limits);
    framer.push(line.into());
    let frame = std::iter::from_fn(|| framer.next()).find_map(|event| match event {
        FrameEvent::Frame(frame) => Some(frame),
        _ => None,
    });
    let command = Command::parse(&frame.unwrap()).unwrap();
    assert_eq!(command.body.redacted(), "APPEND INBOX {320000}");
}

/// Sets may be long; no line of a trace is.
#[test]
fn a_long_command_is_cut() {
    let set: Vec<String> = (1..2000).map(|uid| (uid * 2).to_string()).collect();
    let shown = redacted(&format!("a UID FETCH {} FLAGS\r\n", set.join(",")));
    assert_eq!(shown.chars().count(), CommandBody::MAX_REDACTED);
    assert!(shown.ends_with('…'));
}

/// The bound counts what is shown: a control character is shown as six.
#[test]
fn a_command_of_control_characters_is_cut() {
    let shown = redacted(&format!("a SEARCH BODY \"{}\"\r\n", "\u{7f}".repeat(300)));
    assert!(shown.starts_with("SEARCH BODY \"\\u{7f}\\u{7f}"));
    assert!(shown.chars().count() <= CommandBody::MAX_REDACTED);
    assert!(shown.ends_with('…'));
}

/// U+202E turns round what stands behind it in a line of a log, U+2028 ends the line for some readers.
#[test]
fn marks_that_mislead_the_eye_are_escaped() {
    let shown = redacted("a SEARCH BODY {6+}\r\n\u{202e}\u{2028}\r\n");
    assert_eq!(shown, "SEARCH BODY {6} \\u{202e}\\u{2028}");
}
