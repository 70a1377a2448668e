//! What a working connection does: a mix of reading, changing, adding and removing, with pauses as
//! of a person's program, so that mailboxes keep their size.

use crate::wire::Wire;
use peregrine_benches::percentile;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The longest pause between two commands; half of it on average.
const PAUSE_MS: u64 = 200;

/// Messages that a connection's own mailbox gets before they are removed.
const KEPT: usize = 5;

/// What one connection has done.
pub struct Done {
    commands: usize,
    /// Milliseconds of each small command: NOOP, STATUS, FETCH of flags.
    small: Vec<f64>,
    /// Milliseconds of each that is synced: APPEND, STORE, EXPUNGE.
    durable: Vec<f64>,
}

/// Works until told to stop.
pub async fn work(mut wire: Wire, number: usize, go_on: Arc<AtomicBool>) -> io::Result<Done> {
    let own = format!("Own{number}");
    wire.command(&format!("CREATE {own}")).await?;
    wire.command("SELECT INBOX").await?;
    let mut done = Done { commands: 0, small: Vec::new(), durable: Vec::new() };
    let mut chance = Chance(number as u64 + 1);
    let mut kept = 0;
    while go_on.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(chance.below(PAUSE_MS))).await;
        let uid = 1 + chance.below(100);
        let begun = Instant::now();
        let durable = match chance.below(100) {
            0..30 => wire.command("NOOP").await.map(|()| Some(false))?,
            30..50 => {
                wire.command(&format!("UID FETCH {uid} FLAGS")).await.map(|()| Some(false))?
            }
            50..62 => {
                wire.command(&format!("STATUS {own} (MESSAGES)")).await.map(|()| Some(false))?
            }
            62..77 => wire.command(&format!("UID FETCH {uid} BODY.PEEK[]")).await.map(|()| None)?,
            77..85 => wire.command("UID SEARCH UNSEEN FROM example").await.map(|()| None)?,
            85..87 => {
                let sign = if chance.below(2) == 0 { '+' } else { '-' };
                let store = format!("UID STORE {uid} {sign}FLAGS.SILENT (\\Flagged)");
                wire.command(&store).await.map(|()| Some(true))?
            }
            _ if kept < KEPT => {
                kept += 1;
                wire.append(&own, number).await.map(|()| Some(true))?
            }
            _ => {
                kept = 0;
                empty(&mut wire, &own).await?;
                done.commands += 3;
                None
            }
        };
        let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
        match durable {
            Some(false) => done.small.push(milliseconds),
            Some(true) => done.durable.push(milliseconds),
            None => {}
        }
        done.commands += 1;
    }
    Ok(done)
}

async fn empty(wire: &mut Wire, own: &str) -> io::Result<()> {
    wire.command(&format!("SELECT {own}")).await?;
    wire.command("STORE 1:* +FLAGS.SILENT (\\Deleted)").await?;
    wire.command("EXPUNGE").await?;
    wire.command("SELECT INBOX").await
}

/// Prints the figures of all.
pub fn report(done: &[Done], seconds: f64) {
    let mut commands: Vec<usize> = done.iter().map(|one| one.commands).collect();
    commands.sort_unstable();
    let all: usize = commands.iter().sum();
    let (least, most) =
        (commands.first().copied().unwrap_or(0), commands.last().copied().unwrap_or(0));
    println!(
        "commands: {all}, {:.0} a second; a session: {least} at least, {most} at most",
        all as f64 / seconds
    );
    for (name, of) in
        [("small", times(done, |one| &one.small)), ("durable", times(done, |one| &one.durable))]
    {
        let largest = of.iter().copied().fold(0.0, f64::max);
        println!(
            "{name} commands in ms: p50 {:.1}, p99 {:.1}, longest {largest:.0} ({} of them)",
            percentile(&of, 50),
            percentile(&of, 99),
            of.len()
        );
    }
}

fn times(done: &[Done], of: impl Fn(&Done) -> &Vec<f64>) -> Vec<f64> {
    done.iter().flat_map(|one| of(one).iter().copied()).collect()
}

/// Numbers by chance, the same in each run (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
