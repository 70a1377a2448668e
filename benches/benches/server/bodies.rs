//! Whole bodies over loopback beside a bare socket: 10,000 of 8 KiB, 20 of 10 MiB.

use peregrine_benches::client::Client;
use peregrine_benches::{bare, mail, median, served};
use std::io;
use std::time::Instant;

const REPETITIONS: usize = 5;

pub fn run() -> io::Result<()> {
    println!("whole bodies, UID FETCH 1:* (BODY.PEEK[])");
    for (count, octets, name) in [(10_000, 8 << 10, "8 KiB"), (20, 10 << 20, "10 MiB")] {
        let folder = tempfile::tempdir_in(".")?;
        let home = folder.path().join("mail");
        served::init(&home)?;
        let source = folder.path().join("mbox");
        mail::mbox(&source, count, octets)?;
        served::import(&home, &source, "INBOX")?;
        let server = served::Served::start(&home)?;
        let mut client = Client::login(server.imap)?;
        client.command("SELECT INBOX")?;
        client.command("UID FETCH 1:* (BODY.PEEK[])")?;
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            let start = Instant::now();
            let got = client.command("UID FETCH 1:* (BODY.PEEK[])")?;
            let rate = got as f64 / start.elapsed().as_secs_f64();
            rates.push(rate / 1e6);
            ratios.push(rate / bare::socket(got, 256 << 10)?);
        }
        println!(
            "  {count} x {name}: {:.0} MB/s, {:.2} of the bare socket",
            median(rates),
            median(ratios)
        );
    }
    Ok(())
}
