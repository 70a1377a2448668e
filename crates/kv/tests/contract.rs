//! The contract suite on every engine.

use std::sync::Arc;

use peregrine_kv::contract::{self, Outcome};
use peregrine_kv::{Engine, MemoryEngine, SqliteEngine, SqliteOptions};

#[tokio::test]
async fn memory_keeps_the_contract() -> Outcome {
    contract::run(async || Arc::new(MemoryEngine::new()) as Arc<dyn Engine>).await
}

#[tokio::test]
async fn sqlite_keeps_the_contract() -> Outcome {
    let folder = tempfile::tempdir()?;
    let made = std::cell::Cell::new(0);
    contract::run(async || {
        made.set(made.get() + 1);
        let folder = folder.path().join(made.get().to_string());
        let engine = SqliteEngine::open(&folder, SqliteOptions::default()).await;
        Arc::new(engine.expect("a new store opens")) as Arc<dyn Engine>
    })
    .await
}

#[tokio::test]
async fn sqlite_keeps_what_it_has() -> Outcome {
    let folder = tempfile::tempdir()?;
    contract::run_durable(async || {
        let engine = SqliteEngine::open(folder.path(), SqliteOptions::default()).await;
        Arc::new(engine.expect("the store opens again")) as Arc<dyn Engine>
    })
    .await
}
