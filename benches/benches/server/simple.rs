//! What the scheduler costs where there is nothing to schedule: NOOP and one-message FETCH, a
//! hundred in one write and one at a time. Three processes take turns: the server, the server with
//! a plain loop in the scheduler's place, and the least that can answer at all.

use peregrine_benches::client::Client;
use peregrine_benches::served::Served;
use peregrine_benches::{least, median, plain};
use std::fmt::Write as _;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

/// The words by which this program becomes one of the three.
const ROLES: [&str; 3] = ["role-scheduler", "role-plain-loop", "role-least"];

const MESSAGES: usize = 1_000;
const TIME: Duration = Duration::from_millis(300);
const REPETITIONS: usize = 15;

/// Plays one of the three, if the words say so.
pub fn role(words: &[String]) -> Option<io::Result<()>> {
    let is = |role: &str| words.iter().any(|word| word == role);
    let [scheduler, plain_loop, bare] = ROLES.map(is);
    match (scheduler || plain_loop, bare) {
        (true, _) => Some(plain::serve(MESSAGES, plain_loop)),
        (false, true) => Some(least::serve(MESSAGES)),
        (false, false) => None,
    }
}

pub fn run() -> io::Result<()> {
    println!("simple commands: a second, and us of server CPU each; ratios to the server's");
    let program = std::env::current_exe()?;
    let mut servers = Vec::new();
    for role in ROLES {
        servers.push(Served::spawn(Command::new(&program).arg(role))?);
    }
    for (name, command) in [("NOOP", "NOOP"), ("UID FETCH n (FLAGS)", "UID FETCH 500 (FLAGS)")] {
        for together in [100, 1] {
            let mut figures: [Vec<f64>; 10] = Default::default();
            for _ in 0..REPETITIONS {
                let mut of = [(0.0, 0.0); 3];
                for (of, server) in of.iter_mut().zip(&servers) {
                    *of = measure(server, command, together)?;
                }
                let [(rate, cost), (plain_rate, plain_cost), (least_rate, least_cost)] = of;
                let ratios =
                    [plain_rate / rate, cost / plain_cost, least_rate / rate, cost / least_cost];
                let each = of.into_iter().flat_map(|(rate, cost)| [rate, cost]).chain(ratios);
                figures.iter_mut().zip(each).for_each(|(all, one)| all.push(one));
            }
            let [rate, cost, plain_rate, plain_cost, least_rate, least_cost, ratios @ ..] =
                figures.map(median);
            let [slower, dearer, least_slower, least_dearer] = ratios;
            println!("  {name}, {together:>3} in one write: {rate:>8.0}/s, {cost:.2} us");
            println!(
                "    a plain loop {plain_rate:>8.0}/s, {plain_cost:.2} us: time {slower:.2}, CPU {dearer:.2}"
            );
            println!(
                "    the least    {least_rate:>8.0}/s, {least_cost:.2} us: time {least_slower:.2}, CPU {least_dearer:.2}"
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
