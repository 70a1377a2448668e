//! The engine for one machine: one SQLite file in WAL mode, and a folder of objects.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::watch::Registry;
use crate::{
    CommitError, Committed, Engine, Error, Objects, Snapshot, Topic, Transaction, Watcher,
};

mod apply;
mod checkpoint;
mod objects;
mod queue;
mod read_only;
mod reader;
mod rescue;
mod row;
mod salvage;
mod schema;
mod writer;

pub use read_only::SqliteReader;
pub use rescue::{Rescued, rescue};
pub use salvage::{LogState, Salvaged, salvage};

use objects::FileObjects;
use queue::Queue;
use reader::Readers;

/// How a store is opened. The defaults are meant for use.
#[derive(Clone, Debug, Default)]
pub struct SqliteOptions {
    /// Largest size of the rows' file, in bytes; beyond, commits answer [`Error::Full`]. `None`
    /// leaves it to the disk.
    pub max_bytes: Option<u64>,
}

/// An [`Engine`] in one folder: rows in `rows.sqlite`, objects under `objects`, unfinished ones
/// under `temp`. Several processes may have it open.
pub struct SqliteEngine {
    queue: Arc<Queue>,
    readers: Arc<Readers>,
    objects: FileObjects,
    watchers: Arc<Registry>,
    closed: AtomicBool,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteEngine {
    /// Opens the store in `folder`, or makes one there.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Corrupt`] for a file that is no store of this version,
    /// [`Error::Engine`] if SQLite is too old to be trusted.
    pub async fn open(folder: &Path, options: SqliteOptions) -> Result<Self, Error> {
        let folder = folder.to_path_buf();
        blocking(move || Self::open_blocking(&folder, &options)).await
    }

    fn open_blocking(folder: &Path, options: &SqliteOptions) -> Result<Self, Error> {
        private_folder(folder)?;
        let stopped = Arc::new(AtomicBool::new(false));
        let file: PathBuf = folder.join(ROWS);
        let objects =
            FileObjects::open(folder, Arc::clone(&stopped), || salvage::expect_whole(&file))?;
        let connection = schema::open_writer(&file, options)?;
        std::fs::File::open(folder)?.sync_all()?;
        let watchers = Arc::<Registry>::default();
        let queue = Arc::new(Queue::new());
        let mover = schema::open_mover(&file)?;
        let writer =
            writer::spawn(connection, mover, Arc::clone(&queue), Arc::clone(&watchers), stopped)?;
        Ok(Self {
            queue,
            readers: Arc::new(Readers::new(file)),
            objects,
            watchers,
            closed: AtomicBool::new(false),
            writer: Mutex::new(Some(writer)),
        })
    }
}

#[async_trait]
impl Engine for SqliteEngine {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Stopped);
        }
        reader::snapshot(&self.readers).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Committed, CommitError> {
        transaction.check()?;
        self.queue.commit(transaction).await
    }

    fn watch(&self, topics: &[Topic]) -> Watcher {
        let (watcher, first) = self.watchers.watch(topics);
        if first {
            self.queue.wake();
        }
        watcher
    }

    fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    async fn check(&self) -> Result<Vec<String>, Error> {
        let readers = Arc::clone(&self.readers);
        blocking(move || reader::check(readers.file())).await
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.queue.close();
        if let Some(writer) = self.writer.lock().await.take() {
            // The writer answers for its own failures; here only its end counts.
            let joined = blocking(move || Ok(writer.join())).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the writer of the store ended badly");
            }
        }
        self.readers.close();
    }
}

impl Drop for SqliteEngine {
    fn drop(&mut self) {
        self.queue.close();
    }
}

const ROWS: &str = "rows.sqlite";

/// Makes a folder that is its owner's alone, where there is none: all mail lies in it.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Runs what may wait for the disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) => Err(Error::Engine(failed.to_string())),
    }
}

/// An error of SQLite in our terms.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::corrupt(error.to_string())
            }
            // The log's index could not grow: a full disk. SQLite does not count the group as
            // committed, and the next one overwrites what of it has reached the log.
            _ if error.sqlite_error().is_some_and(|inner| {
                inner.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
            }) =>
            {
                Self::Full
            }
            Some(ErrorCode::SystemIoFailure) => {
                let code = error.sqlite_error().map_or(0, |inner| inner.extended_code);
                Self::Io(Arc::new(std::io::Error::other(format!("{error} (SQLite {code})"))))
            }
            _ => Self::Engine(error.to_string()),
        }
    }
}
