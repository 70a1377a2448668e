//! The one thread that writes: it gathers what waits into one transaction and one sync.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::apply::Statements;
use super::checkpoint::Checkpoint;
use super::queue::{Queue, Request, Work};
use crate::watch::Registry;
use crate::{CommitError, Committed, Error};

/// How often other processes' commits are looked for, while somebody watches.
const POLL: Duration = Duration::from_millis(500);
/// How long nothing must come before the log is moved into the file.
const IDLE: Duration = Duration::from_millis(200);

/// Starts the writer. It ends when the queue is closed and empty.
pub(super) fn spawn(
    connection: Connection,
    mover: Connection,
    queue: Arc<Queue>,
    watchers: Arc<Registry>,
    stopped: Arc<AtomicBool>,
) -> Result<JoinHandle<()>, Error> {
    let work = move || {
        if let Err(error) = run(connection, mover, &queue, &watchers, &stopped) {
            tracing::error!(%error, "the writer of the store cannot work");
        }
        // Also on a panic or an error nobody may wait for answers that never come.
        queue.close();
        while let Work::Group(group) = queue.next(Some(Duration::ZERO)) {
            answer_all(group, &Error::Stopped);
        }
        watchers.close();
    };
    Ok(std::thread::Builder::new().name("kv-writer".into()).spawn(work)?)
}

fn run(
    mut connection: Connection,
    mover: Connection,
    queue: &Queue,
    watchers: &Registry,
    stopped: &AtomicBool,
) -> Result<(), Error> {
    let checkpoint = Checkpoint::new(&mut connection, mover)?;
    let mut writer = Writer {
        connection: &connection,
        statements: Statements::new(&connection)?,
        checkpoint,
        watchers,
        stopped,
        seen: data_version(&connection)?,
        polled: Instant::now(),
        dirty: false,
    };
    loop {
        match queue.next(writer.patience()) {
            Work::Group(group) => writer.group(group),
            Work::Idle => writer.idle(),
            Work::Closed => {
                return if writer.is_stopped() {
                    Ok(())
                } else {
                    writer.checkpoint.finish(&connection)
                };
            }
        }
        writer.poll();
    }
}

struct Writer<'c> {
    connection: &'c Connection,
    statements: Statements<'c>,
    checkpoint: Checkpoint,
    watchers: &'c Registry,
    /// After a failed sync, here or of an object, nobody knows what is on the disk: no more OKs.
    stopped: &'c AtomicBool,
    /// SQLite's number for the state of the file, which others' commits change.
    seen: i64,
    polled: Instant,
    /// Whether the log has something that is not in the file.
    dirty: bool,
}

impl Writer<'_> {
    fn patience(&self) -> Option<Duration> {
        match (self.dirty, self.watchers.is_empty()) {
            (true, _) => Some(IDLE),
            (false, false) => Some(POLL),
            (false, true) => None,
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn group(&mut self, group: Vec<Request>) {
        if self.is_stopped() {
            return answer_all(group, &Error::Stopped);
        }
        match self.commit(&group) {
            Ok(results) => {
                for (request, result) in group.into_iter().zip(results) {
                    if result.is_ok() {
                        self.watchers.tell(&request.transaction.topics);
                    }
                    request.answer(result);
                }
                self.dirty = true;
                let moved = self.checkpoint.after_commit(self.connection);
                self.note(moved);
            }
            // One of them may be to blame: each gets its own commit and its own answer.
            Err(_) if group.len() > 1 && !self.is_stopped() => {
                for request in group {
                    self.group(vec![request]);
                }
            }
            Err(error) => answer_all(group, &error),
        }
    }

    /// One SQLite transaction and one sync for all; an error leaves nothing of any.
    fn commit(&mut self, group: &[Request]) -> Result<Vec<Result<Committed, CommitError>>, Error> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let result = self.apply(group);
        if let Err(error) = &result {
            if matches!(error, Error::Io(_)) {
                tracing::error!(%error, "a write failed; the store writes no more");
                self.stopped.store(true, Ordering::Release);
            }
            // SQLite has rolled back by itself after some errors.
            if !self.connection.is_autocommit() {
                let rolled_back = self.connection.execute_batch("ROLLBACK").map_err(Error::from);
                self.note(rolled_back);
            }
        }
        result
    }

    fn apply(&mut self, group: &[Request]) -> Result<Vec<Result<Committed, CommitError>>, Error> {
        let mut results = Vec::with_capacity(group.len());
        for request in group {
            match self.statements.apply(&request.transaction) {
                Err(CommitError::Failed(error)) => return Err(error),
                result => results.push(result),
            }
        }
        // Here is the sync: SQLite writes the group to the log and syncs it.
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(results)
    }

    fn idle(&mut self) {
        if self.dirty && !self.is_stopped() {
            let moved = self.checkpoint.when_idle();
            self.note(moved);
        }
        self.dirty = false;
    }

    /// Looks for commits of other processes.
    fn poll(&mut self) {
        if self.watchers.is_empty() || self.polled.elapsed() < POLL {
            return;
        }
        self.polled = Instant::now();
        if let Ok(version) = data_version(self.connection)
            && version != self.seen
        {
            self.seen = version;
            self.watchers.tell_all();
        }
    }

    /// A failure beside the commits: no answer depends on it, but a failed sync stops the store.
    fn note(&mut self, result: Result<(), Error>) {
        match result {
            Ok(()) => {}
            Err(Error::Full) => tracing::warn!("no space to move the log into the file"),
            Err(error) => {
                tracing::error!(%error, "the log could not be moved; the store writes no more");
                self.stopped.store(true, Ordering::Release);
            }
        }
    }
}

fn data_version(connection: &Connection) -> Result<i64, Error> {
    let mut statement = connection.prepare_cached("PRAGMA data_version")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

fn answer_all(group: Vec<Request>, error: &Error) {
    for request in group {
        request.answer(Err(CommitError::Failed(error.clone())));
    }
}
