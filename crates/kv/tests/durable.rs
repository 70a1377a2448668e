//! An answered commit is on the disk: after `kill -9`, and by the order of the system calls.
//!
//! Both tests run this binary again as a child that commits and tells of each answer.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use peregrine_kv::contract::Outcome;
use peregrine_kv::{
    CommitError, Engine, Error, Range, SqliteEngine, SqliteOptions, Transaction, Value,
};

/// The folder that the child writes to; without it the child does nothing.
const FOLDER: &str = "PEREGRINE_KV_CHILD";
/// How the child commits: until it is killed, or some in turn, or some at once.
const MODE: &str = "PEREGRINE_KV_CHILD_MODE";
const ROUNDS: u64 = 20;
const IN_TURN: u64 = 50;
const AT_ONCE: u64 = 640;

/// The child. Each id is told on standard error after its commit was answered.
#[tokio::test]
async fn child() -> Outcome {
    let Some(folder) = std::env::var_os(FOLDER) else { return Ok(()) };
    let engine = SqliteEngine::open(Path::new(&folder), SqliteOptions::default()).await?;
    let engine = Arc::new(engine);
    let first = ids(&engine).await?.last().map_or(0, |id| id + 1);
    if std::env::var(MODE).as_deref() == Ok("until it fails") {
        return until_it_fails(&engine).await;
    }
    let (clients, end) = match std::env::var(MODE).as_deref() {
        Ok("in turn") => (1, IN_TURN),
        Ok("at once") => (64, AT_ONCE),
        _ => (8, u64::MAX),
    };
    let clients = (0..clients).map(|client| {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            for id in (first + client..end).step_by(clients as usize) {
                commit(&engine, id).await?;
                acknowledge(id);
            }
            Ok::<_, CommitError>(())
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await??;
    }
    Ok(())
}

/// Whatever was answered before the kill is there after it, with its value; the store opens.
#[tokio::test]
async fn an_answered_commit_survives_kill() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut answered = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "child", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stderr.take().ok_or("no pipe")?).lines();
        // The kill comes at a different commit each round, some of them past a checkpoint.
        let mut left = 1 + round * 37;
        for line in lines {
            let line = line?;
            let id = line.strip_prefix("ack ").ok_or_else(|| format!("the child says {line}"))?;
            answered.insert(id.parse::<u64>()?);
            left = left.saturating_sub(1);
            if left == 0 {
                child.kill()?;
            }
        }
        child.wait()?;
        let engine = SqliteEngine::open(folder.path(), SqliteOptions::default()).await?;
        let kept: BTreeSet<u64> = ids(&engine).await?.into_iter().collect();
        let lost: Vec<_> = answered.difference(&kept).collect();
        assert!(lost.is_empty(), "round {round}: lost {lost:?}");
        if round % 2 == 0 {
            engine.close().await;
        }
    }
    assert!(answered.len() as u64 > ROUNDS * 100);
    Ok(())
}

/// Between two answers lies exactly one sync, and no write to the log lies behind it.
#[test]
fn each_commit_is_synced_once_and_before_its_answer() -> Outcome {
    let Some(steps) = trace("in turn")? else { return Ok(()) };
    let mut answers = 0;
    let mut since = Vec::new();
    for step in steps {
        if step != Step::Answer {
            since.push(step);
            continue;
        }
        // Before the first answer the store is made, which syncs more than once.
        let syncs = since.iter().filter(|step| **step == Step::Sync).count();
        assert!(syncs == 1 || answers == 0 && syncs > 0, "{answers}: {syncs} syncs");
        assert_eq!(since.last(), Some(&Step::Sync), "{answers}: a write after the sync");
        answers += 1;
        since.clear();
    }
    assert_eq!(answers, IN_TURN);
    Ok(())
}

/// What waits at the same time is synced together: 64 clients need far fewer syncs than commits.
#[test]
fn a_group_shares_its_sync() -> Outcome {
    let Some(steps) = trace("at once")? else { return Ok(()) };
    let count = |wanted| steps.iter().filter(|step| **step == wanted).count() as u64;
    let (answers, syncs) = (count(Step::Answer), count(Step::Sync));
    eprintln!("{answers} answers, {syncs} syncs");
    assert_eq!(answers, AT_ONCE);
    assert!(syncs < answers / 4, "{syncs} syncs");
    Ok(())
}

/// One failed sync stops the writing for good, because the kernel may have dropped what it could
/// not write; reads go on, and what was answered before is kept.
#[tokio::test]
async fn a_failed_sync_stops_the_store() -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("store");
    let child = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=fdatasync", "-o", "/dev/null"])
        .args(["-e", "inject=fdatasync:error=EIO:when=30"])
        .arg(std::env::current_exe()?)
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, &store)
        .env(MODE, "until it fails")
        .output();
    let Ok(child) = child else {
        eprintln!("skipped: strace is not installed");
        return Ok(());
    };
    let told = String::from_utf8(child.stderr)?;
    if !child.status.success() && !told.contains("failed") {
        eprintln!("skipped: strace may not trace here");
        return Ok(());
    }
    let answers = told.lines().filter(|line| line.starts_with("ack ")).count();
    assert!(told.contains(&format!("failed Io, later Stopped, read {answers}")), "{told}");
    let engine = SqliteEngine::open(&store, SqliteOptions::default()).await?;
    assert!(ids(&engine).await?.len() >= answers);
    Ok(())
}

/// A child whose syncs will fail.
async fn until_it_fails(engine: &SqliteEngine) -> Outcome {
    let name = |error: CommitError| match error {
        CommitError::Failed(Error::Io(_)) => "Io",
        CommitError::Failed(Error::Stopped) => "Stopped",
        _ => "something else",
    };
    for id in 0..200 {
        let Err(error) = commit(engine, id).await else {
            acknowledge(id);
            continue;
        };
        let later = commit(engine, id + 1).await.err().map_or("fine", name);
        let read = ids(engine).await?.len();
        eprintln!("failed {}, later {later}, read {read}", name(error));
        break;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Write,
    Sync,
    Answer,
}

/// The system calls of a child, in order; `None` where they cannot be traced.
fn trace(mode: &str) -> Result<Option<Vec<Step>>, std::io::Error> {
    let folder = tempfile::tempdir()?;
    let trace = folder.path().join("trace");
    let traced = Command::new("strace")
        .args(["-f", "-e", "trace=fsync,fdatasync,write,pwrite64", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe()?)
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, folder.path().join("store"))
        .env(MODE, mode)
        .output();
    if !traced.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: strace is not installed or not allowed here");
        return Ok(None);
    }
    let step = |line: &str| {
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        if line.contains("write(2, \"ack ") {
            Some(Step::Answer)
        } else if line.contains("sync") && line.ends_with("= 0") {
            Some(Step::Sync)
        } else {
            call.starts_with("pwrite64(").then_some(Step::Write)
        }
    };
    Ok(Some(std::fs::read_to_string(&trace)?.lines().filter_map(step).collect()))
}

/// In one write, so that a kill never leaves half a line.
fn acknowledge(id: u64) {
    let line = format!("ack {id}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("standard error is there");
}

async fn commit(engine: &SqliteEngine, id: u64) -> Result<(), CommitError> {
    let mut transaction = Transaction::new();
    transaction.bump("count", 1);
    transaction.put([b"id/", &id.to_be_bytes()[..]].concat(), value(id));
    engine.commit(transaction).await.map(drop)
}

/// The committed ids; their values and the counter must fit.
async fn ids(engine: &SqliteEngine) -> Result<Vec<u64>, Box<dyn std::error::Error + Send + Sync>> {
    let snapshot = engine.snapshot().await?;
    let mut range = Range::prefix("id/");
    let mut ids = Vec::new();
    loop {
        let page = snapshot.scan(range.clone(), 1000).await?;
        for (key, stored) in &page.rows {
            let id = u64::from_be_bytes(key[3..].try_into()?);
            assert_eq!(*stored, value(id));
            ids.push(id);
        }
        match page.rows.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => break,
        }
    }
    let count = snapshot.get(b"count").await?.map_or(0, |count| {
        u64::from_be_bytes(count.as_ref().try_into().expect("a counter has eight bytes"))
    });
    assert_eq!(count, ids.len() as u64, "the counter and the rows are one transaction");
    Ok(ids)
}

fn value(id: u64) -> Value {
    Value::from(vec![id as u8; (id * 977 % 20_000) as usize])
}
