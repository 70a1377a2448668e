//! A mailbox name that is read from its modified UTF-7 is written as the same (RFC 3501 §5.1.3).

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use peregrine_proto::command::CommandBody;
use peregrine_proto::{Command, CommandWriter, Frame, LiteralMode, MailboxName};

fuzz_target!(|text: &str| {
    // The empty name stands for none, as in LIST's reference; no command has it for a mailbox.
    let Some(name) = MailboxName::new(text).ok().filter(|_| !text.is_empty()) else { return };
    let frame = Frame::new(Bytes::from_static(b"a DELETE x"));
    let mut command = Command::parse(&frame).expect("a command");
    let CommandBody::Delete(delete) = &mut command.body else { panic!("not DELETE") };
    delete.mailbox = name.clone();
    let mut out = CommandWriter::new(LiteralMode::Plus);
    command.write(&mut out);
    let line = out.octets.strip_suffix(b"\r\n").expect("a line");
    assert!(line.is_ascii() || line.contains(&b'{'));
    let again = Command::parse(&Frame::new(Bytes::copy_from_slice(line))).expect("it is read");
    let CommandBody::Delete(again) = again.body else { panic!("not DELETE") };
    assert_eq!(again.mailbox, name);
});
