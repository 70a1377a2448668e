//! Framing and parsing a pipeline of small commands: MB/s, allocations a command.

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use peregrine_proto::Command;
use peregrine_proto::frame::{FrameEvent, FrameLimits, Framer};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const COMMANDS: usize = 1_000;

fn main() {
    divan::main();
}

/// As a mail program sends them: short, mixed.
#[divan::bench]
fn small_commands(bencher: Bencher<'_, '_>) {
    let lines = [
        "a001 NOOP",
        "a002 UID FETCH 12345 (FLAGS)",
        "a003 UID FETCH 12345:12399 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        "a004 STATUS INBOX (MESSAGES UIDNEXT UNSEEN)",
        "a005 UID STORE 12345 +FLAGS.SILENT (\\Seen)",
        "a006 SELECT Archive/2026",
        "a007 UID SEARCH UNSEEN SINCE 1-Feb-2026",
        "a008 UID FETCH 12345 BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]",
    ];
    pipeline(bencher, &lines);
}

#[divan::bench]
fn noops(bencher: Bencher<'_, '_>) {
    pipeline(bencher, &["a001 NOOP"]);
}

fn pipeline(bencher: Bencher<'_, '_>, lines: &[&str]) {
    let text: String =
        (0..COMMANDS).map(|index| format!("{}\r\n", lines[index % lines.len()])).collect();
    let input = Bytes::from(text.into_bytes());
    bencher
        .counter(BytesCount::new(input.len()))
        .counter(ItemsCount::new(COMMANDS))
        .with_inputs(|| (Framer::new(FrameLimits::default()), input.clone()))
        .bench_local_values(|(mut framer, input)| {
            let mut count = 0;
            // As they come from a socket.
            for start in (0..input.len()).step_by(16 * 1024) {
                framer.push(input.slice(start..input.len().min(start + 16 * 1024)));
                while let Some(event) = framer.next() {
                    let FrameEvent::Frame(frame) = event else { panic!("not a command") };
                    count += usize::from(Command::parse(&frame).is_ok());
                }
            }
            assert_eq!(count, COMMANDS);
        });
}
