//! The engine in memory: the model of the others, for tests. Nothing survives its end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use crate::transaction::{add, check_key};
use crate::watch::Registry;
use crate::{
    CommitError, Committed, Engine, Error, Expectation, Key, Objects, Operation, PAGE_BYTES, Page,
    Range, Snapshot, Topic, Transaction, Value, Watcher,
};

mod objects;

use objects::MemoryObjects;

/// An [`Engine`] in memory. Each key keeps the versions that living snapshots can see.
#[derive(Default)]
pub struct MemoryEngine {
    table: Arc<RwLock<Table>>,
    objects: MemoryObjects,
    watchers: Arc<Registry>,
    closed: AtomicBool,
}

impl MemoryEngine {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Engine for MemoryEngine {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Stopped);
        }
        let mut table = write(&self.table);
        let version = table.version;
        *table.living.entry(version).or_default() += 1;
        Ok(Box::new(MemorySnapshot { table: Arc::clone(&self.table), version }))
    }

    async fn commit(&self, transaction: Transaction) -> Result<Committed, CommitError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Stopped.into());
        }
        transaction.check()?;
        let committed = write(&self.table).commit(&transaction)?;
        self.watchers.tell(&transaction.topics);
        Ok(committed)
    }

    fn watch(&self, topics: &[Topic]) -> Watcher {
        self.watchers.watch(topics).0
    }

    fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.watchers.close();
    }
}

struct MemorySnapshot {
    table: Arc<RwLock<Table>>,
    version: u64,
}

#[async_trait]
impl Snapshot for MemorySnapshot {
    async fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        check_key(key.len())?;
        Ok(read(&self.table).get(key, self.version))
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Value>>, Error> {
        keys.iter().try_for_each(|key| check_key(key.len()))?;
        let table = read(&self.table);
        Ok(keys.iter().map(|key| table.get(key, self.version)).collect())
    }

    async fn scan(&self, range: Range, limit: usize) -> Result<Page, Error> {
        if limit == 0 {
            return Err(Error::Invalid("a scan of no rows"));
        }
        Ok(read(&self.table).scan(&range, limit, self.version))
    }
}

impl Drop for MemorySnapshot {
    fn drop(&mut self) {
        let mut table = write(&self.table);
        if let Some(count) = table.living.get_mut(&self.version) {
            *count -= 1;
            if *count == 0 {
                table.living.remove(&self.version);
                table.prune();
            }
        }
    }
}

/// Since which version a key has which value.
type Versions = Vec<(u64, Option<Value>)>;
/// What a transaction comes to.
type Changes = BTreeMap<Key, Option<Value>>;

/// All keys with the versions that somebody may see.
#[derive(Default)]
struct Table {
    /// Of each key, oldest first, never empty.
    rows: BTreeMap<Key, Versions>,
    version: u64,
    /// How many snapshots live, by version.
    living: BTreeMap<u64, usize>,
    /// Keys with more than one version, or whose only version is a deletion.
    stale: BTreeSet<Key>,
}

impl Table {
    fn commit(&mut self, transaction: &Transaction) -> Result<Committed, CommitError> {
        for (index, expectation) in transaction.expectations.iter().enumerate() {
            let holds = match expectation {
                Expectation::Absent(key) => self.get(key, self.version).is_none(),
                Expectation::Equals(key, value) => {
                    self.get(key, self.version).as_ref() == Some(value)
                }
            };
            if !holds {
                return Err(CommitError::Expectation(index));
            }
        }
        let (changes, bumped) = self.changes(transaction)?;
        self.version += 1;
        for (key, value) in changes {
            let versions = self.rows.entry(key.clone()).or_default();
            versions.push((self.version, value));
            self.stale.insert(key);
        }
        self.prune();
        Ok(Committed { bumped })
    }

    /// What the operations come to, without applying anything: so an error leaves no trace.
    fn changes(&self, transaction: &Transaction) -> Result<(Changes, Vec<u64>), Error> {
        let mut changes = Changes::new();
        let mut bumped = Vec::new();
        for operation in &transaction.operations {
            match operation {
                Operation::Put { key, value } => {
                    changes.insert(key.fill(&bumped)?, Some(value.fill(&bumped)?));
                }
                Operation::Delete(key) => {
                    changes.insert(key.fill(&bumped)?, None);
                }
                Operation::DeleteRange { start, end } => {
                    let range = Range::new(start.clone(), end.clone());
                    let stored = self.keys(&range).map(|(key, _)| key.clone());
                    let fresh = changes.keys().filter(|key| *start <= **key && **key < *end);
                    let doomed: Vec<Key> = stored.chain(fresh.cloned()).collect();
                    changes.extend(doomed.into_iter().map(|key| (key, None)));
                }
                Operation::Bump { key, by } => {
                    let old = match changes.get(key) {
                        Some(changed) => changed.clone(),
                        None => self.get(key, self.version),
                    };
                    let value = add(old.as_deref(), *by)?;
                    let bytes = Value::copy_from_slice(&value.to_be_bytes());
                    changes.insert(key.clone(), Some(bytes));
                    bumped.push(value);
                }
            }
        }
        Ok((changes, bumped))
    }

    fn get(&self, key: &[u8], version: u64) -> Option<Value> {
        visible(self.rows.get(key)?, version).cloned()
    }

    fn scan(&self, range: &Range, limit: usize, version: u64) -> Page {
        let mut page = Page::default();
        let mut bytes = 0;
        let mut seen = self.keys(range).filter_map(|(key, versions)| {
            visible(versions, version).map(|value| (key.clone(), value.clone()))
        });
        let mut next = || if range.reverse { seen.next_back() } else { seen.next() };
        while page.rows.len() < limit && bytes < PAGE_BYTES {
            let Some((key, value)) = next() else { return page };
            bytes += key.len() + value.len();
            page.rows.push((key, value));
        }
        page.more = next().is_some();
        page
    }

    fn keys(&self, range: &Range) -> impl DoubleEndedIterator<Item = (&Key, &Versions)> {
        let end = match &range.end {
            Some(end) => Bound::Excluded(end.max(&range.start)),
            None => Bound::Unbounded,
        };
        self.rows.range::<Key, _>((Bound::Included(&range.start), end))
    }

    /// Forgets the versions that no living snapshot and no later one can see.
    fn prune(&mut self) {
        let oldest = self.living.keys().next().copied().unwrap_or(self.version);
        let rows = &mut self.rows;
        self.stale.retain(|key| {
            let Some(versions) = rows.get_mut(key) else { return false };
            let needed = versions.iter().rposition(|(since, _)| *since <= oldest).unwrap_or(0);
            versions.drain(..needed);
            match versions.as_slice() {
                [(since, None)] if *since <= oldest => {
                    rows.remove(key);
                    false
                }
                [(_, Some(_))] => false,
                _ => true,
            }
        });
    }
}

fn visible(versions: &[(u64, Option<Value>)], version: u64) -> Option<&Value> {
    versions.iter().rev().find(|(since, _)| *since <= version)?.1.as_ref()
}

fn read(table: &RwLock<Table>) -> std::sync::RwLockReadGuard<'_, Table> {
    table.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(table: &RwLock<Table>) -> std::sync::RwLockWriteGuard<'_, Table> {
    table.write().unwrap_or_else(PoisonError::into_inner)
}
