//! The write-ahead log's size: kept, so that syncs only overwrite, and bounded by checkpoints.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use crate::Error;

/// Bytes that the log has from the start: what is written between two checkpoints.
const LOG_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes in the log from which on a checkpoint is due. Pages that change often are written back
/// once per checkpoint, so a larger log is less work, but also a longer pause.
const DUE_BYTES: u64 = 12 * 1024 * 1024;

/// Watches how long the log is, and moves it into the file in time.
pub(super) struct Checkpoint {
    /// Frames (pages with a header) in the log, as the last commit left it.
    frames: Arc<AtomicI32>,
    due: i32,
    /// Frames at which the next one is tried; more than `due` while a snapshot holds the log.
    next: i32,
    clean: bool,
}

impl Checkpoint {
    /// Begins to watch the writer's connection.
    pub(super) fn new(connection: &mut Connection) -> Result<Self, Error> {
        let page: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let due = i32::try_from(DUE_BYTES / u64::from(page)).unwrap_or(i32::MAX);
        let frames = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&frames);
        connection.wal_hook(Some(move |_: &mut _, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { frames, due, next: due, clean: true })
    }

    /// After a commit: moves the log if it has become long.
    pub(super) fn after_commit(&mut self, connection: &Connection) -> Result<(), Error> {
        self.clean = false;
        if self.frames.load(Ordering::Relaxed) < self.next {
            return Ok(());
        }
        self.run(connection)
    }

    /// While nothing else is to do: moves the whole log, so that readers use the mapping and a
    /// start after a crash has nothing to repeat.
    pub(super) fn when_idle(&mut self, connection: &Connection) -> Result<(), Error> {
        if self.clean { Ok(()) } else { self.run(connection) }
    }

    fn run(&mut self, connection: &Connection) -> Result<(), Error> {
        let (log, moved) = run(connection)?;
        self.clean = true;
        // A snapshot may need what is in the log: then try again after as much has been added.
        self.next = if moved < log { log.saturating_add(self.due) } else { self.due };
        Ok(())
    }
}

/// Moves what an earlier process left in the log, and grows a short log to its size.
pub(super) fn prepare(connection: &mut Connection, file: &Path) -> Result<(), Error> {
    run(connection)?;
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(Path::new(&log)).is_ok_and(|log| log.len() >= LOG_BYTES) {
        return Ok(());
    }
    // With a cache of a few pages a large row is spilled into the log at once; the rollback
    // takes it out of use, but the log stays as long as it has become.
    let cache: i64 = connection.pragma_query_value(None, "cache_size", |row| row.get(0))?;
    connection.pragma_update(None, "cache_size", 16)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let spilled = connection.execute(
        "INSERT INTO large (value) VALUES (zeroblob(?1))",
        [i64::try_from(LOG_BYTES).unwrap_or(i64::MAX)],
    );
    connection.execute_batch("ROLLBACK")?;
    connection.pragma_update(None, "cache_size", cache)?;
    match spilled {
        // A disk without that much space is a matter for the commits, which say so.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => Ok(()),
        other => Ok(other.map(drop)?),
    }
}

/// Frames in the log, and how many of them are in the file now.
fn run(connection: &Connection) -> Result<(i32, i32), Error> {
    match connection.wal_checkpoint_v2::<&str>(None, CheckpointMode::PASSIVE) {
        Ok(frames) => Ok(frames),
        // Another process is at it.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            Ok((0, 0))
        }
        Err(error) => Err(error.into()),
    }
}
