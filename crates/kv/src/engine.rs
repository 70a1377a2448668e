//! What every engine offers: snapshots to read from, commits to write with, hints to wait for.

use async_trait::async_trait;
use bytes::Bytes;

use crate::{CommitError, Error, Objects, Topic, Transaction, Watcher};

/// A key: at most [`MAX_KEY`] bytes, ordered bytewise.
pub type Key = Bytes;
/// A value: at most [`MAX_VALUE`] bytes.
pub type Value = Bytes;

/// Longest key, in bytes: its length fits one byte, and several keys fit every page of an index.
pub const MAX_KEY: usize = 255;
/// Longest value, in bytes; longer data is an object, so that no row needs streaming.
pub const MAX_VALUE: usize = 64 * 1024;
/// Most bytes in one transaction, so that one caller cannot hold up all others for long.
pub const MAX_TRANSACTION: usize = 64 * 1024 * 1024;
/// A page of a scan ends with the row that reaches this many bytes, so that memory stays bounded.
pub const PAGE_BYTES: usize = 1024 * 1024;

/// Ordered keys with values, and immutable objects beside them.
///
/// Other processes may have the same store open, so nothing may be concluded from what this
/// process did not do.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// A consistent view of all that is committed now. Hold it for seconds, not minutes: it keeps
    /// old data alive. Hold one at a time in a task: they may be limited in number, and then this
    /// waits for another to be dropped.
    ///
    /// # Errors
    /// [`Error::Stopped`] after [`close`](Self::close), or what the engine says.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error>;

    /// Does all of a transaction or nothing. It is durable when this returns, and not visible to
    /// any snapshot before that. If the future is dropped, the transaction may be committed or not.
    ///
    /// # Errors
    /// [`CommitError::Expectation`] with the first expectation that does not hold, or
    /// [`CommitError::Failed`].
    async fn commit(&self, transaction: Transaction) -> Result<Committed, CommitError>;

    /// Hints that something changed under any of these topics, from now on, by this process or
    /// another. Watch first, then read: so no change falls between.
    fn watch(&self, topics: &[Topic]) -> Watcher;

    /// Immutable objects (large bodies).
    fn objects(&self) -> &dyn Objects;

    /// What is wrong with the form in which the engine keeps its rows, in its own words: nothing,
    /// where it can tell. Reads everything; values are checked by [`Snapshot::survey`].
    ///
    /// # Errors
    /// Those of reading, where they do not say what is damaged.
    async fn check(&self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// Ends orderly: finishes what was handed in, leaves the store tidy. Later commits and new
    /// snapshots answer [`Error::Stopped`]; watchers end.
    async fn close(&self);
}

/// A read view that later commits do not change.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a key that cannot be, [`Error::Corrupt`] for damaged values.
    async fn get(&self, key: &[u8]) -> Result<Option<Value>, Error>;

    /// The values of many keys, in the order of asking.
    ///
    /// # Errors
    /// As for [`get`](Self::get); one damaged value fails the whole.
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Value>>, Error>;

    /// One page of a range: at most `limit` rows and about [`PAGE_BYTES`], at least one row if
    /// there is any. Go on with [`Range::after`] while [`Page::more`].
    ///
    /// # Errors
    /// [`Error::Invalid`] for a limit of 0, [`Error::Corrupt`] for damaged values.
    async fn scan(&self, range: Range, limit: usize) -> Result<Page, Error>;

    /// As [`scan`](Self::scan), but damage does not end it: a value that is not what was written
    /// is an error in its row, and what cannot be gone through is told behind the rows before it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a limit of 0.
    async fn survey(&self, range: Range, limit: usize) -> Result<Survey, Error> {
        let page = self.scan(range, limit).await?;
        let rows = page.rows.into_iter().map(|(key, value)| (key, Ok(value))).collect();
        Ok(Survey { rows, more: page.more, broken: None })
    }
}

/// Keys from `start` (included) to `end` (excluded), in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The smallest key that may be in it.
    pub start: Key,
    /// The first key behind it; `None` when nothing bounds it.
    pub end: Option<Key>,
    /// Whether rows come from the largest key to the smallest.
    pub reverse: bool,
}

impl Range {
    /// Keys from `start` to before `end`; empty when `end` is not behind `start`.
    pub fn new(start: impl Into<Key>, end: impl Into<Key>) -> Self {
        Self { start: start.into(), end: Some(end.into()), reverse: false }
    }

    /// Every key.
    #[must_use]
    pub fn all() -> Self {
        Self { start: Key::new(), end: None, reverse: false }
    }

    /// Keys that begin with `prefix`.
    ///
    /// ```
    /// use peregrine_kv::Range;
    ///
    /// assert_eq!(Range::prefix("ab"), Range::new("ab", "ac"));
    /// assert_eq!(Range::prefix(&b"a\xff"[..]), Range::new(&b"a\xff"[..], "b"));
    /// assert_eq!(Range::prefix(&b"\xff"[..]).end, None);
    /// ```
    pub fn prefix(prefix: impl Into<Key>) -> Self {
        let start = prefix.into();
        let end = start.iter().rposition(|&byte| byte != u8::MAX).map(|last| {
            let mut end = start[..=last].to_vec();
            end[last] += 1;
            Key::from(end)
        });
        Self { start, end, reverse: false }
    }

    /// The same keys, from the largest to the smallest.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// Whether a key is in it.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        *key >= *self.start && self.end.as_ref().is_none_or(|end| *key < **end)
    }

    /// What is left of the range behind `last`, in its direction.
    #[must_use]
    pub fn after(mut self, last: &[u8]) -> Self {
        if self.reverse {
            self.end = Some(Key::copy_from_slice(last));
        } else {
            self.start = [last, &[0]].concat().into();
        }
        self
    }
}

/// Some rows of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys and values, in the range's direction.
    pub rows: Vec<(Key, Value)>,
    /// Whether the range may have more rows behind the last one.
    pub more: bool,
}

/// Some rows of a range that may be damaged.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Keys and values, in the range's direction; an error where a value is not what was written.
    pub rows: Vec<(Key, Result<Value, Error>)>,
    /// Whether the range may have more rows behind the last one.
    pub more: bool,
    /// Why there is no way to the rows behind the last one, from this side.
    pub broken: Option<Error>,
}

/// What a commit answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The new value of each bumped counter, in the order of the bumps.
    pub bumped: Vec<u64>,
}
