//! How long quick commands take behind a slow one of the same connection, all sent in one write:
//! a search through bodies, a FETCH of 500 MB by a client that reads fast, and by one that reads
//! slowly. Beside each: the same commands alone.

use peregrine_benches::client::Client;
use peregrine_benches::pipeline::{Pipeline, Reading};
use peregrine_benches::served::{self, Served};
use peregrine_benches::{mail, percentile};
use std::io;
use std::path::Path;

const ROUNDS: usize = 100;

/// The commands behind the slow one. The literal of APPEND is sent as soon as the server asks for
/// it: what is longer than 4096 octets may not come unasked (LITERAL-, RFC 7888 §5).
const QUICK: [&str; 4] =
    ["UID FETCH 1 (FLAGS)", "STATUS Sent (MESSAGES UNSEEN)", "LIST \"\" *", "APPEND"];

/// Octets of the FETCH that have come when the quick commands are sent, where they are sent late.
const MIDDLE: usize = 2 << 20;

const SLOW_READER: Reading = Reading::Slow { piece: 16 << 10, rate: 20e6 };

pub fn run() -> io::Result<()> {
    println!("behind a slow command, one connection: ms, median / 99th of {ROUNDS}");
    let folder = tempfile::tempdir_in(".")?;
    let home = folder.path().join("mail");
    let server = prepare(&home, folder.path(), 10_000, 8 << 10)?;
    alone(&server)?;
    let slow = "UID SEARCH BODY \"of 4711: the\"";
    Behind { slow, reading: Reading::Full, late: false, cut: false }.run(&server)?;
    drop(server);
    for (count, octets) in [(5_000, 100_000), (50, 10_000_000)] {
        let folder = tempfile::tempdir_in(".")?;
        let home = folder.path().join("mail");
        let server = prepare(&home, folder.path(), count, octets)?;
        println!("  {count} messages of {octets} octets");
        let slow = "UID FETCH 1:* (BODY.PEEK[])";
        for (reading, late, cut) in [
            (Reading::Full, false, false),
            (Reading::Full, true, false),
            (SLOW_READER, false, true),
            (SLOW_READER, true, true),
        ] {
            Behind { slow, reading, late, cut }.run(&server)?;
        }
    }
    Ok(())
}

fn prepare(home: &Path, folder: &Path, count: usize, octets: usize) -> io::Result<Served> {
    served::init(home)?;
    let source = folder.join("mbox");
    mail::mbox(&source, count, octets)?;
    served::import(home, &source, "INBOX")?;
    std::fs::remove_file(source)?;
    Served::start(home)
}

fn selected(server: &Served) -> io::Result<Client> {
    let mut client = Client::login(server.imap)?;
    client.command("SELECT INBOX")?;
    Ok(client)
}

fn with(pipeline: Pipeline, command: &str, round: usize) -> Pipeline {
    match command {
        "APPEND" => pipeline.with_append("Sent", mail::message(1_000_000 + round, 8 << 10)),
        command => pipeline.with(command),
    }
}

fn alone(server: &Served) -> io::Result<()> {
    let client = selected(server)?;
    println!("  alone");
    for (place, command) in QUICK.iter().enumerate() {
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            let number = (100 + place) * ROUNDS + round;
            times.extend(with(Pipeline::new(), command, number).run(&client, Reading::Full)?);
        }
        tell(command, &times);
    }
    Ok(())
}

/// One way to stand behind a slow command.
struct Behind {
    slow: &'static str,
    reading: Reading,
    /// The quick commands come in the middle of the answer.
    late: bool,
    /// The connection is dropped when the quick ones are answered: the slow one would take half
    /// a minute each time.
    cut: bool,
}

impl Behind {
    fn run(&self, server: &Served) -> io::Result<()> {
        let Self { slow, reading, late, cut } = *self;
        let when = if late { "sent in the middle of it" } else { "in one write" };
        println!("  behind {slow}, {when}, {reading:?}");
        let mut times = vec![Vec::new(); QUICK.len() + 1];
        let mut client = selected(server)?;
        // Once unmeasured, so that the file is in memory.
        Pipeline::new().with(slow).run(&client, Reading::Full)?;
        for round in 0..ROUNDS {
            let first = Pipeline::new().with(slow);
            let first = if late { first.after(MIDDLE) } else { first };
            let all = QUICK.iter().fold(first, |all, command| with(all, command, round));
            let replies = if cut {
                client = selected(server)?;
                all.run_without_first(&client, reading)?
            } else {
                all.run(&client, reading)?
            };
            times.iter_mut().zip(replies).for_each(|(times, time)| times.push(time));
        }
        for (command, times) in std::iter::once(&slow).chain(&QUICK).zip(&times) {
            tell(command, times);
        }
        Ok(())
    }
}

fn tell(command: &str, times: &[f64]) {
    if times.iter().any(|time| time.is_nan()) {
        return println!("    {command:<34} not waited for");
    }
    let (middle, last) = (percentile(times, 50), percentile(times, 99));
    println!("    {command:<34} {middle:>8.2} / {last:>8.2}");
}
