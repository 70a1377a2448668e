//! Idle connections: how soon they are told, and what they cost.

use peregrine_benches::client::Client;
use peregrine_benches::{mail, median, served};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::time::Instant;

const WATCHERS: usize = 100;
const NOTICES: usize = 20;
const LOGINS_AT_ONCE: usize = 8;

/// From the APPEND's OK until the last of 100 clients in IDLE has read its EXISTS.
pub fn notice() -> io::Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let home = folder.path().join("mail");
    served::init(&home)?;
    let server = served::Served::start(&home)?;
    let mut writer = Client::login(server.imap)?;
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        let mut client = Client::login(server.imap)?;
        client.command("SELECT INBOX")?;
        client.send(b"t IDLE\r\n")?;
        client.until(b"\r\n+ ")?;
        watchers.push(client);
    }
    let (mut last, mut middle) = (Vec::new(), Vec::new());
    for number in 0..NOTICES {
        let message = mail::message(number, 2_000);
        writer.send(format!("t APPEND INBOX {{{}}}\r\n", message.len()).as_bytes())?;
        writer.until(b"\r\n+ ")?;
        let start = Instant::now();
        writer.send(&message)?;
        writer.send(b"\r\n")?;
        let mut times = Vec::new();
        for watcher in &mut watchers {
            watcher.until(b" EXISTS")?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        writer.until(b"\r\nt OK")?;
        last.push(times.last().copied().unwrap_or(f64::NAN));
        middle.push(median(times));
    }
    println!(
        "{WATCHERS} in IDLE: from the end of the APPEND until the last is told {:.2} ms, the middle {:.2} ms",
        median(last),
        median(middle)
    );
    Ok(())
}

/// Resident memory a connection, logged in and INBOX selected, plain.
pub fn memory() -> io::Result<()> {
    for count in [1_000usize, 10_000] {
        let folder = tempfile::tempdir_in(".")?;
        let home = folder.path().join("mail");
        served::init(&home)?;
        // The file ends with its section of limits; 10,000 in all is the default.
        let mut settings = OpenOptions::new().append(true).open(home.join("peregrine.toml"))?;
        writeln!(settings, "connections = 20000")?;
        let server = served::Served::start(&home)?;
        // The first logins grow what all share.
        let _shared = log_in(&server, LOGINS_AT_ONCE)?;
        let before = server.resident();
        let mut clients = log_in(&server, count)?;
        let plain = (server.resident() - before) / count as f64;
        for client in &mut clients {
            client.command("SELECT INBOX")?;
            client.send(b"t IDLE\r\n")?;
            client.until(b"\r\n+ ")?;
        }
        let idle = (server.resident() - before) / count as f64;
        println!(
            "{count} connections: {plain:.1} KiB each logged in, {idle:.1} KiB in IDLE with INBOX"
        );
    }
    Ok(())
}

/// So many connections, logged in by a few threads, since each login costs a hash.
fn log_in(server: &served::Served, count: usize) -> io::Result<Vec<Client>> {
    let address = server.imap;
    let threads: Vec<_> = (0..LOGINS_AT_ONCE)
        .map(|_| {
            let share = count / LOGINS_AT_ONCE;
            std::thread::spawn(move || (0..share).map(|_| Client::login(address)).collect())
        })
        .collect();
    let mut clients = Vec::with_capacity(count);
    for thread in threads {
        let share: io::Result<Vec<Client>> =
            thread.join().map_err(|_| io::Error::other("a client panicked"))?;
        clients.extend(share?);
    }
    Ok(clients)
}
