//! A mailbox name that is read from its modified UTF-7 is written as the same (RFC 3501 §5.1.3), and so
//! in UTF-8 (RFC 9051 §5.1).

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use peregrine_proto::command::CommandBody;
use peregrine_proto::{Command, CommandWriter, Encoding, Frame, LiteralMode, MailboxName};

fuzz_target!(|text: &str| {
    // The empty name stands for none, as in LIST's reference; no command has it for a mailbox.
    let name = MailboxName::new(text).and_then(MailboxName::composed);
    let Some(name) = name.ok().filter(|_| !text.is_empty()) else { return };
    let frame = Frame::new(Bytes::from_static(b"a DELETE x"));
    let mut command = Command::parse(&frame).expect("a command");
    let CommandBody::Delete(delete) = &mut command.body else { panic!("not DELETE") };
    delete.mailbox = name.clone();
    for encoding in [Encoding::SevenBit, Encoding::Utf8] {
        let mut out = CommandWriter::new(LiteralMode::Plus).encoded(encoding);
        command.write(&mut out);
        let line = out.octets.strip_suffix(b"\r\n").expect("a line");
        let utf8 = encoding == Encoding::Utf8;
        assert!(utf8 || line.is_ascii() || line.contains(&b'{'));
        let frame = Frame::new(Bytes::copy_from_slice(line));
        let again = Command::parse_in(&frame, encoding).expect("it is read");
        let CommandBody::Delete(again) = again.body else { panic!("not DELETE") };
        assert_eq!(again.mailbox, name);
    }
});
