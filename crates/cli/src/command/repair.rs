//! `peregrine repair`: a damaged store in order again.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use peregrine_server::admin::repair::{LISTING, Repair};
use peregrine_server::admin::verify::Looking;

use crate::failure::Failure;
use crate::output::say;
use crate::progress::Teller;
use crate::{load, output};

const EXAMPLE: &str = "\
Examples:
  peregrine repair ~/mail --dry-run      what would be done
  peregrine repair ~/mail                asks before it does it

The server must not run. Everything that can be read is copied into a new store beside the damaged
one, page by page and row by row where the file cannot be followed; there, what is counted is
counted anew, and messages without octets are taken out. Messages keep their UIDs and flags; those
whose place is lost come back under their UIDs without flags, or into the mailbox \"Lost and
found\". A mailbox gets another UIDVALIDITY only where nobody knows any more which UIDs were given
out.

Then it says what is lost and asks. The new store takes the place of the damaged one, which stays
beside it as DIR/mail.damaged-TIME, with lost-messages.txt in it. Exit codes: 0 nothing is lost,
1 something is, or it failed.";

/// Put a damaged store in order again; says what it does, and asks.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The server's folder.
    dir: PathBuf,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = load(&arguments.dir)?;
    let mut teller = Teller::new("repairing");
    let mut tell = |looking: Looking<'_>| teller.look(&looking);
    let repair = Repair::prepare(&config, &mut tell).await;
    teller.finish(0);
    let repair = repair?;
    if !repair.is_needed() {
        repair.discard()?;
        say!("all is well; nothing was changed");
        return Ok(());
    }
    show(&repair);
    let lost = !repair.repaired.lost.is_empty() || !repair.file.is_empty();
    if arguments.dry_run {
        repair.discard()?;
        say!("nothing was changed");
    } else if arguments.yes || agreed()? {
        let kept = repair.apply()?;
        say!("repaired; the damaged store is {} now", output::printable(&kept.to_string_lossy()));
        if lost {
            say!("lost messages are listed in its {LISTING}");
        }
    } else {
        repair.discard()?;
        say!("nothing was changed");
        return Err(Failure::Incomplete);
    }
    if lost { Err(Failure::Incomplete) } else { Ok(()) }
}

fn show(repair: &Repair) {
    for line in &repair.file {
        say!("wrong  {}", output::printable(line));
    }
    for damage in &repair.repaired.damage {
        say!("wrong  {}", output::printable(&damage.to_string()));
    }
    for line in &repair.repaired.done {
        say!("done   {}", output::printable(line));
    }
    for line in &repair.repaired.lost {
        say!("lost   {}", output::printable(line));
    }
    for damage in &repair.left {
        say!("left   {}", output::printable(&damage.to_string()));
    }
}

/// Whether a person at the terminal says yes.
fn agreed() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage("nobody can be asked here; say --yes or --dry-run".to_owned()));
    }
    eprint!("put the repaired store into its place? [y/N] ");
    std::io::stderr().flush().map_err(|error| Failure::Io("the terminal", error))?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| Failure::Io("the terminal", error))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
