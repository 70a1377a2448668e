//! Several clients at once on a few mailboxes, against what IMAP promises each of them.
//!
//! Two to six simulated clients talk to one server in memory. What they send comes from a seed:
//! one to eight commands at a time, cut anywhere, by sequence number or UID, with literals of both
//! kinds. Each keeps its own view, as a client does that believes only what it is told. Time is
//! simulated and there is one thread, so a seed is always the same run. At quiet points a fresh
//! session says what there really is.
//!
//! `PEREGRINE_MODEL_SEED=n` plays one seed again, `PEREGRINE_MODEL_RUNS=n` so many seeds. A
//! failure is played again with fewer steps, and the shortest transcript that shows it is printed.
//!
//! Rules that are checked, by their numbers in the list of invariants:
//! - in `view`: I1 (UIDs ascend, none is used again), I2 (a UID holds one content), I5 (message n
//!   is the one that the client takes it for), I7, I9 and I10 (flags that are told were given by
//!   some change, and no known change came behind it), I23, I25;
//! - in `tagged`: I3, I6, I9 (after NOOP: what others did before), I18, I20, I28 (one reply each;
//!   what depends on another is answered behind it; LIST, STATUS and SEARCH in order);
//! - in `reply`: I6, I21;
//! - in `quiet`: I8 (view and flags as told are the truth), I10, I11, I18, I19, I20, I22, I24, I26,
//!   I27, I29, I31.
//!
//! `history` knows which order the server is free to choose, so no run fails by chance. A flag of
//! a message that may be gone is not judged. FETCH may take \Seen from the state that its session
//! knows, so it counts as unsure where another session clears \Seen at the same time. The server's
//! own table of conflicts is not used: `command` has one of its own.
//!
//! Faults that it was seen to find, each put in by hand and taken out again:
//! - EXPUNGE told while numbers are in use (I5, seed 2), or while such a command waits (I6, seed 3);
//! - a .SILENT STORE hides what others changed in between (I9, seed 28);
//! - the session does not tell again what changed behind a FETCH that it answers (I9, seed 3);
//! - keywords are not announced (I23, seed 1); nothing is told during IDLE (I29, seed 3);
//! - EXPUNGE responses in ascending order (I7, seed 1); SEARCH and LIST out of turn (I28, seed 1);
//! - flags against flags, or vanishing messages against those named (STORE and EXPUNGE), missing in
//!   the table of conflicts (I28, seed 1);
//! - \Recent given to every session (I25, seed 3); EXAMINE sets \Seen (I24, seed 1);
//! - MOVE without removal (I19, seed 1); COPY of what is gone says OK (I18, seed 21);
//! - UID EXPUNGE of all that has \Deleted (I27, seed 2); STORE without its answer (I8, seed 1).
//!
//! It found that a DELETE of the selected mailbox was never answered
//! (`scripts/delete-own-selected.imap`).

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

/// Seeds of the default run: 12 000 steps, 27 000 commands, 10 s in a debug build.
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
