//! What the tests of single commands share: one line of octets in, the canonical line out.

use super::Command;
use crate::ParseError;
use crate::frame::{Frame, FrameEvent, FrameLimits, Framer};
use crate::writer::{CommandWriter, LiteralMode};
use bytes::Bytes;

/// Frames and reads a command given without its last CRLF.
#[expect(clippy::result_large_err, reason = "a command is larger still")]
pub(crate) fn parse(line: &[u8]) -> Result<Command, ParseError> {
    let frame = frame(line);
    Command::parse(&frame)
}

fn frame(line: &[u8]) -> Frame {
    let mut framer = Framer::new(FrameLimits { line: 1 << 20, ..FrameLimits::AFTER_LOGIN });
    framer.push([line, b"\r\n"].concat().into());
    let mut continues = 0;
    loop {
        match framer.next() {
            Some(FrameEvent::Frame(frame)) => return frame,
            Some(FrameEvent::Continue) => continues += 1,
            // Nested deeper than the framer allows: the grammar must refuse it too.
            Some(FrameEvent::Refused { .. }) => return Frame::new(Bytes::copy_from_slice(line)),
            other => panic!("{other:?} after {continues} literals"),
        }
    }
}

/// Reads as a command that is written so, and that is read as the same again.
#[track_caller]
pub(super) fn known(line: &str, canonical: &str) {
    let written = |line: &[u8]| {
        let command = match parse(line) {
            Ok(command) => command,
            Err(error) => panic!("{}: {error}", line.escape_ascii()),
        };
        let mut out = CommandWriter::new(LiteralMode::Wait);
        command.write(&mut out);
        assert_eq!(out.octets.pop().zip(out.octets.pop()), Some((b'\n', b'\r')));
        (out.octets, command.body.name())
    };
    let (octets, name) = written(line.as_bytes());
    assert_eq!(octets.escape_ascii().to_string(), canonical.as_bytes().escape_ascii().to_string());
    assert!(canonical[2..].starts_with(name));
    assert_eq!(written(&octets).0, octets);
}

/// Is no command; its tag is known all the same, and there is a sentence about it.
#[track_caller]
pub(super) fn refused(line: &str) {
    let error = parse(line.as_bytes()).map(|command| command.body).unwrap_err();
    assert_eq!(error.tag.as_ref().map(crate::Tag::as_str), Some("a"), "{line}");
    assert!(error.message.contains("column"), "{error}");
}

/// What is said about a line that is no command.
#[track_caller]
pub(super) fn message(line: &str) -> String {
    parse(line.as_bytes()).map(|command| command.body).unwrap_err().message.into_owned()
}
