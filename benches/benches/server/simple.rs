//! What the scheduler costs where there is nothing to schedule: NOOP and one-message FETCH, a
//! hundred in one write and one at a time, beside a plain loop over the same parser and mailbox.

use peregrine_benches::client::Client;
use peregrine_benches::served::{self, Served};
use peregrine_benches::{mail, median, plain};
use std::fmt::Write as _;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

/// The word by which this program becomes the plain loop.
pub const PLAIN: &str = "plain-loop";

const MESSAGES: usize = 1_000;
const TIME: Duration = Duration::from_millis(500);
const REPETITIONS: usize = 9;

/// The plain loop, in a process of its own.
pub fn plain_loop() -> io::Result<()> {
    plain::serve(MESSAGES)
}

pub fn run() -> io::Result<()> {
    println!("simple commands: a second, and us of server CPU each, beside a plain loop");
    let folder = tempfile::tempdir_in(".")?;
    let home = folder.path().join("mail");
    served::init(&home)?;
    let source = folder.path().join("mbox");
    mail::mbox(&source, MESSAGES, 900)?;
    served::import(&home, &source, "INBOX")?;
    let server = Served::start(&home)?;
    let mut looping = Command::new(std::env::current_exe()?);
    let looping = Served::spawn(looping.arg(PLAIN))?;
    for (name, command) in [("NOOP", "NOOP"), ("UID FETCH n (FLAGS)", "UID FETCH 500 (FLAGS)")] {
        for together in [100, 1] {
            let mut figures: [Vec<f64>; 6] = Default::default();
            for _ in 0..REPETITIONS {
                let (rate, cost) = measure(&server, command, together)?;
                let (bare_rate, bare_cost) = measure(&looping, command, together)?;
                let each = [rate, cost, bare_rate, bare_cost, bare_rate / rate, cost / bare_cost];
                figures.iter_mut().zip(each).for_each(|(all, one)| all.push(one));
            }
            let [rate, cost, bare_rate, bare_cost, slower, dearer] = figures.map(median);
            println!(
                "  {name}, {together:>3} in one write: {rate:>7.0}/s, {cost:.2} us; plain loop \
                 {bare_rate:>7.0}/s, {bare_cost:.2} us; time {slower:.2}, CPU {dearer:.2}"
            );
        }
    }
    Ok(())
}

/// Commands a second, and microseconds of server CPU for each.
fn measure(server: &Served, command: &str, together: usize) -> io::Result<(f64, f64)> {
    let mut client = Client::login(server.imap)?;
    client.command("SELECT INBOX")?;
    let mut text = String::new();
    for number in 1..together {
        let _ = write!(text, "a{number} {command}\r\n");
    }
    let _ = write!(text, "t {command}\r\n");
    let (cpu, start, mut count) = (server.cpu(), Instant::now(), 0);
    while start.elapsed() < TIME {
        client.send(text.as_bytes())?;
        client.until(b"\r\nt OK")?;
        count += together;
    }
    let elapsed = start.elapsed().as_secs_f64();
    let count = count as f64;
    Ok((count / elapsed, (server.cpu() - cpu) * 1e6 / count))
}
