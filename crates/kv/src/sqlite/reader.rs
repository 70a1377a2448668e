//! Snapshots: connections that only read, each in a read transaction of its own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use async_trait::async_trait;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::row::{damaged, unseal, verify};
use super::{blocking, schema};
use crate::transaction::check_key;
use crate::{Error, Key, PAGE_BYTES, Page, Range, Snapshot, Survey, Value};

/// Most snapshots at a time; who wants one more waits. Each may use 2 MiB and three files.
const READERS: usize = 64;
/// Up to this many rows are read on the caller's thread: a few microseconds a row when the page
/// is in memory, which is less than handing the work to another thread costs (see the bench).
const INLINE_ROWS: usize = 8;
/// Lines of SQLite's own check: enough to know that a file is to be repaired.
const PROBLEMS: u32 = 100;

/// Connections that wait for their next snapshot.
pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    room: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, idle: Mutex::default(), room: Arc::new(Semaphore::new(READERS)) }
    }

    /// Gives no more snapshots; those that live can be used further.
    pub(super) fn close(&self) {
        self.room.close();
        self.idle().clear();
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new snapshot of what is committed now.
pub(super) async fn snapshot(readers: &Arc<Readers>) -> Result<Box<dyn Snapshot>, Error> {
    let room = Arc::clone(&readers.room).acquire_owned().await.map_err(|_| Error::Stopped)?;
    let idle = readers.idle().pop();
    let connection = match idle {
        Some(connection) => connection,
        None => {
            let readers = Arc::clone(readers);
            blocking(move || schema::open_reader(&readers.file)).await?
        }
    };
    let reader = Reader { connection: Some(connection), readers: Arc::clone(readers), _room: room };
    reader.begin()?;
    Ok(Box::new(SqliteSnapshot(Arc::new(Mutex::new(reader)))))
}

struct SqliteSnapshot(Arc<Mutex<Reader>>);

#[async_trait]
impl Snapshot for SqliteSnapshot {
    async fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        check_key(key.len())?;
        if let Some(reader) = self.free() {
            return reader.get(key);
        }
        let key = key.to_vec();
        self.elsewhere(move |reader| reader.get(&key)).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Value>>, Error> {
        keys.iter().try_for_each(|key| check_key(key.len()))?;
        if keys.len() <= INLINE_ROWS
            && let Some(reader) = self.free()
        {
            return keys.iter().map(|key| reader.get(key)).collect();
        }
        let keys = keys.to_vec();
        self.elsewhere(move |reader| keys.iter().map(|key| reader.get(key)).collect()).await
    }

    async fn scan(&self, range: Range, limit: usize) -> Result<Page, Error> {
        if limit == 0 {
            return Err(Error::Invalid("a scan of no rows"));
        }
        if limit <= INLINE_ROWS
            && let Some(reader) = self.free()
        {
            return reader.scan(&range, limit);
        }
        self.elsewhere(move |reader| reader.scan(&range, limit)).await
    }

    async fn survey(&self, range: Range, limit: usize) -> Result<Survey, Error> {
        if limit == 0 {
            return Err(Error::Invalid("a scan of no rows"));
        }
        self.elsewhere(move |reader| {
            let mut survey = Survey::default();
            survey.broken = reader.survey(&range, limit, &mut survey).err();
            Ok(survey)
        })
        .await
    }
}

impl SqliteSnapshot {
    /// The reader, unless another task uses it just now.
    fn free(&self) -> Option<MutexGuard<'_, Reader>> {
        match self.0.try_lock() {
            Ok(reader) => Some(reader),
            Err(TryLockError::Poisoned(reader)) => Some(reader.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let reader = Arc::clone(&self.0);
        blocking(move || work(&reader.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

/// A connection in a read transaction. It goes back to the others when the last user, be it a
/// job that nobody waits for any more, lets go.
struct Reader {
    connection: Option<Connection>,
    readers: Arc<Readers>,
    _room: OwnedSemaphorePermit,
}

impl Reader {
    fn begin(&self) -> Result<(), Error> {
        let connection = self.connection()?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        // SQLite takes its view with the first read, not with BEGIN.
        connection.prepare_cached("SELECT 1 FROM row LIMIT 1")?.query([])?.next()?;
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        let mut statement = self.connection()?.prepare_cached(GET)?;
        let mut rows = statement.query([key])?;
        rows.next()?.map(|row| value(key, row, 0)).transpose()
    }

    fn scan(&self, range: &Range, limit: usize) -> Result<Page, Error> {
        let mut statement = self.connection()?.prepare_cached(scan_of(range))?;
        let mut rows = match &range.end {
            Some(end) => statement.query([&*range.start, &**end])?,
            None => statement.query([&*range.start])?,
        };
        let mut page = Page::default();
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            if page.rows.len() >= limit || bytes >= PAGE_BYTES {
                page.more = true;
                break;
            }
            let key = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            expect_order(range, page.rows.last().map(|(last, _)| &last[..]), key)?;
            let value = value(key, row, 1)?;
            bytes += key.len() + value.len();
            page.rows.push((Key::copy_from_slice(key), value));
        }
        Ok(page)
    }

    /// Adds the rows of a range; an error is one of the way to them, not of a value.
    fn survey(&self, range: &Range, limit: usize, survey: &mut Survey) -> Result<(), Error> {
        let mut statement = self.connection()?.prepare_cached(scan_of(range))?;
        let mut rows = match &range.end {
            Some(end) => statement.query([&*range.start, &**end])?,
            None => statement.query([&*range.start])?,
        };
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            if survey.rows.len() >= limit || bytes >= PAGE_BYTES {
                survey.more = true;
                break;
            }
            let key = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            expect_order(range, survey.rows.last().map(|(last, _)| &last[..]), key)?;
            let value = value(key, row, 1);
            bytes += key.len() + value.as_ref().map_or(0, Value::len);
            survey.rows.push((Key::copy_from_slice(key), value));
        }
        Ok(())
    }

    fn connection(&self) -> Result<&Connection, Error> {
        self.connection.as_ref().ok_or(Error::Stopped)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let ended = connection.prepare_cached("ROLLBACK").and_then(|mut s| s.execute([]));
        // One that cannot end its view is of no use to the next.
        if ended.is_ok() && !self.readers.room.is_closed() {
            self.readers.idle().push(connection);
        }
    }
}

/// Damaged pages may lead astray, or around in a circle.
fn expect_order(range: &Range, last: Option<&[u8]>, key: &[u8]) -> Result<(), Error> {
    let follows = last.is_none_or(|last| if range.reverse { key < last } else { key > last });
    if follows && range.contains(key) {
        Ok(())
    } else {
        Err(Error::corrupt("the order of the rows"))
    }
}

/// What an administrator's `PRAGMA integrity_check` would say, but for "ok".
pub(super) fn check(file: &Path) -> Result<Vec<String>, Error> {
    let connection = schema::open_reader(file)?;
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({PROBLEMS})"))?;
    let mut rows = statement.query([])?;
    let mut problems = Vec::new();
    loop {
        match rows.next().map_err(Error::from) {
            Ok(Some(row)) => problems.push(row.get::<_, String>(0)?),
            Ok(None) => break,
            Err(Error::Corrupt { what }) => {
                problems.push(what);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    problems.retain(|problem| problem != "ok");
    Ok(problems)
}

fn scan_of(range: &Range) -> &'static str {
    match (&range.end, range.reverse) {
        (Some(_), false) => SCAN,
        (Some(_), true) => SCAN_REVERSE,
        (None, false) => SCAN_OPEN,
        (None, true) => SCAN_OPEN_REVERSE,
    }
}

/// The value whose columns begin at `at`.
fn value(key: &[u8], row: &Row<'_>, at: usize) -> Result<Value, Error> {
    let stored = row.get_ref(at)?.as_blob().map_err(rusqlite::Error::from)?;
    if row.get_ref(at + 1)? == ValueRef::Null {
        return Ok(Value::copy_from_slice(unseal(key, stored)?));
    }
    // NULL where the large table has no such row.
    let large = row.get_ref(at + 2)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    let large = large.ok_or_else(|| damaged(key))?;
    verify(key, stored, large)?;
    Ok(Value::copy_from_slice(large))
}

// One statement for both tables, so that a scan does not begin another for each large value.
const GET: &str = "SELECT row.value, row.large, large.value \
    FROM row LEFT JOIN large ON large.id = row.large WHERE key = ?1";
const SCAN: &str = "SELECT key, row.value, row.large, large.value \
    FROM row LEFT JOIN large ON large.id = row.large WHERE key >= ?1 AND key < ?2 ORDER BY key";
const SCAN_OPEN: &str = "SELECT key, row.value, row.large, large.value \
    FROM row LEFT JOIN large ON large.id = row.large WHERE key >= ?1 ORDER BY key";
const SCAN_REVERSE: &str = "SELECT key, row.value, row.large, large.value \
    FROM row LEFT JOIN large ON large.id = row.large \
    WHERE key >= ?1 AND key < ?2 ORDER BY key DESC";
const SCAN_OPEN_REVERSE: &str = "SELECT key, row.value, row.large, large.value \
    FROM row LEFT JOIN large ON large.id = row.large WHERE key >= ?1 ORDER BY key DESC";
