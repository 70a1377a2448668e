//! Several clients at once on a few mailboxes, against what IMAP promises each of them.

mod model {
    mod client;
    mod command;
    mod flags;
    mod generate;
    mod ground;
    mod history;
    mod quiet;
    mod reply;
    mod run;
    mod tagged;
    mod view;

    pub use history::Counts;
    pub use run::{Plan, play, report};
}

use model::{Counts, Plan, play, report};

/// Seeds of the default run, in a debug build.
const RUNS: u64 = 40;

#[test]
fn clients_at_once() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = number("PEREGRINE_MODEL_SEED");
    let runs = number("PEREGRINE_MODEL_RUNS").unwrap_or(RUNS);
    let seeds = seed.map_or(1..runs + 1, |seed| seed..seed + 1);
    println!("model: seeds {seeds:?}; PEREGRINE_MODEL_SEED=n plays one of them again");
    let begun = std::time::Instant::now();
    let mut sum = Counts::default();
    for seed in seeds {
        let plan = Plan::new(seed);
        match play(&plan) {
            Ok(counts) => sum.add(&counts),
            Err(failure) => panic!("{}", report(&plan, failure)),
        }
    }
    println!("model: {sum:?} in {:.1?}", begun.elapsed());
}
