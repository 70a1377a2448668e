//! Plays a list of steps, and looks for a shorter one that fails as well.

use super::client::{Client, Idle};
use super::ground::Ground;
use super::history::{Counts, History};
use super::{generate, quiet};
use peregrine_testkit::model::{Random, shorten};

/// Steps of one run.
const STEPS: usize = 300;
/// How often a failing run is played again to find a shorter one.
const TRIES: usize = 250;

/// What happens: who does it, and by which chance.
#[derive(Clone, Copy, Debug)]
enum Step {
    Act { client: usize, seed: u64 },
    Quiet,
}

/// A run.
pub struct Plan {
    pub seed: u64,
    clients: usize,
    steps: Vec<Step>,
}

/// What went wrong, and all that was said before.
pub struct Failure {
    pub error: String,
    pub transcript: Vec<String>,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let clients = 2 + random.below(5);
        let every = 20 + random.below(60);
        let mut steps = Vec::with_capacity(STEPS);
        for place in 1..=STEPS {
            let client = random.below(clients);
            steps.push(Step::Act { client, seed: random.number() });
            if place % every == 0 {
                steps.push(Step::Quiet);
            }
        }
        Self { seed, clients, steps }
    }
}

/// Plays all steps, on a runtime of one thread in simulated time: the same plan is the same run.
pub fn play(plan: &Plan) -> Result<Counts, Failure> {
    play_steps(plan.clients, &plan.steps)
}

fn play_steps(clients: usize, steps: &[Step]) -> Result<Counts, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let mut history = History::default();
    let ended = runtime.block_on(async {
        let ground = Ground::new().await?;
        let mut all: Vec<Option<Client>> = (0..clients).map(|_| None).collect();
        for step in steps {
            history.counts.steps += 1;
            act(&ground, &mut all, *step, &mut history).await?;
        }
        quiet::check(&ground, &mut all, &mut history).await?;
        drop(all);
        ground.end().await;
        Ok(())
    });
    match ended {
        Ok(()) => Ok(history.counts),
        Err(error) => Err(Failure { error, transcript: history.transcript }),
    }
}

async fn act(
    ground: &Ground,
    clients: &mut [Option<Client>],
    step: Step,
    history: &mut History,
) -> Result<(), String> {
    let Step::Act { client: number, seed } = step else {
        return quiet::check(ground, clients, history).await;
    };
    let mut random = Random::new(seed);
    let slot = &mut clients[number];
    if slot.as_ref().is_none_or(|client| client.closed) {
        let mut new = ground.client(number).await?;
        if let Some(old) = slot {
            // Tags, and what is recent for whom, go on.
            (new.orders, new.selections) = (old.orders, old.selections);
        }
        *slot = Some(new);
    }
    if let Some(client) = slot {
        let busy = client.pending.len() > 6;
        if client.idle == Idle::Idling && random.chance(50) {
            client.done_idling(history);
        } else if client.idle == Idle::No && !client.has_unsent() && !busy {
            generate::batch(client, &mut random, history);
        }
        let most = if random.chance(50) { usize::MAX } else { 1 + random.below(60) };
        client.write(most, history).await;
    }
    if random.chance(10) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    for _ in 0..random.below(12) {
        tokio::task::yield_now().await;
    }
    for client in clients.iter_mut().flatten() {
        client.read(history)?;
    }
    Ok(())
}

/// Words about a failure, with the shortest transcript that was found.
pub fn report(plan: &Plan, first: Failure) -> String {
    let mut best = first;
    let original = best.error.clone();
    shorten(&plan.steps, TRIES, |steps| match play_steps(plan.clients, steps) {
        Ok(_) => false,
        // Another fault that a shorter list happens to show says nothing about this one.
        Err(failure) if class(&failure.error) != class(&original) => false,
        Err(failure) => {
            if failure.transcript.len() <= best.transcript.len() {
                best = failure;
            }
            true
        }
    });
    format!(
        "seed {}: {original}\nshortest transcript:\n{}\n{}",
        plan.seed,
        best.transcript.join("\n"),
        best.error,
    )
}

/// The invariant that is named in an error.
fn class(error: &str) -> &str {
    let error = match error.strip_prefix("client ") {
        Some(rest) => rest.split_once(": ").map_or(rest, |(_, rest)| rest),
        None => error,
    };
    error.split([':', ',', ' ']).next().unwrap_or_default()
}
