//! The power fails, and nothing that was acknowledged is lost: not after any of the disk images
//! that a power cut could leave.
//!
//! A child process plays a script of changes on a real store under strace, and tells after each one
//! what the store holds. From the recorded system calls the disk is rebuilt as it may be after a
//! power cut at each sync and each acknowledgement: every write, change of size, new name, rename
//! or unlink that no sync covers is kept, dropped or torn, independently of the others. Each image
//! is opened by the real code and must hold what it held after the last acknowledged change, or
//! after the one under way. Nothing here knows the engine: any that keeps files is tested the same.
//!
//! `PEREGRINE_POWER_IMAGES=n` opens so many images a point, `PEREGRINE_POWER_SEED=n` chooses them.
//! Skipped with a message where strace is not installed or not allowed; with
//! `PEREGRINE_PEERS=required` (as in CI) that is a failure.

mod power {
    mod changes;
    mod disk;
    mod images;
    mod script;
    mod trace;

    pub use images::{Cuts, Verdict, judge};
    pub use script::{Mode, play};
    pub use trace::{Event, record};
}

use peregrine_testkit::model::Random;
use power::{Cuts, Event, Mode, Verdict, judge, play, record};

/// Images a crash point, where there are more to choose from.
const IMAGES: usize = 4;

/// The child. Without its folder in the environment it does nothing.
#[tokio::test]
async fn child() {
    play().await;
}

/// Thirty changes of every kind, cut at every sync and acknowledgement.
#[tokio::test]
async fn each_change_survives_a_power_cut() {
    let Some(recorded) = record(Mode::Each) else { return };
    let cuts =
        Cuts { images: number("PEREGRINE_POWER_IMAGES", IMAGES), every: 1, until_found: false };
    let verdict = judge(&recorded, &cuts, &mut random()).await;
    println!("power: {verdict}");
    assert_eq!(verdict.violations, [""; 0]);
    assert!(verdict.points > 60, "{verdict}");
}

/// Hundreds of changes, with the log moved into the tables behind them, cut here and there.
#[tokio::test]
async fn a_long_run_survives_a_power_cut() {
    let Some(recorded) = record(Mode::Long) else { return };
    let into_tables = |event: &Event| match event {
        Event::Write { path, .. } => path.ends_with("rows.sqlite"),
        _ => false,
    };
    assert!(recorded.events.iter().any(into_tables), "the log was never moved into the tables");
    let cuts = Cuts {
        images: number("PEREGRINE_POWER_IMAGES", IMAGES) / 2,
        every: 17,
        until_found: false,
    };
    let verdict = judge(&recorded, &cuts, &mut random()).await;
    println!("power: {verdict}");
    assert_eq!(verdict.violations, [""; 0]);
}

/// The test can fail: without the syncs of the rows, of the objects or of their names, an image is
/// found that has lost something.
#[tokio::test]
async fn a_missing_sync_is_found() {
    let Some(recorded) = record(Mode::Each) else { return };
    for (what, file) in [("rows", "rows.sqlite-wal"), ("objects", "temp"), ("names", "objects")] {
        let is_missing = |event: &Event| match event {
            Event::SyncBegins { path, .. } => path.starts_with(file),
            _ => false,
        };
        let without = recorded.without(is_missing);
        let cuts = Cuts { images: IMAGES, every: 1, until_found: true };
        let verdict: Verdict = judge(&recorded.with(without), &cuts, &mut random()).await;
        println!("power: without the syncs of {what}: {verdict}");
        assert_ne!(verdict.violations, [""; 0], "without the syncs of {what}");
    }
}

fn random() -> Random {
    Random::new(number("PEREGRINE_POWER_SEED", 1) as u64)
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
