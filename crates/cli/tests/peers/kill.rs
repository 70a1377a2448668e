//! The server is killed in the middle, again and again, and nothing that it acknowledged is lost.
//!
//! Sixteen clients over TLS change four mailboxes that they share and one of their own each; every
//! fifth kill comes when they have ended and the store moves its log into its tables. Each
//! keeps a ledger of what was acknowledged, and of the one operation whose answer the kill cut
//! off. After each restart the whole store is read and held against the ledgers. Messages belong
//! to the client that brought them, so that each one's truth is known though mailboxes are shared.
//!
//! Checked after each restart, by their numbers in the list of invariants: V1 (bytes, date, size),
//! V2 (flags), V3 (nothing comes back), V4 (what was refused has no effect), V5 (what is unknown
//! was done whole or not at all), V6 (MOVE), V7 and V8 (UIDs), V9 (UIDVALIDITY), V12 (STATUS is a
//! recount), V14 (another restart changes nothing), V16 (SEARCH finds what a scan finds).
//!
//! Faults that it was seen to find, each put in by hand and taken out again: answers given before
//! the commit (at once); a commit that is no transaction (seed 1, kill 23: damaged data).
//!
//! SIGKILL leaves the kernel's memory as it is, so a missing sync is not seen here.
//!
//! `PEREGRINE_KILLS=n` kills so often, `PEREGRINE_KILL_SEED=n` chooses the load; which instant a
//! kill meets is chance all the same.

mod ledger;
mod load;
mod mail;
mod truth;
mod wire;

use super::served::{Home, Served};
use ledger::Ledger;
use load::Load;
use peregrine_testkit::model::Random;
use rustls::ClientConfig;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use truth::Truth;

const CLIENTS: u64 = 16;
const KILLS: u64 = 50;
/// A kill comes after at most so many acknowledgements.
const ROUND: usize = 300;
/// And then so many microseconds later at most: a few commits.
const LATER: usize = 20_000;
/// The store moves its log into its tables when nothing has come for so long (`IDLE` in the
/// engine), and is at it for some time.
const QUIET: Duration = Duration::from_millis(195);
/// In microseconds.
const MOVING: usize = 40_000;
/// A server that answers nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(60);

#[test]
fn nothing_acknowledged_is_lost_by_kill() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let kills = number("PEREGRINE_KILLS").unwrap_or(KILLS);
    let seed = number("PEREGRINE_KILL_SEED").unwrap_or(1);
    let mut random = Random::new(seed);
    let home = Home::new();
    let tls = wire::trust(&home.certificate());
    let mut ledgers: Vec<Ledger> = (0..CLIENTS).map(Ledger::new).collect();
    let mut truth = Truth::default();
    let (mut in_recovery, mut when_quiet, mut slowest) = (0, 0, Duration::ZERO);
    let mut server = home.serve();
    ledger::make_mailboxes(&mut wire::Wire::log_in(server.imaps, &tls).expect("it serves"));
    for round in 0..kills {
        when_quiet += u64::from(round_of(&mut ledgers, server, &tls, &mut random));
        while random.chance(25) {
            kill_in_recovery(&home, &mut random);
            in_recovery += 1;
        }
        server = restart(&home, &mut slowest);
        let context = format!("seed {seed}, kill {round}");
        truth.read(server.imaps, &tls, &context);
        for ledger in &mut ledgers {
            truth.judge(ledger, &context);
        }
        if random.chance(10) {
            drop(server);
            server = restart(&home, &mut slowest);
            truth.is_still(server.imaps, &tls, &context);
        }
    }
    let sum = |count: fn(&Ledger) -> u64| ledgers.iter().map(count).sum::<u64>();
    println!(
        "kill: seed {seed}, {kills} kills ({when_quiet} while the log is moved) and {in_recovery} \
         more during recovery, {} operations acknowledged, {} unknown of which {} were done, {} \
         messages at the end, 0 violations; slowest start {slowest:.0?}",
        sum(|ledger| ledger.acknowledged),
        sum(|ledger| ledger.lost),
        sum(|ledger| ledger.lost_and_done),
        truth.messages(),
    );
}

/// One round: the clients change the store, and the server is killed. Whether it was killed while
/// nothing came.
fn round_of(
    ledgers: &mut Vec<Ledger>,
    server: Served,
    tls: &Arc<ClientConfig>,
    random: &mut Random,
) -> bool {
    let (acknowledged, acknowledgements) = mpsc::channel();
    let enough = Arc::new(AtomicBool::new(false));
    let mut start = |ledger| {
        let wire = wire::Wire::log_in(server.imaps, tls).expect("it serves");
        let load = Load::new(ledger, wire, Random::new(random.number()));
        let (acknowledged, enough) = (acknowledged.clone(), Arc::clone(&enough));
        std::thread::spawn(move || load.run(&acknowledged, &enough))
    };
    let clients: Vec<_> = ledgers.drain(..).map(&mut start).collect();
    drop(acknowledged);
    for _ in 0..1 + random.below(ROUND) {
        acknowledgements.recv_timeout(STUCK).expect("the server goes on answering");
    }
    let join = |client: JoinHandle<Ledger>| client.join().expect("no panic");
    let quiet = random.chance(20);
    if quiet {
        enough.store(true, Ordering::Relaxed);
        ledgers.extend(clients.into_iter().map(join));
        let (_never, nothing) = mpsc::channel::<()>();
        let moving = Duration::from_micros(random.below(MOVING) as u64);
        let _ = nothing.recv_timeout(QUIET + moving);
        drop(server);
    } else {
        // Right behind an answer a commit has just begun; the instants in its middle are wanted too.
        let until = Instant::now() + Duration::from_micros(random.below(LATER) as u64);
        let left = || until.saturating_duration_since(Instant::now());
        while acknowledgements.recv_timeout(left()).is_ok() {}
        drop(server);
        ledgers.extend(clients.into_iter().map(join));
    }
    quiet
}

fn restart(home: &Home, slowest: &mut Duration) -> Served {
    let begun = Instant::now();
    let server = home.serve();
    *slowest = begun.elapsed().max(*slowest);
    server
}

/// Kills a server somewhere on its way to being ready; when, is chance.
fn kill_in_recovery(home: &Home, random: &mut Random) {
    let mut process = home.begin(&mut Command::new(env!("CARGO_BIN_EXE_peregrine")));
    let (_never, nothing) = mpsc::channel::<()>();
    let _ = nothing.recv_timeout(Duration::from_millis(random.below(60) as u64));
    process.kill().expect("it is there");
    process.wait().expect("it ends");
}
