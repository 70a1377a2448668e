//! How fast a pipeline of small commands is framed and read, and what it allocates.
//!
//! `cargo bench -p peregrine-proto --bench commands`

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use peregrine_proto::{Command, FrameEvent, FrameLimits, Framer};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

/// What mail programs send in bulk.
const MIXED: [&str; 8] = [
    "NOOP",
    "UID FETCH 4711 (FLAGS)",
    "STATUS INBOX (MESSAGES UNSEEN UIDNEXT)",
    "UID STORE 4711:4720 +FLAGS.SILENT (\\Seen)",
    "SELECT Archive/2024",
    "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)",
    "UID FETCH 4711 BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)]",
    "UID SEARCH UNSEEN SINCE 1-Feb-2025",
];

/// 64 commands, tagged as most clients do.
fn pipeline(commands: &[&str]) -> Bytes {
    let lines = (0..64).map(|n| format!("A{n:04} {}\r\n", commands[n % commands.len()]));
    lines.collect::<String>().into()
}

fn read(input: Bytes, each: impl Fn(Result<Command, peregrine_proto::ParseError>)) {
    let mut framer = Framer::new(FrameLimits::AFTER_LOGIN);
    framer.push(input);
    while let Some(event) = framer.next() {
        if let FrameEvent::Frame(frame) = event {
            each(Command::parse(&frame));
        }
    }
}

fn measure(bencher: divan::Bencher, commands: &[&str]) {
    let input = pipeline(commands);
    bencher
        .counter(BytesCount::new(input.len()))
        .counter(ItemsCount::new(64usize))
        .with_inputs(|| Bytes::copy_from_slice(&input))
        .bench_local_values(|input| {
            read(input, |command| {
                let _ = divan::black_box(command);
            });
        });
}

#[divan::bench]
fn mixed(bencher: divan::Bencher) {
    measure(bencher, &MIXED);
}

#[divan::bench(args = MIXED)]
fn each(bencher: divan::Bencher, command: &str) {
    measure(bencher, &[command]);
}

#[divan::bench]
fn framing_alone(bencher: divan::Bencher) {
    let input = pipeline(&MIXED);
    bencher
        .counter(BytesCount::new(input.len()))
        .with_inputs(|| Bytes::copy_from_slice(&input))
        .bench_local_values(|input| {
            let mut framer = Framer::new(FrameLimits::AFTER_LOGIN);
            framer.push(input);
            while let Some(event) = framer.next() {
                divan::black_box(event);
            }
        });
}
