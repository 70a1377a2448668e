//! A mailbox of 100,000: opening it, and telling its flags and envelopes.

use peregrine_benches::client::Client;
use peregrine_benches::{mail, median, served};
use std::io;
use std::time::Instant;

const MESSAGES: usize = 100_000;
const OCTETS: usize = 1_500;

pub fn run() -> io::Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let home = folder.path().join("mail");
    served::init(&home)?;
    let source = folder.path().join("mbox");
    mail::mbox(&source, MESSAGES, OCTETS)?;
    let start = Instant::now();
    served::import(&home, &source, "INBOX")?;
    let import = start.elapsed().as_secs_f64();
    println!("mailbox of {MESSAGES} messages of {OCTETS} octets (imported in {import:.1} s)");

    let server = served::Served::start(&home)?;
    let mut client = Client::login(server.imap)?;
    cost(&server, "SELECT, first", 1, &mut || client.command("SELECT INBOX"))?;
    cost(&server, "SELECT, again", 20, &mut || client.command("SELECT INBOX"))?;
    let items = "(ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE)";
    rate(&server, "envelopes, first", 1, &mut || {
        client.command(&format!("UID FETCH 1:* {items}"))
    })?;
    rate(&server, "envelopes, again", 5, &mut || {
        client.command(&format!("UID FETCH 1:* {items}"))
    })?;
    rate(&server, "UID FETCH 1:* (FLAGS)", 10, &mut || client.command("UID FETCH 1:* (FLAGS)"))?;
    let search = "UID SEARCH SUBJECT \"number 4711\"";
    cost(&server, "header search, first", 1, &mut || client.command(search))?;
    for command in [
        search,
        "UID SEARCH FROM example TO bench SUBJECT figures",
        "UID SEARCH RETURN (ALL) SENTSINCE 1-Jan-2026",
        "UID SORT (DATE) UTF-8 ALL",
        "UID SORT (SUBJECT) UTF-8 ALL",
        "UID SORT (REVERSE DISPLAYFROM DATE) UTF-8 ALL",
        "UID THREAD ORDEREDSUBJECT UTF-8 ALL",
        "UID THREAD REFERENCES UTF-8 ALL",
    ] {
        cost(&server, &format!("{command}, warm"), 9, &mut || client.command(command))?;
    }
    Ok(())
}

/// CPU time of the server and time on the clock for one go.
fn go(
    server: &served::Served,
    work: &mut dyn FnMut() -> io::Result<usize>,
) -> io::Result<(f64, f64, usize)> {
    let (cpu, start) = (server.cpu(), Instant::now());
    let octets = work()?;
    Ok((server.cpu() - cpu, start.elapsed().as_secs_f64(), octets))
}

fn cost(
    server: &served::Served,
    name: &str,
    times: usize,
    work: &mut dyn FnMut() -> io::Result<usize>,
) -> io::Result<()> {
    let mut cpu = Vec::new();
    let mut clock = Vec::new();
    for _ in 0..times {
        let (used, elapsed, _) = go(server, work)?;
        cpu.push(used * 1e3);
        clock.push(elapsed * 1e3);
    }
    println!("  {name}: {:.3} ms of server CPU, {:.3} ms", median(cpu), median(clock));
    Ok(())
}

fn rate(
    server: &served::Served,
    name: &str,
    times: usize,
    work: &mut dyn FnMut() -> io::Result<usize>,
) -> io::Result<()> {
    let (mut cpu, mut clock, mut size) = (Vec::new(), Vec::new(), 0);
    for _ in 0..times {
        let (used, elapsed, octets) = go(server, work)?;
        cpu.push(MESSAGES as f64 / used);
        clock.push(MESSAGES as f64 / elapsed);
        size = octets / MESSAGES;
    }
    println!(
        "  {name}: {:.0} messages/s of server CPU, {:.0}/s on the clock, {size} octets each",
        median(cpu),
        median(clock)
    );
    Ok(())
}
