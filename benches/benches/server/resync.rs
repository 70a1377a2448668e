//! Coming back to a mailbox after ten changes: what it costs with 100,000 messages, beside the same
//! with 1,000.

use peregrine_benches::client::Client;
use peregrine_benches::served::{self, Served};
use peregrine_benches::{mail, median};
use std::io;

const SIZES: [(&str, usize); 2] = [("Small", 1_000), ("Large", 100_000)];
const OCTETS: usize = 500;
const REPETITIONS: usize = 21;

pub fn run() -> io::Result<()> {
    println!("coming back after 8 changes of flags and 2 expunges, over the whole mailbox:");
    let folder = tempfile::tempdir_in(".")?;
    let home = folder.path().join("mail");
    served::init(&home)?;
    for (name, messages) in SIZES {
        let source = folder.path().join("mbox");
        mail::mbox(&source, messages, OCTETS)?;
        served::import(&home, &source, name)?;
    }
    let server = Served::start(&home)?;
    for (name, messages) in SIZES {
        let mut client = Client::login(server.imap)?;
        client.command("ENABLE QRESYNC")?;
        let before = client.answer(&format!("SELECT {name}"))?;
        change(&mut client, messages)?;
        let known =
            format!("{} {}", after(&before, "UIDVALIDITY ")?, after(&before, "HIGHESTMODSEQ ")?);
        let since = after(&before, "HIGHESTMODSEQ ")?;
        let select = format!("SELECT {name} (QRESYNC ({known}))");
        cost(&server, &mut client, messages, "SELECT (QRESYNC …)", &select)?;
        let fetch = format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {since} VANISHED)");
        cost(
            &server,
            &mut client,
            messages,
            "UID FETCH 1:* (FLAGS) (CHANGEDSINCE … VANISHED)",
            &fetch,
        )?;
    }
    Ok(())
}

/// Ten changes, as far from each other as can be.
fn change(client: &mut Client, messages: usize) -> io::Result<()> {
    for part in 1..=10 {
        let uid = messages * part / 10;
        let flag = if part % 5 == 0 { "\\Deleted" } else { "\\Flagged" };
        client.command(&format!("UID STORE {uid} +FLAGS.SILENT ({flag})"))?;
    }
    client.command("EXPUNGE").map(drop)
}

/// The number behind a word.
fn after(answer: &str, word: &str) -> io::Result<String> {
    let rest = answer.split_once(word).map(|(_, rest)| rest);
    let number = rest.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
    number.ok_or_else(|| io::Error::other(format!("no {word}in {answer}")))
}

fn cost(
    server: &Served,
    client: &mut Client,
    messages: usize,
    name: &str,
    command: &str,
) -> io::Result<()> {
    let (mut used, mut octets) = (Vec::new(), 0);
    for _ in 0..REPETITIONS {
        let before = server.cpu();
        octets = client.command(command)?;
        used.push((server.cpu() - before) * 1e3);
    }
    println!(
        "  {messages:>6} messages, {name}: {octets} octets, {:.3} ms of server CPU",
        median(used)
    );
    Ok(())
}
