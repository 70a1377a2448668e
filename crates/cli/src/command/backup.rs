//! `peregrine backup`: everything of a store in files that can be checked and restored.

use std::path::PathBuf;

use peregrine_server::admin::backup::take;
use peregrine_server::admin::verify::Looking;

use crate::failure::Failure;
use crate::output::say;
use crate::progress::Teller;
use crate::{load, output};

const EXAMPLE: &str = "\
Examples:
  peregrine backup ~/mail /backup/mail                  a full backup
  peregrine backup ~/mail /backup/mail --incremental    only what is new since the last one
  peregrine restore /backup/mail --list

The server may run meanwhile: a backup shows the whole store as it was at one instant. Each backup
is a list, 000001.backup, and a file of the bodies that were new, 000001.bodies; it exists when all
of it is on the disk, and until then the earlier ones are as they were. To remove old backups,
remove a full one together with the incremental ones behind it. peregrine.toml and the certificate
are not in it.

What is damaged in the store is left out and told, and the exit code is 1.";

/// Take a backup, also while the server runs.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The server's folder.
    dir: PathBuf,
    /// The folder of backups to make or to add to.
    target: PathBuf,
    /// Write only bodies that the latest backup there does not have.
    #[arg(long)]
    incremental: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = load(&arguments.dir)?;
    let mut teller = Teller::new("backing up");
    let mut tell = |looking: Looking<'_>| teller.look(&looking);
    let taken = take(&config, &arguments.target, arguments.incremental, &mut tell).await;
    let summary = teller.finish(taken.as_ref().map_or(0, |taken| taken.bodies));
    let taken = taken?;
    say!(
        "backup {}: {}, {}, {} of them new ({})",
        taken.number,
        output::count(taken.users, "user"),
        output::count(taken.bodies, "body"),
        output::number(taken.new_bodies),
        output::count(taken.new_octets, "octet")
    );
    eprintln!("{summary}");
    for damage in &taken.damage {
        eprintln!("left out: {}", output::printable(&damage.to_string()));
    }
    if taken.damage.is_empty() { Ok(()) } else { Err(Failure::Incomplete) }
}
