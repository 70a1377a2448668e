//! `peregrine bench`: how fast servers are, side by side.

mod follow;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use crate::account::secret::Input;
use crate::bench::json::{Run, Server};
use crate::bench::measure::Budget;
use crate::bench::null::Null;
use crate::bench::rounds::{Plan, Row};
use crate::bench::site::Site;
use crate::bench::what::What;
use crate::bench::{chart, table};
use crate::failure::Failure;
use crate::mail::connect::{Means, Whose};
use crate::output::{self, say};

const EXAMPLE: &str = "\
Examples:
  peregrine bench work
  peregrine bench imap://alice@127.0.0.1:1143 imap://alice@127.0.0.1:2143 --svg bench.svg
  peregrine bench old new --only append,search-body,fetch-behind-search --seconds 10

It measures: login, login-many, append, append-many, select, flags, envelopes, bodies, large,
search-flag, search-header, search-body, store, store-all, idle-append, idle-flag, noop, noop-many,
fetch-one, fetch-many, fetch-behind-search, status-behind-search, fetch-behind-fetch,
status-behind-fetch.

Servers take turns, so that what else happens hits all alike. A figure is the median of the
rounds, or of all times; p99 is what one deed in a hundred takes at least; a ratio above 1 is
better than the first server, whatever the unit. The ceiling is what a server in this process gets
that answers at once over loopback: a figure near it tells more of this program than of the server.

On each server it makes mailboxes whose names begin with peregrine-bench-, fills them with the
messages asked for and some large ones, and removes them at the end, also after Ctrl-C. All other
mail is left alone. A log-in is LOGIN, unless the account says otherwise. Each server works as hard
as it can meanwhile: measure your own.";

/// Measure how fast IMAP servers are, several side by side.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// Accounts of accounts.toml, or imaps://USER@HOST[:PORT]; the others are compared with the
    /// first.
    #[arg(value_name = "ACCOUNT", required = true)]
    accounts: Vec<String>,
    /// Measure only these, parted by commas.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = What::named)]
    only: Vec<What>,
    /// Messages of 8 KiB in the mailbox that is read, and at most appended in a round.
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(100..=100_000))]
    messages: u32,
    /// How long each measurement takes on each server, about, preparations left out.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Rounds in which the servers take turns.
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Connections at once, where several are measured; many servers allow 10 in all.
    #[arg(long, value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,
    /// A command that prints the password on its first line, run by /bin/sh; for all servers.
    #[arg(long, value_name = "COMMAND")]
    password_command: Option<String>,
    /// The servers' own certificate (PEM), where no authority vouches for it.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Draw the figures into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// For scripts: one object with `servers` and `measurements`; each of these has `name`, `unit`,
    /// `better` and `figures` with `server`, `value`, `p99_ms`, `ratio`, or `error`.
    #[arg(long)]
    json: bool,
}

/// Runs it. All on one thread: commands that are sent at once are then one write, and nothing is
/// handed from one thread to another while the clock runs.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::Io("cannot begin", error))?;
        runtime.block_on(measure(&arguments))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failure::Work(error.to_string()))?
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let plan = plan(arguments);
    let mut sites = Vec::new();
    for account in &arguments.accounts {
        let means = Means::new(arguments.password_command.clone(), arguments.certificate.clone());
        let access = Whose::new(account.clone(), means).access(Input::Free).await?;
        let name = called(account, &sites, &access.account);
        sites.push(Site::new(name, access));
    }
    let server =
        |site: &Site| Server { name: site.name.clone(), place: site.access.account.shown() };
    let servers: Vec<Server> = sites.iter().map(server).collect();
    let null = Null::start(plan.budget.messages)?;
    sites.push(null.site());
    let mut rows = Vec::new();
    let done = follow::all(&mut sites, &plan, &mut rows).await;
    if !rows.is_empty() {
        tell(&Run { plan: &plan, servers: &servers, rows: &rows }, arguments)?;
    }
    done?;
    let failed = |row: &Row| row.cells.iter().any(Result::is_err);
    if rows.iter().any(failed) { Err(Failure::Incomplete) } else { Ok(()) }
}

fn plan(arguments: &Arguments) -> Plan {
    let rounds = arguments.rounds as usize;
    let budget = Budget {
        time: Duration::from_secs_f64(arguments.seconds / rounds as f64),
        messages: arguments.messages as usize,
        connections: arguments.connections as usize,
    };
    let whats = match arguments.only.is_empty() {
        true => What::ALL.to_vec(),
        false => arguments.only.clone(),
    };
    Plan { whats, rounds, budget }
}

/// An account's own name; a URL's host and port. Numbered where it is there already.
fn called(argument: &str, others: &[Site], account: &crate::account::Account) -> String {
    let name = match argument.contains("://") {
        true => format!("{}:{}", account.host, account.port),
        false => argument.to_owned(),
    };
    let same = others.iter().filter(|other| other.name.split('#').next() == Some(&name)).count();
    if same == 0 { name } else { format!("{name}#{}", same + 1) }
}

fn tell(run: &Run<'_>, arguments: &Arguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.svg {
        std::fs::write(path, chart::svg(run)).map_err(Failure::file(path))?;
    }
    match arguments.json {
        true => say!("{}", run.to_json()),
        false => {
            let room = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
            let room = room.filter(|_| std::io::stdout().is_terminal()).unwrap_or(usize::MAX);
            let whole = table::table(run, true);
            let widest = whole.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            say!("{}", if widest <= room { whole } else { table::table(run, false) });
        }
    }
    for note in table::missing(run) {
        eprintln!("peregrine: {}", output::printable(&note));
    }
    if let Some(path) = &arguments.svg {
        eprintln!("written: {}", path.display());
    }
    Ok(())
}

fn seconds(text: &str) -> Result<f64, String> {
    const LONGEST: f64 = 3600.0;
    let seconds: f64 = text.parse().map_err(|_| "give a number of seconds".to_owned())?;
    let right = (0.01..=LONGEST).contains(&seconds);
    right.then_some(seconds).ok_or_else(|| format!("from 0.01 to {LONGEST} seconds"))
}
