//! Ten independent searches through bodies, one after another and all in one write.

use peregrine_benches::client::Client;
use peregrine_benches::pipeline::{Pipeline, Reading};
use peregrine_benches::{mail, median, served};
use std::io;
use std::time::Instant;

const REPETITIONS: usize = 7;

pub fn run() -> io::Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let home = folder.path().join("mail");
    served::init(&home)?;
    let source = folder.path().join("mbox");
    mail::mbox(&source, 10_000, 8 << 10)?;
    served::import(&home, &source, "INBOX")?;
    let server = served::Served::start(&home)?;
    let mut client = Client::login(server.imap)?;
    client.command("SELECT INBOX")?;
    let searches: Vec<String> =
        (0..10).map(|n| format!("UID SEARCH BODY \"of {}:\"", 1000 + 777 * n)).collect();
    client.command(&searches[0])?;
    let (mut one, mut all, mut ratios, mut cores) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        for search in &searches {
            Pipeline::new().with(search).run(&client, Reading::Full)?;
        }
        let serial = start.elapsed().as_secs_f64();
        let together = searches.iter().fold(Pipeline::new(), |all, search| all.with(search));
        let (start, cpu) = (Instant::now(), server.cpu());
        together.run(&client, Reading::Full)?;
        let pipelined = start.elapsed().as_secs_f64();
        cores.push((server.cpu() - cpu) / pipelined);
        one.push(serial * 1e3);
        all.push(pipelined * 1e3);
        ratios.push(pipelined / serial);
    }
    println!(
        "ten searches through 10,000 bodies of 8 KiB: one after another {:.0} ms, in one write \
         {:.0} ms on {:.2} cores, ratio {:.2}",
        median(one),
        median(all),
        median(cores),
        median(ratios)
    );
    Ok(())
}
