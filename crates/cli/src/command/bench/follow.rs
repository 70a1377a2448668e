//! A run from the first mailbox that is made to the last that is removed, whatever happens.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use peregrine_client::Error;

use crate::bench::rounds::{self, Plan, Row};
use crate::bench::site::Site;
use crate::bench::what::What;
use crate::command::serve::Signals;
use crate::failure::Failure;
use crate::output;

/// Time between two lines where there is no terminal.
const LINES: Duration = Duration::from_secs(5);

/// How long a server may take to remove what was made there.
const REMOVAL: Duration = Duration::from_secs(60);

/// Prepares, measures into `rows`, and removes. Ctrl-C ends the first two, and then a second one the
/// last.
pub async fn all(sites: &mut [Site], plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(|e| Failure::Io("cannot wait for signals", e))?;
    let mut shown = Shown::new(plan, sites.len());
    let done = tokio::select! {
        done = measured(sites, plan, rows, &mut shown) => done,
        () = signals.end() => Err(Failure::Work("interrupted before the end".into())),
    };
    shown.say("removing the mailboxes");
    let removed = tokio::select! {
        removed = remove(sites) => removed,
        () = signals.end() => Err(Failure::Work(left(sites))),
    };
    shown.finish();
    // What failed first is the reason for all else.
    done.and(removed)
}

async fn measured(
    sites: &mut [Site],
    plan: &Plan,
    rows: &mut Vec<Row>,
    shown: &mut Shown,
) -> Result<(), Failure> {
    for site in &mut *sites {
        shown.say(&format!("filling {}", site.name));
        let prepared = site.prepare(plan.budget.messages, plan.budget.connections).await;
        prepared.map_err(|failure| of(&site.name, failure))?;
    }
    rounds::run(sites, plan, rows, &mut |what, name| shown.turn(what, name)).await;
    Ok(())
}

/// Which server it was, where the failure does not tell; its kind, which becomes the exit code,
/// stays.
fn of(name: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Mail(Error::Connect(_)) => failure,
        Failure::Login(_) | Failure::Mail(_) => {
            eprintln!("peregrine: {}:", output::printable(name));
            failure
        }
        failure => Failure::Work(format!("{name}: {failure}")),
    }
}

async fn remove(sites: &mut [Site]) -> Result<(), Failure> {
    let mut failed = Ok(());
    for site in sites {
        if !site.is_made() {
            continue;
        }
        match tokio::time::timeout(REMOVAL, site.remove()).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                let left = left(std::slice::from_ref(site));
                failed = Err(Failure::Work(format!("{left}: {failure}")));
            }
            Err(_) => failed = Err(Failure::Work(left(std::slice::from_ref(site)))),
        }
    }
    failed
}

fn left(sites: &[Site]) -> String {
    let made = sites.iter().filter(|site| site.is_made());
    let places: Vec<_> = made.map(|site| format!("{} ({}*)", site.name, site.prefix())).collect();
    format!("mailboxes are left on {}; remove them by hand", places.join(", "))
}

/// A bar, or a line now and then.
struct Shown {
    bar: ProgressBar,
    terminal: bool,
    last: Instant,
    turns: u64,
}

impl Shown {
    fn new(plan: &Plan, sites: usize) -> Self {
        let turns = (plan.whats.len() * plan.rounds * sites) as u64;
        let bar = ProgressBar::new(turns);
        let style = ProgressStyle::with_template("{msg:45!} {wide_bar} {pos}/{len}, {eta} left");
        // Only a template with a mistake fails; the default is the next best thing.
        if let Ok(style) = style {
            bar.set_style(style);
        }
        let terminal = std::io::stderr().is_terminal();
        Self { bar, terminal, last: Instant::now(), turns: 0 }
    }

    fn turn(&mut self, what: What, site: &str) {
        self.bar.set_position(self.turns);
        self.turns += 1;
        if self.terminal {
            self.say(&format!("{}: {site}", what.name()));
        } else if self.last.elapsed() >= LINES {
            self.last = Instant::now();
            let of = self.bar.length().unwrap_or_default();
            eprintln!("{} of {of}: {}, {}", self.turns, what.name(), output::printable(site));
        }
    }

    fn say(&self, text: &str) {
        self.bar.set_message(output::printable(text));
        self.bar.tick();
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
