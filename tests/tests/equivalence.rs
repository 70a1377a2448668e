//! Serial equivalence: random pipelines on our whole server.

mod equivalence {
    mod ground;
    pub mod run;
}

use equivalence::run::{cuts, perform, report, try_seed};
use peregrine_check::Verdict;

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
