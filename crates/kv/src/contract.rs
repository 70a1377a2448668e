//! What every engine must do, as one suite that runs on each of them.
//!
//! A broken rule panics with the place; an error that an engine should not have given is returned.

use std::sync::Arc;

use crate::{
    CommitError, Committed, Engine, Error, Hint, Key, MAX_KEY, MAX_TRANSACTION, MAX_VALUE, Page,
    Range, Snapshot, Template, Transaction, Value,
};

mod model;
mod objects;
mod paging;

/// How a contract ends when nothing panicked.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Runs the whole suite; `make` gives a new, empty engine each time.
///
/// # Errors
/// What the engine answered where it should not have failed.
///
/// # Panics
/// Where the engine breaks the contract.
pub async fn run(make: impl AsyncFn() -> Arc<dyn Engine>) -> Outcome {
    atomic(make().await).await?;
    expectations(make().await).await?;
    expectations_across(make().await).await?;
    bumps(make().await).await?;
    bad_bumps(make().await).await?;
    isolation(make().await).await?;
    limits(make().await).await?;
    large_and_small(make().await).await?;
    paging::run(make().await).await?;
    watching(make().await).await?;
    concurrent(make().await).await?;
    objects::run(make().await).await?;
    model::run(make().await).await?;
    closing(make().await).await
}

/// Runs what only a durable engine keeps; `open` opens the same store each time, at first empty.
///
/// # Errors
/// What the engine answered where it should not have failed.
///
/// # Panics
/// Where the engine breaks the contract.
pub async fn run_durable(open: impl AsyncFn() -> Arc<dyn Engine>) -> Outcome {
    let value = Value::from(vec![7; MAX_VALUE]);
    for round in 1..=3 {
        let engine = open().await;
        let mut transaction = Transaction::new();
        let count = transaction.bump("count", 1);
        transaction.put(Template::from("round/").bumped(count), value.clone());
        assert_eq!(engine.commit(transaction).await?.bumped, [round]);
        let page = scan(&*engine, Range::prefix("round/")).await?;
        assert_eq!(page.rows.len() as u64, round, "what was committed before is there");
        assert!(page.rows.iter().all(|(_, stored)| *stored == value));
        // One round ends without a word, as a process does that is cut off.
        if round != 2 {
            engine.close().await;
        }
    }
    objects::run_durable(open).await
}

/// Later steps depend on the order of operations; a failed transaction leaves no trace.
async fn atomic(engine: Arc<dyn Engine>) -> Outcome {
    let mut transaction = Transaction::new();
    transaction.put("a", "1").put("b", "1").delete("a").put("b", "2").delete("absent");
    engine.commit(transaction).await?;
    assert_eq!(rows(&*engine).await?, [("b".into(), "2".into())]);

    let mut failing = Transaction::new();
    failing.put("a", "9").delete("b");
    failing.bump("low", -1);
    assert!(engine.commit(failing).await.is_err(), "a counter does not go below 0");
    assert_eq!(rows(&*engine).await?, [("b".into(), "2".into())]);

    let empty = engine.commit(Transaction::new()).await?;
    assert_eq!(empty, Committed::default(), "nothing to do is no error");
    Ok(())
}

/// A key and the value that it should have.
type Expected = (&'static str, Option<&'static str>);

/// The first expectation that fails is told, and judged before any operation.
async fn expectations(engine: Arc<dyn Engine>) -> Outcome {
    put(&*engine, "there", "x").await?;
    let cases: &[(&[Expected], Option<usize>)] = &[
        (&[("there", Some("x")), ("not", None)], None),
        (&[("there", Some("y"))], Some(0)),
        (&[("there", None)], Some(0)),
        (&[("not", Some("x"))], Some(0)),
        (&[("not", Some(""))], Some(0)),
        (&[("not", None), ("there", Some("")), ("there", None)], Some(1)),
        (&[("there", Some("x")), ("not", None), ("there", Some("xx"))], Some(2)),
        // Its own put must not help: judged before.
        (&[("fresh", Some("1"))], Some(0)),
    ];
    for (expected, failed) in cases {
        let mut transaction = Transaction::new();
        for (key, value) in *expected {
            transaction.expect(*key, value.map(Value::from));
        }
        transaction.put("fresh", "1").delete("fresh").put("mark", "1");
        let answer = engine.commit(transaction).await;
        let marked = get(&*engine, "mark").await?.is_some();
        match failed {
            None => assert!(answer.is_ok() && marked, "{expected:?}: {answer:?}"),
            Some(index) => {
                let told = matches!(answer, Err(CommitError::Expectation(i)) if i == *index);
                assert!(told && !marked, "{expected:?}: {answer:?}");
            }
        }
        let mut clean = Transaction::new();
        clean.delete("mark");
        engine.commit(clean).await?;
    }
    Ok(())
}

/// Of many that claim one key at once, exactly one gets it, and the others leave nothing.
async fn expectations_across(engine: Arc<dyn Engine>) -> Outcome {
    let claims = (0..32_u8).map(|claim| {
        let mut transaction = Transaction::new();
        transaction.expect_absent("claim").put("claim", vec![claim]).put(vec![b'c', claim], "");
        commit_spawned(&engine, transaction)
    });
    let mut winners = 0;
    for claim in claims.collect::<Vec<_>>() {
        match claim.await? {
            Ok(_) => winners += 1,
            Err(CommitError::Expectation(0)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(rows(&*engine).await?.len(), 2);
    Ok(())
}

/// New values of counters are told and placed, in keys and values, with an addend.
async fn bumps(engine: Arc<dyn Engine>) -> Outcome {
    let mut transaction = Transaction::new();
    let one = transaction.bump("one", 3);
    let two = transaction.bump("two", 10);
    let again = transaction.bump("one", 4);
    transaction.put(Template::from("k/").bumped(two).bytes("/").bumped(one), "v");
    transaction.put("sum", Template::new().bumped_plus(again, -2).bytes("!"));
    transaction.put("gone", "x").delete(Template::from("gone"));
    let read = transaction.bump("two", 0);
    transaction.put("read", Template::new().bumped(read));
    assert_eq!(engine.commit(transaction).await?.bumped, [3, 10, 7, 10]);

    let number = |n: u64| Value::copy_from_slice(&n.to_be_bytes());
    let key = [b"k/", &10_u64.to_be_bytes()[..], b"/", &3_u64.to_be_bytes()[..]].concat();
    let expected: Vec<(Key, Value)> = vec![
        (key.into(), "v".into()),
        ("one".into(), number(7)),
        ("read".into(), number(10)),
        ("sum".into(), [&5_u64.to_be_bytes()[..], b"!"].concat().into()),
        ("two".into(), number(10)),
    ];
    assert_eq!(rows(&*engine).await?, expected);
    Ok(())
}

/// A counter that cannot be is refused, and so is a place before its bump.
async fn bad_bumps(engine: Arc<dyn Engine>) -> Outcome {
    let most = Value::copy_from_slice(&(u64::MAX - 1).to_be_bytes());
    put(&*engine, "most", most).await?;
    put(&*engine, "short", "1234567").await?;
    let mut last = Transaction::new();
    last.bump("most", 1);
    assert_eq!(engine.commit(last).await?.bumped, [u64::MAX]);
    let before = rows(&*engine).await?;
    let cases: [fn(&mut Transaction); 5] = [
        |t| _ = t.bump("most", 1),
        |t| _ = t.bump("short", 1),
        |t| _ = t.bump("new", -1),
        |t| _ = t.put("early", Template::new().bumped(crate::Bumped(0))),
        |t| {
            let bump = t.bump("new", 1);
            t.put("under", Template::new().bumped_plus(bump, -2));
        },
    ];
    for (index, case) in cases.iter().enumerate() {
        let mut transaction = Transaction::new();
        transaction.put("trace", "1");
        case(&mut transaction);
        let answer = engine.commit(transaction).await;
        let refused = matches!(answer, Err(CommitError::Failed(Error::Invalid(_))));
        assert!(refused, "case {index}: {answer:?}");
        assert_eq!(rows(&*engine).await?, before, "case {index}");
    }
    Ok(())
}

/// A snapshot shows what was committed when it was taken, whatever comes later.
async fn isolation(engine: Arc<dyn Engine>) -> Outcome {
    put(&*engine, "a", "old").await?;
    put(&*engine, "b", "old").await?;
    let before = engine.snapshot().await?;
    let mut transaction = Transaction::new();
    transaction.put("a", "new").delete("b").put("c", "new");
    engine.commit(transaction).await?;
    let after = engine.snapshot().await?;
    let mut range = Transaction::new();
    range.delete_range("a", "z");
    engine.commit(range).await?;

    let keys: Vec<Key> = vec!["c".into(), "a".into(), "b".into(), "a".into()];
    let values = |texts: [Option<&'static str>; 4]| texts.map(|t| t.map(Value::from)).to_vec();
    let (old, new) = (Some("old"), Some("new"));
    assert_eq!(before.get_many(&keys).await?, values([None, old, old, old]));
    assert_eq!(after.get_many(&keys).await?, values([new, new, None, new]));
    assert_eq!(before.get(b"b").await?.as_deref(), Some(&b"old"[..]));
    assert_eq!(before.scan(Range::all(), 10).await?.rows.len(), 2);
    assert_eq!(after.scan(Range::all(), 10).await?.rows.len(), 2);
    assert!(rows(&*engine).await?.is_empty());
    Ok(())
}

/// Limits hold at n - 1, n and n + 1, and what is above leaves nothing.
async fn limits(engine: Arc<dyn Engine>) -> Outcome {
    for (key, value, fits) in [
        (0, 0, true),
        (MAX_KEY - 1, MAX_VALUE - 1, true),
        (MAX_KEY, MAX_VALUE, true),
        (MAX_KEY + 1, 1, false),
        (1, MAX_VALUE + 1, false),
    ] {
        let (key, value) = (Key::from(vec![0xff; key]), Value::from(vec![1; value]));
        let mut transaction = Transaction::new();
        transaction.put("mark", "1").put(key.clone(), value.clone());
        let answer = engine.commit(transaction).await;
        if fits {
            answer?;
            assert_eq!(get(&*engine, key.clone()).await?, Some(value));
        } else {
            let refused = matches!(answer, Err(CommitError::Failed(Error::TooLarge { .. })));
            assert!(refused, "{answer:?}");
        }
        let mut clean = Transaction::new();
        clean.delete_range("", Key::from(vec![0xff; MAX_KEY]));
        clean.delete(Key::from(vec![0xff; MAX_KEY]));
        engine.commit(clean).await?;
        assert!(rows(&*engine).await?.is_empty());
    }
    let snapshot = engine.snapshot().await?;
    let long = snapshot.get(&[0; MAX_KEY + 1]).await;
    assert!(matches!(long, Err(Error::TooLarge { .. })), "{long:?}");
    let none = snapshot.scan(Range::all(), 0).await;
    assert!(matches!(none, Err(Error::Invalid(_))), "0 rows: {none:?}");

    let value = Value::from(vec![2; MAX_VALUE]);
    let count = MAX_TRANSACTION / (MAX_VALUE + 2);
    let mut huge = Transaction::new();
    for index in 0..=u16::try_from(count)? {
        huge.put(index.to_be_bytes().to_vec(), value.clone());
    }
    let answer = engine.commit(huge.clone()).await;
    assert!(matches!(answer, Err(CommitError::Failed(Error::TooLarge { .. }))), "{answer:?}");
    huge.operations.pop();
    engine.commit(huge).await?;
    Ok(())
}

/// A value may change its size in either direction, any number of times, and be deleted.
async fn large_and_small(engine: Arc<dyn Engine>) -> Outcome {
    let sizes = [0, 1, MAX_VALUE, 8192, 1599, 1600, 1601, 900, 4096, 65_000, 10, 2000, 1000, 3000];
    for (round, size) in sizes.into_iter().enumerate() {
        let value = Value::from(vec![u8::try_from(round)?; size]);
        let mut transaction = Transaction::new();
        transaction.put("same", value.clone()).put(vec![b'v', u8::try_from(round)?], value.clone());
        transaction.expect("same", get(&*engine, "same").await?);
        engine.commit(transaction).await?;
        assert_eq!(get(&*engine, "same").await?, Some(value), "{size}");
    }
    let stored: Vec<usize> =
        scan(&*engine, Range::prefix("v")).await?.rows.iter().map(|(_, v)| v.len()).collect();
    assert_eq!(stored, sizes);
    let mut transaction = Transaction::new();
    transaction.delete("same").delete_range("v", "w");
    engine.commit(transaction).await?;
    assert!(rows(&*engine).await?.is_empty());
    Ok(())
}

/// Watchers hear of their topics after the commit, merged, and of the end.
async fn watching(engine: Arc<dyn Engine>) -> Outcome {
    let mut watcher = engine.watch(&["a".into(), "b".into()]);
    let mut other = engine.watch(&["other".into()]);
    for (key, topic) in [("1", "b"), ("2", "a"), ("3", "b"), ("4", "unwatched")] {
        let mut transaction = Transaction::new();
        transaction.put(key, "x").topic(topic);
        engine.commit(transaction).await?;
    }
    assert_eq!(watcher.changed().await, Some(Hint::Topics(vec!["a".into(), "b".into()])));
    assert_eq!(other.try_changed(), None);

    let mut refused = Transaction::new();
    refused.expect_absent("1").put("5", "x").topic("other");
    assert!(engine.commit(refused).await.is_err());
    assert_eq!(other.try_changed(), None, "a refused transaction tells nobody");

    let waiting = tokio::spawn(async move { (other.changed().await, other.changed().await) });
    let mut transaction = Transaction::new();
    transaction.put("6", "x").topic("other");
    engine.commit(transaction).await?;
    engine.close().await;
    assert_eq!(waiting.await?, (Some(Hint::Topics(vec!["other".into()])), None));
    assert_eq!(engine.watch(&[]).changed().await, None, "a closed engine has no news");
    Ok(())
}

/// Bumps of one counter from many sides lose nothing and give no number twice.
async fn concurrent(engine: Arc<dyn Engine>) -> Outcome {
    const CLIENTS: usize = 16;
    const EACH: usize = 25;
    let client = |engine: Arc<dyn Engine>| async move {
        let mut numbers = Vec::new();
        for _ in 0..EACH {
            let mut transaction = Transaction::new();
            let next = transaction.bump("next", 1);
            transaction.put(Template::from("taken/").bumped(next), "");
            numbers.extend(engine.commit(transaction).await?.bumped);
        }
        Ok::<_, CommitError>(numbers)
    };
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(client(Arc::clone(&engine)))).collect();
    let mut numbers = Vec::new();
    for client in clients {
        numbers.extend(client.await??);
    }
    numbers.sort_unstable();
    let expected: Vec<u64> = (1..=(CLIENTS * EACH) as u64).collect();
    assert_eq!(numbers, expected);
    assert_eq!(scan(&*engine, Range::prefix("taken/")).await?.rows.len(), CLIENTS * EACH);
    Ok(())
}

/// After the end nothing is written; what was handed in before is.
async fn closing(engine: Arc<dyn Engine>) -> Outcome {
    put(&*engine, "kept", "x").await?;
    let snapshot = engine.snapshot().await?;
    engine.close().await;
    engine.close().await;
    let answer = put(&*engine, "late", "x").await;
    assert!(matches!(answer, Err(CommitError::Failed(Error::Stopped))), "{answer:?}");
    assert!(matches!(engine.snapshot().await.err(), Some(Error::Stopped)));
    assert!(snapshot.get(b"kept").await?.is_some(), "a snapshot outlives the end");
    Ok(())
}

fn commit_spawned(
    engine: &Arc<dyn Engine>,
    transaction: Transaction,
) -> tokio::task::JoinHandle<Result<Committed, CommitError>> {
    let engine = Arc::clone(engine);
    tokio::spawn(async move { engine.commit(transaction).await })
}

async fn put(
    engine: &dyn Engine,
    key: impl Into<Template>,
    value: impl Into<Template>,
) -> Result<Committed, CommitError> {
    let mut transaction = Transaction::new();
    transaction.put(key, value);
    engine.commit(transaction).await
}

async fn get(engine: &dyn Engine, key: impl Into<Key>) -> Result<Option<Value>, Error> {
    engine.snapshot().await?.get(&key.into()).await
}

async fn scan(engine: &dyn Engine, range: Range) -> Result<Page, Error> {
    engine.snapshot().await?.scan(range, usize::MAX).await
}

/// All rows, by pages.
async fn rows(engine: &dyn Engine) -> Result<Vec<(Key, Value)>, Error> {
    paged(&*engine.snapshot().await?, Range::all(), usize::MAX).await
}

/// All rows of a range, by pages of a given size.
async fn paged(
    snapshot: &dyn Snapshot,
    mut range: Range,
    limit: usize,
) -> Result<Vec<(Key, Value)>, Error> {
    let mut rows: Vec<(Key, Value)> = Vec::new();
    loop {
        let page = snapshot.scan(range.clone(), limit).await?;
        assert!(page.rows.len() <= limit);
        assert!(!page.rows.is_empty() || !page.more, "an empty page is the last one");
        if let Some((last, _)) = page.rows.last() {
            range = range.after(last);
        }
        rows.extend(page.rows);
        if !page.more {
            return Ok(rows);
        }
    }
}
