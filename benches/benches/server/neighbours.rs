//! What a command on 100,000 messages costs the others: meanwhile other connections send NOOP,
//! STATUS and APPEND (of the same user and of another), each waiting for its answer.

use peregrine_benches::client::Client;
use peregrine_benches::served::{self, Served};
use peregrine_benches::{mail, percentile};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const MESSAGES: usize = 100_000;
const OCTETS: usize = 1_500;

/// Between an answer and the next command.
const PAUSE: Duration = Duration::from_micros(500);

/// Who sends what meanwhile.
const OTHERS: [(&str, &str, &str); 4] = [
    ("NOOP", "bench", "NOOP"),
    ("STATUS", "bench", "STATUS Sent (MESSAGES)"),
    ("APPEND", "bench", "APPEND"),
    ("APPEND of another user", "other", "APPEND"),
];

pub fn run() -> io::Result<()> {
    println!(
        "beside a command on {MESSAGES} messages: ms until others are answered, median / worst"
    );
    let folder = tempfile::tempdir_in(".")?;
    let home = folder.path().join("mail");
    served::init(&home)?;
    served::add_user(&home, "other")?;
    let source = folder.path().join("mbox");
    mail::mbox(&source, MESSAGES, OCTETS)?;
    served::import(&home, &source, "INBOX")?;
    std::fs::remove_file(source)?;
    let server = Served::start(&home)?;
    let mut client = Client::login(server.imap)?;
    client.command("CREATE Huge")?;
    for command in [
        "NOOP",
        "SELECT INBOX",
        "UID FETCH 1:* (FLAGS)",
        "UID FETCH 1:* (ENVELOPE)",
        "UID SEARCH BODY nowhere",
        "UID STORE 1:* +FLAGS.SILENT (\\Answered)",
        "UID FETCH 1:* (BODY[HEADER.FIELDS (SUBJECT)])",
        "UID COPY 1:* Huge",
        "UID STORE 1:* +FLAGS.SILENT (\\Deleted)",
        "EXPUNGE",
        "SELECT Huge",
        "UNSELECT",
        "DELETE Huge",
    ] {
        beside(&server, &mut client, command)?;
    }
    Ok(())
}

/// Runs a command and tells what the others noticed.
fn beside(server: &Served, client: &mut Client, command: &str) -> io::Result<()> {
    let (begun, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let others: Vec<_> = OTHERS
        .iter()
        .map(|(_, user, other)| {
            let (begun, over) = (Arc::clone(&begun), Arc::clone(&over));
            let mut client = Client::login_as(server.imap, user)?;
            Ok(std::thread::spawn(move || repeat(&mut client, other, &begun, &over)))
        })
        .collect::<io::Result<_>>()?;
    std::thread::sleep(Duration::from_millis(100));
    begun.store(true, Ordering::Relaxed);
    let start = Instant::now();
    client.command(command)?;
    let time = start.elapsed().as_secs_f64() * 1e3;
    // What was sent meanwhile is still waited for.
    std::thread::sleep(Duration::from_millis(2));
    over.store(true, Ordering::Relaxed);
    println!("  {command}: {time:.1} ms");
    for ((name, ..), thread) in OTHERS.iter().zip(others) {
        let times = thread.join().map_err(|_| io::Error::other("a client panicked"))??;
        let (middle, worst) = (percentile(&times, 50), percentile(&times, 100));
        println!("    {name:<24} {middle:>8.2} / {worst:>8.2}   ({} times)", times.len());
    }
    // What is left to be reclaimed is not part of the next one.
    std::thread::sleep(Duration::from_millis(1500));
    Ok(())
}

fn repeat(
    client: &mut Client,
    command: &str,
    begun: &AtomicBool,
    over: &AtomicBool,
) -> io::Result<Vec<f64>> {
    let mut times = Vec::new();
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        let start = Instant::now();
        match command {
            "APPEND" => {
                number += 1;
                let message = mail::message(5_000_000 + number, 1_500);
                client.send(format!("t APPEND Sent {{{}+}}\r\n", message.len()).as_bytes())?;
                client.send(&message)?;
                client.send(b"\r\n")?;
                client.until(b"\r\nt OK")?;
            }
            command => {
                client.command(command)?;
            }
        }
        if begun.load(Ordering::Relaxed) {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        std::thread::sleep(PAUSE);
    }
    Ok(times)
}
