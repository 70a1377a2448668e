//! Faults happen at the planned call, and leave of the inner engine what was committed.

use std::sync::Arc;

use peregrine_kv::contract::{self, Outcome};
use peregrine_kv::fault::{Call, FaultEngine};
use peregrine_kv::{
    CommitError, Engine, Error, MemoryEngine, ObjectData, ObjectName, Range, Transaction,
};

fn put(key: &'static str) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.put(key, "x");
    transaction
}

#[tokio::test]
async fn without_plans_it_keeps_the_contract() -> Outcome {
    contract::run(async || {
        Arc::new(FaultEngine::new(Arc::new(MemoryEngine::new())).0) as Arc<dyn Engine>
    })
    .await
}

#[tokio::test]
async fn the_planned_call_fails_and_no_other() -> Outcome {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    faults.fail(Call::Commit, 2, Error::Full);
    faults.lose_answer(Call::Commit, 3, Error::Stopped);
    faults.fail(Call::Read, 2, Error::corrupt("planned"));
    faults.fail(Call::ObjectPut, 1, Error::Full);
    engine.commit(put("a")).await?;
    let full = engine.commit(put("b")).await;
    assert!(matches!(full, Err(CommitError::Failed(Error::Full))));
    assert!(engine.commit(put("c")).await.is_err(), "done, but the answer is lost");
    engine.commit(put("d")).await?;

    let snapshot = engine.snapshot().await?;
    let page = snapshot.scan(Range::all(), 10).await?;
    let keys: Vec<_> = page.rows.iter().map(|(key, _)| key.as_ref()).collect();
    assert_eq!(keys, [b"a", b"c", b"d"]);
    assert!(matches!(snapshot.get(b"a").await, Err(Error::Corrupt { .. })));
    assert!(snapshot.get(b"a").await?.is_some());

    let (name, data) = (ObjectName::of(b"data"), ObjectData::Bytes("data".into()));
    assert!(engine.objects().put(&name, data.clone()).await.is_err());
    assert!(matches!(engine.objects().read(&name).await, Err(Error::NotFound)));
    engine.objects().put(&name, data).await?;
    Ok(())
}

#[tokio::test]
async fn a_gate_holds_one_commit_while_others_pass() -> Outcome {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    let engine = Arc::new(engine);
    let gate = faults.hold(Call::Commit, 1);
    let held = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.commit(put("held")).await }
    });
    gate.reached().await;
    engine.commit(put("other")).await?;
    assert!(engine.snapshot().await?.get(b"held").await?.is_none());
    gate.open();
    held.await??;
    assert!(engine.snapshot().await?.get(b"held").await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_cut_stops_everything_and_keeps_what_was() -> Outcome {
    let inner: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
    let (engine, faults) = FaultEngine::new(Arc::clone(&inner));
    faults.cut(Call::Commit, 2);
    engine.commit(put("a")).await?;
    for key in ["b", "c"] {
        let cut = engine.commit(put(key)).await;
        assert!(matches!(cut, Err(CommitError::Failed(Error::Stopped))));
    }
    assert!(matches!(engine.snapshot().await.err(), Some(Error::Stopped)));
    assert_eq!(inner.snapshot().await?.scan(Range::all(), 10).await?.rows.len(), 1);
    faults.clear();
    engine.commit(put("d")).await?;
    Ok(())
}
