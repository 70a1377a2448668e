//! Where commands end does not depend on how the input is cut, and limits hold.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use peregrine_proto::{FrameEvent, FrameLimits, Framer};

/// Small, so that short inputs meet them.
const LIMITS: FrameLimits = FrameLimits {
    line: 100,
    dialogue: 120,
    literal: 20,
    non_sync: 16,
    literals: 4,
    literals_total: 40,
    append: 60,
    spool_above: 12,
    open_parens: 3,
    drain: 50,
    fatal: false,
};

fuzz_target!(|input: (u8, &[u8])| {
    let (step, octets) = input;
    let whole = events(octets.chunks(octets.len().max(1)));
    let cut = events(octets.chunks(usize::from(step).max(1)));
    assert_eq!(whole, cut);
    for event in &whole {
        if let FrameEvent::Frame(frame) = event {
            let most = LIMITS.line as usize + LIMITS.literals_total as usize;
            // Each literal brings the line end in front of it.
            assert!(frame.text.len() <= most + 2 * LIMITS.literals as usize, "{frame:?}");
        }
    }
});

/// All events; the data of one spooled literal joined, for that is cut as the input is.
fn events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<FrameEvent> {
    let mut framer = Framer::new(LIMITS);
    let mut events: Vec<FrameEvent> = Vec::new();
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece));
        while let Some(event) = framer.next() {
            match (events.last_mut(), event) {
                (
                    Some(FrameEvent::SpoolData { data, .. }),
                    FrameEvent::SpoolData { data: more, .. },
                ) => *data = [&data[..], &more].concat().into(),
                (_, event) => events.push(event),
            }
        }
    }
    events
}
