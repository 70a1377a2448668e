//! Plays a plan on a server of its own, and judges it.

use super::ground::{Ground, Login};
use peregrine_check::chance::{Random, shorten};
use peregrine_check::wire::{Cuts, play};
use peregrine_check::{History, Plan, Server, Shape, Step, Verdict, generate, judge};
use std::time::Duration;

/// How often a failing run is played again to find a shorter one.
const TRIES: usize = 400;

/// Longest wait for the next octet, in simulated time.
const PATIENCE: Duration = Duration::from_secs(60);

/// What our server can do.
pub fn shape() -> Shape {
    Shape::whole("check/")
}

/// What our server promises.
pub const OURS: Server =
    Server { uid_plus: true, next_by_one: true, replies_in_order: true, excused: false };

/// The cuts of a seed.
pub fn cuts(plan: &Plan) -> Vec<Cuts> {
    let mut random = Random::new(plan.seed ^ 0x6375_7473);
    let mut one = || match random.below(8) {
        0 => Cuts::Every(1),
        1..=3 => Cuts::Whole,
        _ => Cuts::Random(Random::new(random.number())),
    };
    (0..plan.width()).map(|_| one()).collect()
}

/// Plays a plan, on a runtime of one thread in simulated time: the same plan is the same run.
pub fn perform(plan: &Plan, cuts: &[Cuts]) -> History {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let ground = Ground::new(Random::new(plan.seed ^ 0x7061_6365)).await.expect("a server");
        let mut streams = Vec::new();
        for number in 0..plan.width() as u64 {
            let login = Login::ALL[((plan.seed + number) % 4) as usize];
            streams.push(ground.connect(login).await.expect("a connection"));
        }
        let history = play(plan, streams, cuts, PATIENCE).await;
        ground.end().await;
        history
    })
}

/// The plan of a seed, played and judged.
pub fn try_seed(seed: u64) -> (Plan, History, Verdict) {
    let plan = generate(seed, &shape());
    let history = perform(&plan, &cuts(&plan));
    let verdict = judge(&history, OURS);
    (plan, history, verdict)
}

/// Words about a run that is wrong, with the shortest one that was found.
pub fn report(plan: &Plan, cuts: &[Cuts], perform: impl Fn(&Plan, &[Cuts]) -> History) -> String {
    let mut steps: Vec<(usize, Step)> = Vec::new();
    for (number, script) in plan.connections.iter().enumerate() {
        steps.extend(script.iter().map(|step| (number, step.clone())));
    }
    let rebuild = |steps: &[(usize, Step)]| {
        let mut connections = vec![Vec::new(); plan.connections.len()];
        steps.iter().for_each(|(number, step)| connections[*number].push(step.clone()));
        Plan { connections, ..plan.clone() }
    };
    let mut best = None;
    shorten(&steps, TRIES, |steps| {
        let history = perform(&rebuild(steps), cuts);
        let Verdict::Wrong(findings) = judge(&history, OURS) else { return false };
        best = Some((history, findings));
        true
    });
    let Some((history, findings)) = best else {
        return format!("seed {}: wrong, but no part of it could be played again", plan.seed);
    };
    let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    format!(
        "seed {}: the shortest transcript that shows it:\n{}\n\n{}",
        plan.seed,
        history.transcript().join("\n"),
        findings.join("\n\n")
    )
}
