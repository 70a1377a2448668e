//! Many connections for long: 10,000 by default, most in IDLE, 200 that work. Memory, descriptors
//! and the time of small commands are sampled, and no session may starve.
//!
//! `ulimit -n 20000; cargo bench --bench load`; `PEREGRINE_LOAD_MINUTES` (1),
//! `PEREGRINE_LOAD_CONNECTIONS` (10000), `PEREGRINE_LOAD_ACTIVE` (200). Descriptors of the server
//! are read as root only, since its process hides them.

#[path = "load/mix.rs"]
mod mix;
#[path = "load/wire.rs"]
mod wire;

use peregrine_benches::served::{self, Served};
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use wire::Wire;

/// Users that the connections are spread over.
const USERS: usize = 50;

/// Messages in each INBOX at the beginning.
const MESSAGES: usize = 100;

/// Logins at once: more would wait for each other's password hashes only.
const LOGINS: usize = 8;

/// Time between two samples.
const SAMPLE: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let minutes: f64 = setting("PEREGRINE_LOAD_MINUTES", 1.0);
    let connections: usize = setting("PEREGRINE_LOAD_CONNECTIONS", 10_000);
    let active: usize = setting("PEREGRINE_LOAD_ACTIVE", 200);
    let home = tempfile::tempdir()?;
    prepare(home.path())?;
    let served = Served::start(home.path())?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(run(&served, minutes, connections, active.min(connections)))
}

fn setting<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn prepare(home: &Path) -> io::Result<()> {
    served::init(home)?;
    for user in 0..USERS {
        served::add_user(home, &format!("user{user}"))?;
    }
    // The default is 10,000 connections in all, and some of ours come on top.
    let file = home.join("peregrine.toml");
    let text = std::fs::read_to_string(&file)?;
    std::fs::write(&file, text.replace("[limits]", "[limits]\nconnections = 19000"))
}

async fn run(served: &Served, minutes: f64, connections: usize, active: usize) -> io::Result<()> {
    let begun = Instant::now();
    for user in 0..USERS {
        let mut wire = Wire::login(served.imap, user).await?;
        for number in 0..MESSAGES {
            wire.append("INBOX", number).await?;
        }
    }
    let empty = Sample::take(served);
    println!("users and messages are there after {:.0} s", begun.elapsed().as_secs_f64());
    let (stop, stopped) = watch::channel(false);
    let notices = Arc::new(AtomicU64::new(0));
    let mut idle = begin_idle(served, connections - active, &stopped, &notices).await?;
    println!("{} connections idle after {:.0} s", idle.len(), begun.elapsed().as_secs_f64());
    let working = Arc::new(AtomicBool::new(true));
    let mut workers = JoinSet::new();
    for number in 0..active {
        let wire = Wire::login(served.imap, number % USERS).await?;
        workers.spawn(mix::work(wire, number, Arc::clone(&working)));
    }
    println!("{active} connections work after {:.0} s", begun.elapsed().as_secs_f64());
    let cpu = served.cpu();
    let noticed = notices.load(Ordering::Relaxed);
    let samples = sample(served, minutes).await;
    working.store(false, Ordering::Relaxed);
    let spent = served.cpu() - cpu;
    let told = notices.load(Ordering::Relaxed) - noticed;
    let mut done = Vec::new();
    while let Some(worker) = workers.join_next().await {
        done.push(worker.map_err(io::Error::other)??);
    }
    let _ = stop.send(true);
    let mut alive = 0;
    while let Some(ended) = idle.join_next().await {
        alive += usize::from(matches!(ended, Ok(Ok(()))));
    }
    let seconds = minutes * 60.0;
    println!("idle connections that answered DONE at the end: {alive} of {}", connections - active);
    println!("notices to idle connections: {:.0} a second", told as f64 / seconds);
    println!("server's CPU: {:.0} % of a core", 100.0 * spent / seconds);
    Sample::report(&empty, &samples);
    mix::report(&done, seconds);
    Ok(())
}

/// Connections that have INBOX open in IDLE, until told to say DONE.
async fn begin_idle(
    served: &Served,
    count: usize,
    stopped: &watch::Receiver<bool>,
    notices: &Arc<AtomicU64>,
) -> io::Result<JoinSet<io::Result<()>>> {
    let logins = Arc::new(Semaphore::new(LOGINS));
    let mut logging_in = JoinSet::new();
    let address = served.imap;
    for number in 0..count {
        let logins = Arc::clone(&logins);
        logging_in.spawn(async move {
            let _turn = logins.acquire().await.map_err(io::Error::other)?;
            let mut wire = Wire::login(address, number % USERS).await?;
            wire.command("SELECT INBOX").await?;
            wire.begin_idle().await?;
            io::Result::Ok(wire)
        });
    }
    let mut idle = JoinSet::new();
    while let Some(wire) = logging_in.join_next().await {
        let wire = wire.map_err(io::Error::other)??;
        idle.spawn(wire.idle(stopped.clone(), Arc::clone(notices)));
    }
    Ok(idle)
}

async fn sample(served: &Served, minutes: f64) -> Vec<Sample> {
    // What is allocated once, at first use, is no growth.
    tokio::time::sleep(SAMPLE).await;
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let mut samples = vec![Sample::take(served)];
    while Instant::now() < end {
        tokio::time::sleep(SAMPLE.min(end.saturating_duration_since(Instant::now()))).await;
        samples.push(Sample::take(served));
    }
    samples
}

/// What the server's process holds.
struct Sample {
    resident_mib: f64,
    /// Of that, what is not mapped from a file (RssAnon): the heap, stacks, buffers.
    own_mib: f64,
    /// The store's file and the program (RssFile), which the system may drop at any time.
    mapped_mib: f64,
    descriptors: Option<usize>,
}

impl Sample {
    fn take(served: &Served) -> Self {
        let descriptors = std::fs::read_dir(format!("/proc/{}/fd", served.id()));
        Self {
            resident_mib: served.resident() / 1024.0,
            own_mib: served.own() / 1024.0,
            mapped_mib: served.mapped() / 1024.0,
            descriptors: descriptors.ok().map(Iterator::count),
        }
    }

    fn report(empty: &Self, samples: &[Self]) {
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return };
        let all = |of: fn(&Self) -> f64| {
            // First, each eighth and last: growth that goes on shows.
            let places = (0..=8).map(|eighth| (samples.len() - 1) * eighth / 8);
            let values: Vec<String> =
                places.map(|place| format!("{:.0}", of(&samples[place]))).collect();
            format!("{:.0} without connections, then {}", of(empty), values.join(", "))
        };
        println!("resident memory in MiB: {}", all(|sample| sample.resident_mib));
        println!("of it not mapped (RssAnon): {}", all(|sample| sample.own_mib));
        println!("of it mapped (RssFile): {}", all(|sample| sample.mapped_mib));
        let most = samples.iter().filter_map(|sample| sample.descriptors).max();
        println!(
            "descriptors: {} without connections, {} at first, {} at last, {} at most",
            shown(empty.descriptors),
            shown(first.descriptors),
            shown(last.descriptors),
            shown(most)
        );
    }
}

fn shown(number: Option<impl Display>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}
