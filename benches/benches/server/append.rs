//! Durable APPENDs of 8 KiB with 1, 8 and 64 clients, beside a raw file with the same group commit.

use peregrine_benches::client::Client;
use peregrine_benches::{bare, mail, median, served};
use std::io;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

const OCTETS: usize = 8 * 1024;
const TIME: Duration = Duration::from_secs(2);
const REPETITIONS: usize = 5;

pub fn run() -> io::Result<()> {
    println!("durable APPEND of 8 KiB, one mailbox, synchronizing literals");
    for clients in [1, 8, 64] {
        let (mut rates, mut ratios, mut costs) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            let folder = tempfile::tempdir_in(".")?;
            let home = folder.path().join("mail");
            served::init(&home)?;
            let server = served::Served::start(&home)?;
            // Once unmeasured: the log takes its size, the mailbox is opened.
            appends(&server, clients, 0, TIME / 4)?;
            let (count, cpu) = appends(&server, clients, 1, TIME)?;
            let rate = f64::from(count) / TIME.as_secs_f64();
            costs.push(cpu / f64::from(count) * 1e6);
            let raw = bare::group_commit(folder.path(), clients, OCTETS, TIME)?;
            rates.push(rate);
            ratios.push(rate / raw);
        }
        println!(
            "  {clients:>2} clients: {:>7.0}/s, {:.2} of the raw file, {:.0} us of server CPU each",
            median(rates),
            median(ratios),
            median(costs)
        );
    }
    Ok(())
}

/// How many there were in all, and the server's CPU seconds for them. All log in before the first
/// begins: hashing a password costs as much as a hundred APPENDs. Another `round` has other
/// messages, since equal bodies are stored once.
fn appends(
    server: &served::Served,
    clients: usize,
    round: usize,
    time: Duration,
) -> io::Result<(u32, f64)> {
    let ready = Arc::new(Barrier::new(clients + 1));
    let threads: Vec<_> = (0..clients)
        .map(|number| {
            let (address, ready) = (server.imap, Arc::clone(&ready));
            std::thread::spawn(move || -> io::Result<u32> {
                let client = Client::login(address);
                ready.wait();
                client.and_then(|client| append(client, (round * 100 + number) * 1_000_000, time))
            })
        })
        .collect();
    ready.wait();
    let cpu = server.cpu();
    let mut total = 0;
    for thread in threads {
        total += thread.join().map_err(|_| io::Error::other("a client panicked"))??;
    }
    Ok((total, server.cpu() - cpu))
}

fn append(mut client: Client, first: usize, time: Duration) -> io::Result<u32> {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < time {
        let message = mail::message(first + count as usize, OCTETS);
        client.send(format!("t APPEND INBOX {{{}}}\r\n", message.len()).as_bytes())?;
        client.until(b"\r\n+ ")?;
        client.send(&message)?;
        client.send(b"\r\n")?;
        client.until(b"\r\nt OK")?;
        count += 1;
    }
    Ok(count)
}
