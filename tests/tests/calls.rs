//! Every call to the operating system that the store makes fails once, and nothing false is said.
//!
//! A child plays the script of the power-loss test under strace, which lets the n-th call of one
//! kind fail (in each of the child's four threads) with EIO, ENOSPC, EMFILE and others, or end
//! short. The child says after each change what the store holds, and tries what failed again.
//! Judged against a run without faults: no OK for what is not stored, nothing changed by what
//! failed, not in memory and not on the disk; a sync that failed stops the store, and it says so;
//! never a panic; and the store opens again and can be changed.
//!
//! Writes that end in the middle, as on a full disk, come from a limit on the size of files: for each
//! write of the run without faults there is a run in which it is cut in its middle, and so is what
//! goes as far later.
//!
//! `PEREGRINE_FAULT_SECONDS=n` is the time for a sample of the faults, `PEREGRINE_FAULTS=all` plays
//! all of them, `PEREGRINE_FAULT_SEED=n` chooses the sample, and `PEREGRINE_FAULT=call:n` plays only
//! one call's, `PEREGRINE_FAULT=size` only the sizes. Skipped with a message where strace is not
//! installed or not allowed; with `PEREGRINE_PEERS=required` (as in CI) that is a failure. It has no
//! harness, because that would write to files too.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

mod calls {
    #[path = "../power/changes.rs"]
    mod changes;
    mod child;
    mod fault;
    mod judge;

    pub use child::{FOLDER, live, make};
    pub use fault::{Fault, SERIES};
    pub use judge::{Judge, Sum};
}

use calls::{FOLDER, Fault, Judge, SERIES, Sum, live, make};
use peregrine_testkit::model::Random;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long the sample takes.
const SECONDS: u64 = 60;
/// After so many runs it says how far it is.
const PROGRESS: usize = 200;
/// As many children at a time.
const AT_ONCE: usize = 2;
/// Locks that fail, at most: SQLite waits ten or twenty seconds each time that it tries again.
const LOCKS: u32 = 8;

fn main() -> ExitCode {
    if std::env::var_os(FOLDER).is_some() {
        live();
        return ExitCode::SUCCESS;
    }
    if std::env::args().any(|word| word == "--list") {
        return ExitCode::SUCCESS;
    }
    if !can_trace() {
        let required = std::env::var("PEREGRINE_PEERS").as_deref() == Ok("required");
        eprintln!("skipped: strace is not installed or not allowed here");
        return if required { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let template = make();
    let judge = Judge::new(template.path());
    let mut faults = faults(&judge);
    let count = faults.len();
    let seed = number("PEREGRINE_FAULT_SEED").unwrap_or(1);
    let seconds = number("PEREGRINE_FAULT_SECONDS").unwrap_or(SECONDS);
    let all = std::env::var("PEREGRINE_FAULTS").as_deref() == Ok("all");
    let end = (!all).then(|| Instant::now() + Duration::from_secs(seconds));
    let mut random = Random::new(seed);
    for at in (1..faults.len()).rev() {
        faults.swap(at, random.below(at + 1));
    }
    let faults = Mutex::new(faults);
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while end.is_none_or(|end| Instant::now() < end) {
                    let Some(fault) = faults.lock().unwrap().pop() else { break };
                    let told = judge.run(&fault);
                    let mut sum = sum.lock().unwrap();
                    sum.add(&fault, &told);
                    if sum.runs.is_multiple_of(PROGRESS) {
                        eprintln!("calls: so far {sum}");
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    println!("calls: of {count} faults, {sum}; seed {seed}");
    // A sample may be small on a slow machine, but not empty.
    let enough = sum.injected + sum.cut > 0 && sum.refused > 0;
    if sum.violations.is_empty() && enough { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every fault: for each kind of call each error at each time that it is made.
fn faults(judge: &Judge) -> Vec<Fault> {
    let only = std::env::var("PEREGRINE_FAULT").ok();
    let only = only.as_ref().map(|only| only.split_once(':').unwrap_or((only, "")));
    let (counts, sizes) = judge.count();
    let mut faults = Vec::new();
    for (series, count) in SERIES.iter().zip(counts) {
        let most = if series.call == "fcntl" { LOCKS } else { u32::MAX };
        for when in 1..=count.min(most) {
            let wanted = only.is_none_or(|(call, n)| {
                call == series.call && (n.is_empty() || n == when.to_string())
            });
            let errors = series.errors.iter().filter(|_| wanted);
            faults.extend(errors.map(|error| Fault::Call { series, error, when }));
        }
    }
    if only.is_none_or(|(call, _)| call == "size") {
        faults.extend(sizes.into_iter().map(Fault::Size));
    }
    faults
}

fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    traced.is_ok_and(|status| status.success())
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
