//! What is read as a command is read as the same again after it has been written.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use peregrine_proto::{Command, CommandWriter, Frame, LiteralMode};

fuzz_target!(|input: &[u8]| {
    let frame = Frame::new(Bytes::copy_from_slice(input));
    let Ok(command) = Command::parse(&frame) else { return };
    let _ = (command.body.effects(), command.body.name());
    let first = written(&command);
    let line = Frame::new(Bytes::copy_from_slice(first.strip_suffix(b"\r\n").unwrap_or(&first)));
    let again = Command::parse(&line).expect("what we write, we read");
    assert_eq!(command.tag, again.tag);
    // Secrets print as nothing: what they are shows when they are written again.
    assert_eq!(first, written(&again));
    // A name that is not in Normalization Form C is written as it is kept, not as it was sent.
    let body = format!("{:?}", command.body);
    assert!(body == format!("{:?}", again.body) || body.contains("sent: Some("));
});

fn written(command: &Command) -> Vec<u8> {
    let mut out = CommandWriter::new(LiteralMode::Plus);
    command.write(&mut out);
    out.octets.to_vec()
}
