//! The write-ahead log's size: kept, so that syncs only overwrite, and bounded by checkpoints.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::schema;
use crate::Error;

/// Bytes that the log has from the start, so that commits between two checkpoints overwrite.
const LOG_BYTES: u64 = 32 * 1024 * 1024;
/// Bytes in the log from which on a checkpoint is due. Pages that change often are written back
/// once per checkpoint, so a larger log is less work, but also a longer pause at its end.
const DUE_BYTES: u64 = 24 * 1024 * 1024;

/// Watches how long the log is, and has it moved into the file in time. A thread of its own moves
/// the bulk while commits go on; since they add to the log meanwhile, the writer moves the rest,
/// which empties the log, so that the next commit begins it anew.
pub(super) struct Checkpoint {
    /// Frames (pages with a header) in the log, as the last commit left it.
    frames: Arc<AtomicI32>,
    due: i32,
    /// Frames at which the next one begins; more than `due` while a snapshot holds the log.
    next: i32,
    /// Asks the mover, and hears what it has done.
    mover: Option<Mover>,
    thread: Option<JoinHandle<()>>,
    moving: bool,
}

/// How many frames are in the log, and how many of them in the file too.
type Moved = (i32, i32);
type Mover = (Sender<()>, Receiver<Result<Moved, Error>>);

impl Checkpoint {
    /// Begins to watch the writer's connection; `mover` is another one to the same file.
    pub(super) fn new(writer: &mut Connection, mover: Connection) -> Result<Self, Error> {
        let page: u32 = writer.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let due = i32::try_from(DUE_BYTES / u64::from(page)).unwrap_or(i32::MAX);
        let frames = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&frames);
        writer.wal_hook(Some(move |_: &mut _, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let (ask, asked) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let work = move || {
            while asked.recv().is_ok() && tell.send(run(&mover)).is_ok() {}
        };
        let thread = std::thread::Builder::new().name("kv-checkpoint".into()).spawn(work)?;
        let (mover, thread) = (Some((ask, told)), Some(thread));
        Ok(Self { frames, due, next: due, mover, thread, moving: false })
    }

    /// After a commit: has the log moved if it has become long.
    pub(super) fn after_commit(&mut self, writer: &Connection) -> Result<(), Error> {
        let frames = self.frames.load(Ordering::Relaxed);
        if frames < self.due {
            self.next = self.due;
        }
        if self.moving && self.heard()?.is_some() {
            let (log, moved) = run(writer)?;
            // A snapshot may need what is in the log: then again after as much has been added.
            self.next = if moved < log { log.saturating_add(self.due) } else { self.due };
        } else if frames >= self.next {
            self.ask();
        }
        Ok(())
    }

    /// While nothing else is to do: has the whole log moved, so that readers use the mapping and a
    /// start after a crash has nothing to repeat.
    pub(super) fn when_idle(&mut self) -> Result<(), Error> {
        if self.moving {
            self.heard()?;
        }
        self.ask();
        Ok(())
    }

    /// At the end: moves what is left, and leaves a log of the same size with nothing in it.
    pub(super) fn finish(&mut self, writer: &Connection) -> Result<(), Error> {
        self.mover = None;
        if let Some(thread) = self.thread.take() {
            thread.join().map_err(|_| Error::Engine("the checkpoint panicked".into()))?;
        }
        let (log, moved) = run(writer)?;
        if moved == log {
            // A commit begins the log anew, so that the next start has one frame to look at.
            schema::touch(writer)?;
            run(writer)?;
        }
        Ok(())
    }

    fn ask(&mut self) {
        if !self.moving
            && let Some((ask, _)) = &self.mover
        {
            self.moving = ask.send(()).is_ok();
        }
    }

    /// What the mover has done, if it is done.
    fn heard(&mut self) -> Result<Option<Moved>, Error> {
        let Some((_, told)) = &self.mover else { return Ok(None) };
        match told.try_recv() {
            Ok(moved) => {
                self.moving = false;
                moved.map(Some)
            }
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Error::Engine("the checkpoint ended".into())),
        }
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
    // On a full disk SQLite has rolled back by itself.
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    connection.pragma_update(None, "cache_size", cache)?;
    match spilled {
        // A disk without that much space is a matter for the commits, which say so.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => Ok(()),
        other => Ok(other.map(drop)?),
    }
}

/// One checkpoint that waits for nobody.
fn run(connection: &Connection) -> Result<Moved, Error> {
    match connection.wal_checkpoint_v2::<&str>(None, CheckpointMode::PASSIVE) {
        Ok(frames) => Ok(frames),
        // Another process is at it.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            Ok((0, 0))
        }
        Err(error) => Err(error.into()),
    }
}
