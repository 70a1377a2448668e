//! An engine that panics when told to, to see what a fault does to its session and to others.

use async_trait::async_trait;
use peregrine_kv::{
    CommitError, Committed, Engine, Error, MemoryEngine, Objects, Snapshot, Topic, Transaction,
    Watcher,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// A memory engine with a bad moment.
pub struct Faulty {
    inner: MemoryEngine,
    panics: AtomicBool,
}

impl Faulty {
    pub fn new() -> Self {
        Self { inner: MemoryEngine::new(), panics: AtomicBool::new(false) }
    }

    /// The next reader meets a panic.
    pub fn panic_once(&self) {
        self.panics.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Engine for Faulty {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error> {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "a fault made on purpose");
        self.inner.snapshot().await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Committed, CommitError> {
        self.inner.commit(transaction).await
    }

    fn watch(&self, topics: &[Topic]) -> Watcher {
        self.inner.watch(topics)
    }

    fn objects(&self) -> &dyn Objects {
        self.inner.objects()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
