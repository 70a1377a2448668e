//! Durable APPENDs of 8 KiB with 1, 8 and 64 clients, beside a raw file with the same group commit.

use peregrine_benches::client::Client;
use peregrine_benches::{bare, mail, median, served};
use std::io;
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
            appends(&server, clients, TIME / 4)?;
            let cpu = server.cpu();
            let count = appends(&server, clients, TIME)?;
            let rate = f64::from(count) / TIME.as_secs_f64();
            costs.push((server.cpu() - cpu) / f64::from(count) * 1e6);
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

fn appends(server: &served::Served, clients: usize, time: Duration) -> io::Result<u32> {
    let threads: Vec<_> = (0..clients)
        .map(|number| {
            let address = server.imap;
            std::thread::spawn(move || -> io::Result<u32> {
                let mut client = Client::login(address)?;
                let (start, mut count) = (Instant::now(), 0);
                while start.elapsed() < time {
                    let message = mail::message(number * 1_000_000 + count as usize, OCTETS);
                    client.send(format!("t APPEND INBOX {{{}}}\r\n", message.len()).as_bytes())?;
                    client.until(b"\r\n+ ")?;
                    client.send(&message)?;
                    client.send(b"\r\n")?;
                    client.until(b"\r\nt OK")?;
                    count += 1;
                }
                Ok(count)
            })
        })
        .collect();
    let mut total = 0;
    for thread in threads {
        total += thread.join().map_err(|_| io::Error::other("a client panicked"))??;
    }
    Ok(total)
}
