//! `peregrine check`: does a server keep commands in order that were sent at once?

mod stream;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use peregrine_check::inspect::{Inspection, Report, Wrong, inspect};

use crate::failure::Failure;
use crate::output::{self, say};
use crate::password;
use stream::{Security, Target};

const EXAMPLE: &str = "\
It makes a folder such as peregrine-check-90a2e345, plays pipelines in it, and removes it again.
No other mailbox is touched; the server is not hurried.

Exit codes: 0 all was right, 1 something was wrong or could not be done.

Examples:
  peregrine check imap.example.org --user alice
  peregrine check localhost:143 --plain --user alice --pipelines 500 < password.txt";

/// Most pipelines of one run.
const MOST_PIPELINES: u64 = 100_000;
/// Most connections of one pipeline: servers allow ten or so for a user.
const MOST_CONNECTIONS: u64 = 4;

/// Check whether an IMAP server answers pipelined commands as if it did them one by one.
///
/// The password is asked for, or read from standard input where that is no terminal.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The server; without a port, 993 with TLS and 143 otherwise.
    #[arg(value_name = "HOST[:PORT]")]
    server: String,
    /// Whose mail the folder is made in.
    #[arg(long, value_name = "NAME")]
    user: String,
    /// TLS from the beginning (the default).
    #[arg(long, conflicts_with_all = ["starttls", "plain"])]
    tls: bool,
    /// TLS by STARTTLS.
    #[arg(long, conflicts_with = "plain")]
    starttls: bool,
    /// No TLS: the password crosses the network in clear.
    #[arg(long)]
    plain: bool,
    /// Trust only the certificates in this PEM file, instead of the system's.
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    certificates: Option<PathBuf>,
    /// The first seed: the same seed is the same pipeline.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many pipelines, each from the next seed.
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u64).range(1..=MOST_PIPELINES))]
    pipelines: u64,
    /// Most connections at once, besides one that looks at the end and one that cleans up.
    #[arg(long, value_name = "N", default_value_t = 2,
          value_parser = clap::value_parser!(u64).range(1..=MOST_CONNECTIONS))]
    connections: u64,
    /// For scripts: one object with what was found.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let security = match (arguments.starttls, arguments.plain) {
        (true, _) => Security::StartTls,
        (_, true) => Security::None,
        _ => Security::Tls,
    };
    let target = Target::new(&arguments.server, security, arguments.certificates.as_deref())?;
    let password = password::ask(&arguments.user)?;
    let inspection = Inspection {
        seed: arguments.seed,
        pipelines: arguments.pipelines,
        connections: arguments.connections as usize,
    };
    let connect = async || target.log_in(&arguments.user, &password).await;
    let bar = crate::progress::pipelines(arguments.pipelines);
    let stopped = stopped();
    let goes_on = |report: &Report| {
        bar.set_position(report.pipelines);
        !stopped.load(Ordering::Relaxed)
    };
    let report = inspect(connect, &inspection, goes_on).await;
    let report = report.map_err(|error| Failure::Io("cannot check", error))?;
    bar.finish_and_clear();
    match arguments.json {
        true => say!("{}", json(&report, &inspection)),
        false => tell(&report, &inspection),
    }
    let right = report.wrong.is_empty() && report.left_behind.is_empty();
    if right { Ok(()) } else { Err(Failure::Incomplete) }
}

/// Becomes true by Ctrl-C: the pipeline that runs is played to its end, and the folder is removed.
/// A second Ctrl-C ends at once.
fn stopped() -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let stops = Arc::clone(&stopped);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stops.store(true, Ordering::Relaxed);
            eprintln!("peregrine: cleaning up; once more Ctrl-C ends at once");
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(1);
        }
    });
    stopped
}

fn tell(report: &Report, inspection: &Inspection) {
    for wrong in &report.wrong {
        tell_wrong(wrong);
    }
    let last = inspection.seed + report.pipelines.saturating_sub(1);
    say!(
        "{} pipelines (seeds {} to {last}) with {} commands in {}",
        output::number(report.pipelines),
        inspection.seed,
        output::number(report.commands),
        output::printable(&report.folder),
    );
    for left_out in &report.left_out {
        say!("left out: {left_out}");
    }
    if !report.undecided.is_empty() {
        say!("not judged, for too many orders are possible: seeds {:?}", report.undecided);
    }
    for name in &report.left_behind {
        say!("left behind, could not be removed: {}", output::printable(name));
    }
    match report.wrong.len() {
        0 => say!("every answer is that of the commands done one after the other"),
        count => say!("{count} pipelines were answered wrongly, see above"),
    }
}

fn tell_wrong(wrong: &Wrong) {
    say!("Seed {}:\n", wrong.seed);
    for line in &wrong.transcript {
        say!("    {}", output::printable(line));
    }
    for finding in &wrong.findings {
        say!("\n{}", output::printable(&finding.to_string()));
    }
    say!("");
}

fn json(report: &Report, inspection: &Inspection) -> serde_json::Value {
    let wrong = report.wrong.iter().map(|wrong| {
        let findings = wrong.findings.iter().map(|finding| {
            serde_json::json!({
                "rule": format!("{:?}", finding.rule),
                "sentence": finding.rule.sentence(),
                "text": finding.text,
            })
        });
        serde_json::json!({
            "seed": wrong.seed,
            "findings": findings.collect::<Vec<_>>(),
            "transcript": wrong.transcript,
        })
    });
    serde_json::json!({
        "folder": report.folder,
        "seed": inspection.seed,
        "pipelines": report.pipelines,
        "commands": report.commands,
        "left_out": report.left_out,
        "undecided": report.undecided,
        "left_behind": report.left_behind,
        "wrong": wrong.collect::<Vec<_>>(),
    })
}
