//! An engine around another that fails, waits or ends on command, for tests of what stands above.
//!
//! ```
//! use std::sync::Arc;
//! use peregrine_kv::fault::{Call, FaultEngine};
//! use peregrine_kv::{Engine, Error, MemoryEngine, Transaction};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
//! faults.fail(Call::Commit, 2, Error::Full);
//! assert!(engine.commit(Transaction::new()).await.is_ok());
//! assert!(engine.commit(Transaction::new()).await.is_err());
//! assert!(engine.commit(Transaction::new()).await.is_ok());
//! # }
//! ```

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::{
    CommitError, Committed, Engine, Error, Key, ObjectData, ObjectName, ObjectPage, ObjectReader,
    Objects, Page, Range, Snapshot, Topic, Transaction, Value, Watcher,
};

/// What is counted and can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`Engine::commit`].
    Commit,
    /// [`Engine::snapshot`].
    Snapshot,
    /// Any read from a snapshot.
    Read,
    /// A scan of a snapshot, which is a read too. A store reads single rows at times of its own, to
    /// see whether another process was there; it scans only for what is asked for.
    Scan,
    /// [`Objects::put`].
    ObjectPut,
    /// [`Objects::open`], [`Objects::read`], [`Objects::list`] and each read from an open object.
    ObjectRead,
    /// [`Objects::delete`].
    ObjectDelete,
}

/// An engine with faults. What the inner one has committed stays committed.
pub struct FaultEngine {
    inner: Arc<dyn Engine>,
    faults: Faults,
    objects: FaultObjects,
}

impl FaultEngine {
    /// Wraps an engine; the handle plans the faults.
    #[must_use]
    pub fn new(inner: Arc<dyn Engine>) -> (Self, Faults) {
        let faults = Faults::default();
        let objects = FaultObjects { inner: Arc::clone(&inner), faults: faults.clone() };
        (Self { inner, faults: faults.clone(), objects }, faults)
    }
}

/// Plans faults. The n-th call is counted from now on; 1 is the next one.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    plans: Vec<Plan>,
    cut: bool,
}

struct Plan {
    call: Call,
    left: u64,
    fault: Fault,
}

enum Fault {
    Fail(Error),
    LoseAnswer(Error),
    Hold(Arc<Barrier>),
    Cut,
}

impl Faults {
    /// The n-th call answers `error` and does nothing.
    pub fn fail(&self, call: Call, n: u64, error: Error) {
        self.plan(call, n, Fault::Fail(error));
    }

    /// The n-th call is done, but answers `error`: like a connection that breaks too early.
    pub fn lose_answer(&self, call: Call, n: u64, error: Error) {
        self.plan(call, n, Fault::LoseAnswer(error));
    }

    /// The n-th call waits before it is done, until the gate opens or is dropped.
    #[must_use]
    pub fn hold(&self, call: Call, n: u64) -> Gate {
        let barrier = Arc::new(Barrier { reached: Semaphore::new(0), opened: Semaphore::new(0) });
        self.plan(call, n, Fault::Hold(Arc::clone(&barrier)));
        Gate(barrier)
    }

    /// The n-th call and everything after it, of whatever kind, answers [`Error::Stopped`].
    pub fn cut(&self, call: Call, n: u64) {
        self.plan(call, n, Fault::Cut);
    }

    /// Forgets what was planned and mends a cut.
    pub fn clear(&self) {
        *self.lock() = State::default();
    }

    fn plan(&self, call: Call, n: u64, fault: Fault) {
        self.lock().plans.push(Plan { call, left: n.max(1), fault });
    }

    /// Counts a call. An error inside the answer is for after the work.
    async fn enter(&self, call: Call) -> Result<Result<(), Error>, Error> {
        let mut after = Ok(());
        for fault in self.due(call)? {
            match fault {
                Fault::Fail(error) => return Err(error),
                Fault::LoseAnswer(error) => after = Err(error),
                Fault::Hold(barrier) => barrier.pass().await,
                Fault::Cut => return Err(Error::Stopped),
            }
        }
        Ok(after)
    }

    fn due(&self, call: Call) -> Result<Vec<Fault>, Error> {
        let mut state = self.lock();
        if state.cut {
            return Err(Error::Stopped);
        }
        for plan in state.plans.iter_mut().filter(|plan| plan.call == call) {
            plan.left -= 1;
        }
        let due: Vec<Fault> =
            state.plans.extract_if(.., |plan| plan.left == 0).map(|plan| plan.fault).collect();
        state.cut = due.iter().any(|fault| matches!(fault, Fault::Cut));
        Ok(due)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a held call waits.
pub struct Gate(Arc<Barrier>);

impl Gate {
    /// Returns once the call stands before the gate.
    pub async fn reached(&self) {
        drop(self.0.reached.acquire().await);
    }

    /// Lets it through.
    pub fn open(&self) {
        self.0.opened.close();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

struct Barrier {
    reached: Semaphore,
    opened: Semaphore,
}

impl Barrier {
    async fn pass(&self) {
        self.reached.add_permits(1);
        // Nobody gives permits: this ends when the gate closes the semaphore.
        drop(self.opened.acquire().await);
    }
}

#[async_trait]
impl Engine for FaultEngine {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error> {
        let after = self.faults.enter(Call::Snapshot).await?;
        let inner = self.inner.snapshot().await?;
        after?;
        Ok(Box::new(FaultSnapshot { inner, faults: self.faults.clone() }))
    }

    async fn commit(&self, transaction: Transaction) -> Result<Committed, CommitError> {
        let after = self.faults.enter(Call::Commit).await?;
        let committed = self.inner.commit(transaction).await?;
        after?;
        Ok(committed)
    }

    fn watch(&self, topics: &[Topic]) -> Watcher {
        self.inner.watch(topics)
    }

    fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

struct FaultSnapshot {
    inner: Box<dyn Snapshot>,
    faults: Faults,
}

#[async_trait]
impl Snapshot for FaultSnapshot {
    async fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        let after = self.faults.enter(Call::Read).await?;
        let value = self.inner.get(key).await?;
        after.map(|()| value)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Value>>, Error> {
        let after = self.faults.enter(Call::Read).await?;
        let values = self.inner.get_many(keys).await?;
        after.map(|()| values)
    }

    async fn scan(&self, range: Range, limit: usize) -> Result<Page, Error> {
        let after = self.faults.enter(Call::Read).await?;
        let after = after.and(self.faults.enter(Call::Scan).await?);
        let page = self.inner.scan(range, limit).await?;
        after.map(|()| page)
    }
}

struct FaultObjects {
    inner: Arc<dyn Engine>,
    faults: Faults,
}

#[async_trait]
impl Objects for FaultObjects {
    async fn put(&self, name: &ObjectName, data: ObjectData) -> Result<(), Error> {
        let after = self.faults.enter(Call::ObjectPut).await?;
        self.inner.objects().put(name, data).await?;
        after
    }

    async fn open(&self, name: &ObjectName) -> Result<Box<dyn ObjectReader>, Error> {
        let after = self.faults.enter(Call::ObjectRead).await?;
        let inner = self.inner.objects().open(name).await?;
        after?;
        Ok(Box::new(FaultReader { inner, faults: self.faults.clone() }))
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, Error> {
        let after = self.faults.enter(Call::ObjectRead).await?;
        let data = self.inner.objects().read(name).await?;
        after.map(|()| data)
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), Error> {
        let after = self.faults.enter(Call::ObjectDelete).await?;
        self.inner.objects().delete(name).await?;
        after
    }

    async fn list(&self, after: Option<&ObjectName>, limit: usize) -> Result<ObjectPage, Error> {
        let answer = self.faults.enter(Call::ObjectRead).await?;
        let page = self.inner.objects().list(after, limit).await?;
        answer.map(|()| page)
    }

    fn staging(&self) -> Option<&Path> {
        self.inner.objects().staging()
    }
}

struct FaultReader {
    inner: Box<dyn ObjectReader>,
    faults: Faults,
}

#[async_trait]
impl ObjectReader for FaultReader {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes, Error> {
        let after = self.faults.enter(Call::ObjectRead).await?;
        let data = self.inner.read_at(offset, len).await?;
        after.map(|()| data)
    }
}
