//! Serial equivalence: random pipelines on our whole server.

mod equivalence {
    pub mod fault;
    mod ground;
    pub mod run;
}

use equivalence::fault;
use equivalence::run::{OURS, shape};
use equivalence::run::{cuts, perform, report, try_seed};
use peregrine_check::chance::Random;
use peregrine_check::{Verdict, generate, judge};

/// Pipelines of the default run.
const RUNS: u64 = 2000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn some_order_explains_everything() {
    let runs = number("PEREGRINE_EQUIVALENCE_RUNS").unwrap_or(RUNS);
    let seeds = match number("PEREGRINE_EQUIVALENCE_SEED") {
        Some(seed) if number("PEREGRINE_EQUIVALENCE_RUNS").is_some() => seed..seed + runs,
        Some(seed) => seed..seed + 1,
        None => 1..runs + 1,
    };
    println!("equivalence: seeds {seeds:?}; PEREGRINE_EQUIVALENCE_SEED=n plays one again");
    let begun = std::time::Instant::now();
    let (mut commands, mut undecided) = (0, Vec::new());
    for seed in seeds {
        let (plan, _, verdict) = try_seed(seed);
        commands += plan.commands();
        match verdict {
            Verdict::Explained(_) => {}
            Verdict::Undecided => undecided.push(seed),
            Verdict::Wrong(_) => panic!("{}", report(&plan, &cuts(&plan), perform)),
        }
    }
    println!("equivalence: {commands} commands, undecided {undecided:?}, {:.1?}", begun.elapsed());
    assert!(undecided.is_empty());
}

/// Seeds that are looked through for each fault, and runs that are played with it.
const SEEDS: u64 = 20_000;
const PLAYED: u32 = 100;

/// Each fault is found by some seed.
#[test]
fn faults_are_found() {
    let mut missed = Vec::new();
    for fault in fault::all() {
        let mut played = 0;
        let found = (1..=SEEDS).find_map(|seed| {
            let mut plan = generate(seed, &shape());
            let cuts = cuts(&plan);
            let mut random = Random::new(seed);
            let place = (fault.send)(&mut plan, &mut random).filter(|_| played < PLAYED)?;
            let mut history = perform(&plan, &cuts);
            if !(fault.tell)(&mut history, &mut random, place) {
                return None;
            }
            played += 1;
            match judge(&history, OURS) {
                Verdict::Wrong(findings) => Some((seed, findings)),
                _ => None,
            }
        });
        match found {
            Some((seed, findings)) => {
                let first = findings[0].text.lines().next().unwrap_or_default();
                println!("fault: {}: seed {seed}, run {played}: {first}", fault.name);
            }
            None => missed.push(format!("{} ({played} runs)", fault.name)),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}
