//! What is read as a command is read as the same again, with the same effects, however a client
//! writes it; and what is shown of it does not depend on its secrets and its mail.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use peregrine_proto::command::append::Literal;
use peregrine_proto::command::{Authenticate, Login};
use peregrine_proto::{
    Command, CommandBody, CommandWriter, Encoding, Frame, FrameEvent, FrameLimits, Framer,
    LiteralMode, Secret,
};

/// Whatever is written of a short input.
const LIMITS: FrameLimits = FrameLimits {
    line: 1 << 20,
    dialogue: 1 << 20,
    literal: 1 << 20,
    non_sync: 1 << 20,
    literals: 1 << 12,
    literals_total: 1 << 20,
    append: 1 << 20,
    spool_above: 1 << 20,
    open_parens: 1 << 10,
    drain: 1 << 20,
    fatal: false,
};
const MODES: [LiteralMode; 3] = [LiteralMode::Wait, LiteralMode::Minus, LiteralMode::Plus];
const ENCODINGS: [Encoding; 2] = [Encoding::SevenBit, Encoding::Utf8];

fuzz_target!(|input: &[u8]| {
    let frame = Frame::new(Bytes::copy_from_slice(input));
    for encoding in ENCODINGS {
        let Ok(command) = Command::parse_in(&frame, encoding) else { continue };
        for (mode, encoding) in MODES.into_iter().flat_map(|mode| ENCODINGS.map(|one| (mode, one)))
        {
            comes_back(&command, mode, encoding);
        }
        shows_no_secret(&command.body);
    }
});

fn comes_back(command: &Command, mode: LiteralMode, encoding: Encoding) {
    let first = written(command, mode, encoding);
    let again = sent(&first, encoding);
    assert_eq!(command.tag, again.tag);
    assert_eq!(command.body.name(), again.body.name());
    // Secrets print as nothing: what they are shows when they are written again.
    assert_eq!(first.octets, written(&again, mode, encoding).octets);
    // A name that is not in Normalization Form C is written as it is kept, not as it was sent.
    let (one, other) = (in_words(command), in_words(&again));
    assert!(one == other || one.contains("sent: Some("), "{one}\n{other}");
}

/// All that is known of it.
fn in_words(command: &Command) -> String {
    let body = &command.body;
    format!("{body:?} {:?} {:?}", body.effects(), body.effects_in_rev2())
}

fn written(command: &Command, mode: LiteralMode, encoding: Encoding) -> CommandWriter {
    let mut out = CommandWriter::new(mode).encoded(encoding);
    command.write(&mut out);
    out
}

/// Sends what was written as a client does, waiting for `+` where it must and nowhere else.
fn sent(out: &CommandWriter, encoding: Encoding) -> Command {
    let mut framer = Framer::new(LIMITS);
    let mut start = 0;
    for end in out.waits.iter().copied().chain([out.octets.len()]) {
        framer.push(Bytes::copy_from_slice(&out.octets[start..end]));
        start = end;
        match framer.next() {
            Some(FrameEvent::Continue) if end < out.octets.len() => {}
            Some(FrameEvent::Frame(frame)) if end == out.octets.len() => {
                assert_eq!(framer.next(), None, "one command, and nothing else");
                return Command::parse_in(&frame, encoding).expect("what we write, we read");
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("no command came");
}

/// What is shown is one bounded line, and the same with another password, another message.
fn shows_no_secret(body: &CommandBody) {
    let shown = body.redacted();
    assert!(shown.chars().count() <= CommandBody::MAX_REDACTED);
    assert!(!shown.contains(char::is_control));
    let secret = || Secret::new(Bytes::from_static(b"another"));
    let mut other = body.clone();
    match &mut other {
        CommandBody::Login(login) => *login = Login { password: secret(), ..login.clone() },
        CommandBody::Authenticate(one) => {
            let initial_response = one.initial_response.as_ref().map(|_| secret());
            *one = Authenticate { initial_response, ..one.clone() };
        }
        CommandBody::Append(append) => {
            blank(&mut append.message);
            append.more.iter_mut().for_each(|one| blank(&mut one.message));
            return assert_eq!(shown, other.redacted());
        }
        CommandBody::Replace(replace) => {
            blank(&mut replace.new.message);
            return assert_eq!(shown, other.redacted());
        }
        _ => return,
    }
    assert_eq!(shown, other.redacted());
    assert_eq!(format!("{body:?}"), format!("{other:?}"));
}

fn blank(message: &mut Literal) {
    *message = Literal::Inline(vec![b' '; message.length()].into());
}
