//! Durable commits beside a raw file that is synced by group, and reads beside nothing.
//!
//! `cargo bench -p peregrine-kv` (with `-- commits` or `-- reads` for one part). Read ratios:
//! both sides of each run in turn, in one process, on one disk. `KV_BENCH_DIR` says where.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use peregrine_kv::{Engine, Key, Range, SqliteEngine, SqliteOptions, Template, Transaction, Value};
use tokio::sync::oneshot;

/// The large value of each commit, like a message of usual size.
const BODY: usize = 8 * 1024;
/// How long each measurement lasts.
const SPAN: Duration = Duration::from_secs(2);
/// Repetitions; the median counts.
const REPEAT: usize = 5;
/// The raw file is written to this length before, so that syncs only overwrite.
const RAW_BYTES: u64 = 64 * 1024 * 1024;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome {
    let parts: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|p| p == part);
    let folder = match std::env::var_os("KV_BENCH_DIR") {
        Some(folder) => tempfile::tempdir_in(PathBuf::from(folder))?,
        None => tempfile::tempdir()?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if wanted("commits") {
            commits(folder.path()).await?;
        }
        if wanted("reads") {
            reads(folder.path()).await?;
        }
        Ok(())
    })
}

async fn commits(folder: &Path) -> Outcome {
    println!(
        "A commit is 8 KiB and 5 small rows; median of {REPEAT}; CPU is of the whole process."
    );
    println!("clients   raw/s  CPU us  sqlite/s  CPU us  ratio");
    for clients in [1, 8, 64] {
        let mut sides = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
        for round in 0..REPEAT {
            let raw = raw_commits(&folder.join("raw"), clients).await?;
            let store = folder.join(format!("commits-{clients}-{round}"));
            let engine = engine_commits(&store, clients).await?;
            std::fs::remove_dir_all(store)?;
            for ((rates, costs), (rate, cost)) in sides.iter_mut().zip([raw, engine]) {
                rates.push(rate);
                costs.push(cost);
            }
        }
        let [raw, engine] = sides.map(|(mut r, mut c)| (median(&mut r), median(&mut c)));
        print!("{clients:7} {:7.0} {:7.1} {:9.0} {:7.1}", raw.0, raw.1, engine.0, engine.1);
        println!(" {:6.2}", engine.0 / raw.0);
    }
    Ok(())
}

/// CPU time of this process so far, in seconds; in ticks of 10 ms (proc(5), stat).
fn cpu() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// Commits a second of a store that already has some thousand messages.
async fn engine_commits(folder: &Path, clients: usize) -> Outcome<(f64, f64)> {
    let engine = Arc::new(SqliteEngine::open(folder, SqliteOptions::default()).await?);
    let body = Value::from(vec![b'x'; BODY]);
    for client in 0..clients as u64 {
        for number in 0..2000 / clients as u64 {
            engine.commit(message(client, number, &body)).await?;
        }
    }
    let (begin, spent) = (Instant::now(), cpu()?);
    let mut tasks = Vec::new();
    for client in 0..clients as u64 {
        let (engine, body) = (Arc::clone(&engine), body.clone());
        tasks.push(tokio::spawn(async move {
            let mut done = 0_u64;
            while begin.elapsed() < SPAN {
                engine.commit(message(client, 1_000_000 + done, &body)).await?;
                done += 1;
            }
            Ok::<_, peregrine_kv::CommitError>(done)
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    let rate = done as f64 / begin.elapsed().as_secs_f64();
    let cost = (cpu()? - spent) * 1e6 / done as f64;
    engine.close().await;
    Ok((rate, cost))
}

/// What an append does: a body, a digest, a packed row, a change, a reference and the head.
fn message(client: u64, number: u64, body: &Value) -> Transaction {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(
        &(client << 32 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes(),
    );
    let key = |space: u8, rest: &[u8]| [&client.to_be_bytes()[..], &[space], rest].concat();
    let mut transaction = Transaction::new();
    transaction.expect_absent(key(b'b', &hash));
    let uid = transaction.bump(key(b'h', b"uid"), 1);
    transaction.put(key(b'b', &hash), body.clone());
    transaction.put(key(b'd', &hash), vec![b'd'; 500]);
    transaction
        .put(key(b'm', &(number / 32).to_be_bytes()), vec![b'm'; 32 * (number % 32) as usize]);
    transaction.put(Template::from(key(b'c', b"")).bumped(uid), vec![b'c'; 40]);
    transaction.put(key(b'r', &hash), vec![b'r'; 12]);
    transaction.topic(key(b'm', b""));
    transaction
}

/// Commits a second of a thread that appends what waits and syncs once.
async fn raw_commits(path: &Path, clients: usize) -> Outcome<(f64, f64)> {
    let mut file = File::create(path)?;
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..RAW_BYTES / zeros.len() as u64 {
        file.write_all(&zeros)?;
    }
    file.sync_all()?;
    let (sender, receiver) = mpsc::channel::<(Vec<u8>, oneshot::Sender<()>)>();
    let writer = std::thread::spawn(move || raw_writer(file, &receiver));
    let record = vec![b'x'; BODY + 1000];
    let (begin, spent) = (Instant::now(), cpu()?);
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let (sender, record) = (sender.clone(), record.clone());
        tasks.push(tokio::spawn(async move {
            let mut done = 0_u64;
            while begin.elapsed() < SPAN {
                let (reply, answer) = oneshot::channel();
                sender.send((record.clone(), reply))?;
                answer.await?;
                done += 1;
            }
            Outcome::Ok(done)
        }));
    }
    drop(sender);
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    let rate = done as f64 / begin.elapsed().as_secs_f64();
    let cost = (cpu()? - spent) * 1e6 / done as f64;
    writer.join().map_err(|_| "the raw writer panicked")??;
    Ok((rate, cost))
}

fn raw_writer(
    mut file: File,
    receiver: &mpsc::Receiver<(Vec<u8>, oneshot::Sender<()>)>,
) -> std::io::Result<()> {
    let mut at = 0;
    while let Ok(first) = receiver.recv() {
        let group: Vec<_> = std::iter::once(first).chain(receiver.try_iter()).collect();
        let data: Vec<u8> = group.iter().flat_map(|(data, _)| data.iter().copied()).collect();
        if at + data.len() as u64 > RAW_BYTES {
            at = 0;
            file.seek(SeekFrom::Start(0))?;
        }
        at += data.len() as u64;
        file.write_all(&data)?;
        file.sync_data()?;
        for (_, reply) in group {
            reply.send(()).unwrap_or_default();
        }
    }
    Ok(())
}

async fn reads(folder: &Path) -> Outcome {
    let engine = SqliteEngine::open(&folder.join("reads"), SqliteOptions::default()).await?;
    for (space, rows, size) in [(b'b', 10_000, BODY), (b'k', 100_000, 1024), (b's', 200_000, 64)] {
        fill(&engine, space, rows, size).await?;
    }
    engine.close().await;
    let engine = SqliteEngine::open(&folder.join("reads"), SqliteOptions::default()).await?;
    for (space, what) in [(b'b', "8 KiB"), (b'k', "1 KiB"), (b's', "64 B")] {
        let mut rates = Vec::new();
        let mut bytes = 0;
        for _ in 0..REPEAT {
            let begin = Instant::now();
            let (rows, read) = scan(&engine, space).await?;
            bytes = read / rows;
            rates.push(rows as f64 / begin.elapsed().as_secs_f64());
        }
        let rate = median(&mut rates);
        println!("scan {what:>6}: {rate:9.0} rows/s, {:5.2} GB/s", rate * bytes as f64 / 1e9);
    }
    for (space, what) in [(b's', "64 B"), (b'b', "8 KiB")] {
        let snapshot = engine.snapshot().await?;
        let keys: Vec<Key> = (0..10_000_u32).map(|row| key(space, row)).collect();
        let begin = Instant::now();
        for key in &keys {
            snapshot.get(key).await?;
        }
        let each = begin.elapsed() / 10_000;
        let begin = Instant::now();
        for keys in keys.chunks(100) {
            snapshot.get_many(keys).await?;
        }
        println!("get  {what:>6}: {each:?} alone, {:?} of many", begin.elapsed() / 10_000);
    }
    let begin = Instant::now();
    for _ in 0..10_000 {
        drop(engine.snapshot().await?);
    }
    println!("snapshot   : {:?}", begin.elapsed() / 10_000);
    let begin = Instant::now();
    for number in 0..10_000_u32 {
        tokio::task::spawn_blocking(move || std::hint::black_box(number)).await?;
    }
    println!("spawn_blocking alone: {:?}", begin.elapsed() / 10_000);
    engine.close().await;
    Ok(())
}

async fn fill(engine: &SqliteEngine, space: u8, rows: u32, size: usize) -> Outcome {
    let value = Value::from(vec![b'v'; size]);
    for first in (0..rows).step_by(1000) {
        let mut transaction = Transaction::new();
        for row in first..rows.min(first + 1000) {
            transaction.put(key(space, row), value.clone());
        }
        engine.commit(transaction).await?;
    }
    Ok(())
}

async fn scan(engine: &SqliteEngine, space: u8) -> Outcome<(usize, usize)> {
    let snapshot = engine.snapshot().await?;
    let mut range = Range::prefix(vec![space]);
    let (mut rows, mut bytes) = (0, 0);
    loop {
        let page = snapshot.scan(range.clone(), 10_000).await?;
        rows += page.rows.len();
        bytes += page.rows.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        match page.rows.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok((rows, bytes)),
        }
    }
}

fn key(space: u8, row: u32) -> Key {
    [&[space][..], &row.to_be_bytes()].concat().into()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
