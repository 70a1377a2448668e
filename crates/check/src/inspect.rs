//! Pipelines against any server: in a folder of their own, few at a time, removed afterwards.

mod folder;

use crate::ask::Asker;
use crate::chance::{Random, shorten};
use crate::finding::Finding;
use crate::generate::{Shape, generate};
use crate::history::History;
use crate::judge::{Verdict, judge};
use crate::model::Server;
use crate::plan::{Plan, Step};
use crate::wire::{Cuts, play};
use folder::Folder;
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Pause between pipelines: a server has other things to do.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest wait for the next octet.
const PATIENCE: Duration = Duration::from_secs(15);
/// Most commands of a pipeline.
const COMMANDS: usize = 30;
/// Pipelines that are found wrong before it stops: more say little.
const MOST_WRONG: usize = 5;
/// How often a wrong pipeline is played again to find a shorter one.
const TRIES: usize = 40;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The seed of the first pipeline.
    pub seed: u64,
    /// How many pipelines.
    pub pipelines: u64,
    /// Most connections of one pipeline; one more looks at the end.
    pub connections: usize,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The folder in which all was done.
    pub folder: String,
    /// Kinds of commands that were left out, and why.
    pub left_out: Vec<String>,
    /// Pipelines that were played.
    pub pipelines: u64,
    /// Their commands.
    pub commands: u64,
    /// Seeds of those with too many possible orders to judge.
    pub undecided: Vec<u64>,
    /// What is wrong.
    pub wrong: Vec<Wrong>,
    /// Mailboxes that could not be removed.
    pub left_behind: Vec<String>,
}

/// A pipeline that was answered wrongly.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// Its seed.
    pub seed: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The shortest transcript that shows it.
    pub transcript: Vec<String>,
}

/// Plays pipelines and judges them. `connect` gives connections that are logged in, with nothing
/// left to read. `goes_on` is asked after each pipeline; where it says no, the folder is removed
/// and what was found so far is given.
///
/// # Errors
/// No connection can be made, or the folder cannot be made. What a server does wrong in the
/// pipelines is no error.
pub async fn inspect<S, C>(
    mut connect: C,
    inspection: &Inspection,
    mut goes_on: impl FnMut(&Report) -> bool,
) -> io::Result<Report>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: AsyncFnMut() -> io::Result<S>,
{
    let mut folder = Folder::make(Asker::new(connect().await?)).await?;
    let mut report = Report {
        folder: folder.name.clone(),
        left_out: folder.left_out.clone(),
        ..Report::default()
    };
    let seeds = inspection.seed..inspection.seed.saturating_add(inspection.pipelines);
    for seed in seeds {
        let shape = Shape {
            base: folder.base(),
            connections: inspection.connections,
            commands: COMMANDS,
            ..folder.shape.clone()
        };
        let plan = generate(seed, &shape);
        let played = perform(&mut connect, &plan).await;
        folder.clear(&plan).await?;
        let history = played?;
        report.pipelines += 1;
        report.commands += plan.commands() as u64;
        match judge(&history, folder.server) {
            Verdict::Explained(_) => {}
            Verdict::Undecided => report.undecided.push(seed),
            Verdict::Wrong(findings) => {
                let wrong = shortest(&mut connect, &mut folder, plan, history, findings).await?;
                report.wrong.push(wrong);
            }
        }
        if !goes_on(&report) || report.wrong.len() >= MOST_WRONG {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    report.left_behind = folder.remove().await?;
    Ok(report)
}

async fn perform<S, C>(connect: &mut C, plan: &Plan) -> io::Result<History>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: AsyncFnMut() -> io::Result<S>,
{
    let mut streams = Vec::new();
    for _ in 0..plan.width() {
        streams.push(connect().await?);
    }
    let mut random = Random::new(plan.seed);
    let mut cuts = || match random.chance(60) {
        true => Cuts::Whole,
        false => Cuts::Random(Random::new(random.number())),
    };
    let cuts: Vec<Cuts> = (0..plan.width()).map(|_| cuts()).collect();
    Ok(play(plan, streams, &cuts, PATIENCE).await)
}

/// Plays a wrong pipeline again with fewer steps, as long as it breaks one of the same rules.
async fn shortest<S, C>(
    connect: &mut C,
    folder: &mut Folder<S>,
    plan: Plan,
    history: History,
    findings: Vec<Finding>,
) -> io::Result<Wrong>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: AsyncFnMut() -> io::Result<S>,
{
    let rules: BTreeSet<_> = findings.iter().map(|finding| finding.rule).collect();
    let mut steps: Vec<(usize, Step)> = Vec::new();
    for (number, script) in plan.connections.iter().enumerate() {
        steps.extend(script.iter().map(|step| (number, step.clone())));
    }
    let mut best = Wrong { seed: plan.seed, findings, transcript: history.transcript() };
    // What to leave out next depends on what came of the last try, and that takes its time: the
    // answers so far are given again from the beginning.
    let mut answers = Vec::new();
    loop {
        let mut asked = None;
        let mut known = answers.iter();
        shorten(&steps, TRIES, |tried| match known.next() {
            Some(answer) => *answer,
            None => {
                asked.get_or_insert_with(|| tried.to_vec());
                false
            }
        });
        let Some(tried) = asked.filter(|_| answers.len() < TRIES) else { return Ok(best) };
        let mut connections = vec![Vec::new(); plan.connections.len()];
        tried.into_iter().for_each(|(number, step)| connections[number].push(step));
        let shorter = Plan { connections, ..plan.clone() };
        let played = perform(connect, &shorter).await;
        folder.clear(&shorter).await?;
        let history = played?;
        let wrong = match judge(&history, folder.server) {
            Verdict::Wrong(findings) if findings.iter().any(|it| rules.contains(&it.rule)) => {
                let transcript = history.transcript();
                best = Wrong { seed: plan.seed, findings, transcript };
                true
            }
            _ => false,
        };
        answers.push(wrong);
        tokio::time::sleep(PAUSE).await;
    }
}

/// What is to be known of a server to judge it.
fn server(capabilities: &[String]) -> Server {
    let uid_plus = capabilities.iter().any(|name| name == "UIDPLUS");
    Server { uid_plus, next_by_one: false, replies_in_order: false, excused: true }
}
