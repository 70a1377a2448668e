//! What the machine costs beside a plain loop that frames, parses, runs and writes one command
//! after the other: a hundred NOOPs and a hundred FETCHes of one message's flags, in one packet and
//! one at a time. Both run in turns, and the ratio of their medians counts.
//!
//! `cargo bench -p peregrine-session --bench scheduler`

use bytes::Bytes;
use peregrine_proto::command::Fetch;
use peregrine_proto::frame::{FrameEvent, FrameLimits, Framer};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Command, CommandBody, MailboxName, ModSeq, Response, Status, Uid};
use peregrine_session::{Difference, Host, Limits, Outcome, Session, Snapshot, Transition, View};
use std::hint::black_box;
use std::time::{Duration, Instant};

const MESSAGES: u32 = 1000;
const COMMANDS: usize = 100;
const ROUNDS: usize = 3000;

/// A mailbox whose messages have UIDs from 1 on.
#[derive(Clone)]
struct Mailbox(ModSeq);

impl Snapshot for Mailbox {
    fn exists(&self) -> u32 {
        MESSAGES
    }
    fn uid_at(&self, index: u32) -> Option<Uid> {
        Uid::new(index + 1).filter(|_| index < MESSAGES)
    }
    fn index_of(&self, uid: Uid) -> Result<u32, u32> {
        if uid.get() <= MESSAGES { Ok(uid.get() - 1) } else { Err(MESSAGES) }
    }
    fn mod_seq(&self) -> ModSeq {
        self.0
    }
    fn mod_seq_of(&self, uid: Uid) -> Option<ModSeq> {
        self.index_of(uid).ok().map(|_| self.0)
    }
    fn difference(&self, _: &Self) -> Difference {
        Difference::default()
    }
    fn write_flags(&self, _: Uid, _: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(b"(\\Seen)");
    }
    fn write_flag_names(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"(\\Seen)");
    }
}

struct Mail;

impl Host for Mail {
    type Account = ();
    type Mailbox = ();
    type Snapshot = Mailbox;
}

fn fetch(view: &View<Mailbox>, fetch: &Fetch) -> Vec<u8> {
    let mut out = Vec::new();
    for run in view.runs(&fetch.messages).unwrap_or_default() {
        for (index, number) in run.indexes.zip(run.first.get()..) {
            out.extend_from_slice(b"* ");
            out.extend_from_slice(number.to_string().as_bytes());
            out.extend_from_slice(b" FETCH (FLAGS ");
            if let Some(uid) = run.snapshot.uid_at(index) {
                run.snapshot.write_flags(uid, view.recent(uid), &mut out);
            }
            out.extend_from_slice(b")\r\n");
        }
    }
    out
}

/// One command after the other.
struct Plain {
    framer: Framer,
    view: View<Mailbox>,
}

impl Plain {
    fn answer(&mut self, octets: Bytes) -> Vec<u8> {
        let mut out = Vec::new();
        self.framer.push(octets);
        while let Some(FrameEvent::Frame(frame)) = self.framer.next() {
            let Ok(Command { tag, body }) = Command::parse(&frame) else { continue };
            if let CommandBody::Fetch(command) = &body {
                out.append(&mut fetch(&self.view, command));
            }
            let text = ResponseText { code: None, text: "That is all".into() };
            Response::Tagged { tag, status: Status::Ok, text }.write(&mut out);
        }
        out
    }
}

/// With the scheduler.
struct Scheduled {
    session: Session<Mail>,
    now: Instant,
}

impl Scheduled {
    fn new() -> Self {
        let now = Instant::now();
        let greeting = ResponseText { code: None, text: "Hello".into() };
        let session = Session::new(Limits::default(), greeting, true, now);
        let mut scheduled = Self { session, now };
        scheduled.answer(Bytes::from_static(b"a LOGIN fred secret\r\n"));
        scheduled.answer(Bytes::from_static(b"b SELECT INBOX\r\n"));
        scheduled
    }

    fn answer(&mut self, octets: Bytes) -> Vec<u8> {
        let mut out = Vec::new();
        self.session.handle_bytes(self.now, octets);
        loop {
            let mut quiet = true;
            while let Some(job) = self.session.poll_job() {
                quiet = false;
                let outcome = match &*job.body {
                    CommandBody::Login(_) => {
                        Outcome::ok("In").with_transition(Transition::Authenticated(()))
                    }
                    CommandBody::Select(_) => Outcome::ok("Selected").with_transition(selected()),
                    CommandBody::Fetch(command) => {
                        let data = job.context.selected().map(|it| fetch(&it.view, command));
                        Outcome::ok("That is all").with_data(data.unwrap_or_default())
                    }
                    _ => Outcome::ok("That is all"),
                };
                self.session.handle_outcome(self.now, job.id, outcome);
            }
            while let Some(octets) = self.session.poll_transmit() {
                quiet = false;
                self.session.handle_sent(self.now, octets.len());
                out.extend_from_slice(&octets);
            }
            if quiet {
                return out;
            }
        }
    }
}

fn selected() -> Transition<Mail> {
    Transition::Selected {
        mailbox: (),
        name: MailboxName::INBOX,
        snapshot: Mailbox(ModSeq(1)),
        recent: UidRanges::new(),
        read_only: false,
    }
}

fn time(run: impl FnOnce() -> Vec<u8>) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let view = View::new(Mailbox(ModSeq(1)), UidRanges::new());
    let mut plain = Plain { framer: Framer::new(FrameLimits::AFTER_LOGIN), view };
    let mut scheduled = Scheduled::new();
    let line = |name: &str, n: usize| match name {
        "NOOP" => format!("A{n:04} NOOP\r\n"),
        "FETCH" => format!("A{n:04} FETCH {} (FLAGS)\r\n", n + 1),
        _ => format!("A{n:04} UID STORE {} +FLAGS.SILENT (\\Seen)\r\n", n + 1),
    };
    println!("{COMMANDS} commands, median of {ROUNDS} rounds; ns a command");
    println!("{:24}{:>10}{:>10}{:>8}", "", "plain", "machine", "ratio");
    // Names of commands as arguments: those only.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    for name in ["NOOP", "FETCH", "STORE"] {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let lines: Vec<Bytes> = (0..COMMANDS).map(|n| line(name, n).into()).collect();
        let packet: Bytes = lines.concat().into();
        for together in [true, false] {
            let input = if together { std::slice::from_ref(&packet) } else { &lines[..] };
            let (mut one, mut other) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let each = |answer: &mut dyn FnMut(Bytes) -> Vec<u8>| {
                    time(|| input.iter().flat_map(|octets| answer(octets.clone())).collect())
                };
                one.push(each(&mut |octets| plain.answer(octets)));
                other.push(each(&mut |octets| scheduled.answer(octets)));
            }
            let (one, other) = (median(&mut one), median(&mut other));
            let way = if together { "in one packet" } else { "one at a time" };
            let nanos = |time: Duration| time.as_nanos() / COMMANDS as u128;
            let ratio = other.as_secs_f64() / one.as_secs_f64();
            println!(
                "{:24}{:>10}{:>10}{ratio:>8.2}",
                format!("{name}, {way}"),
                nanos(one),
                nanos(other)
            );
        }
    }
}
