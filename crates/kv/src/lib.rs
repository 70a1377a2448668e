//! Ordered bytes with snapshots and atomic durable commits, and blobs; the storage engines.
//!
//! - [`engine`](Engine): what every engine offers: snapshots, commits, hints, objects.
//! - [`transaction`](Transaction): a commit as data, with expectations and counters.
//! - [`object`](Objects): immutable objects for what is too long for a value.
//! - [`watch`](Watcher): hints that something changed.
//! - [`error`](Error): what can go wrong, by what to do about it.
//! - [`memory`](MemoryEngine): the model.
//! - [`sqlite`](SqliteEngine): the engine for one machine.
//! - [`fault`]: an engine that fails, waits or ends on command.
//! - [`contract`]: what every engine must do, as a suite of tests.
//!
//! This crate knows nothing of mail, and nothing outside it knows which engine is at work.
//!
//! ```
//! use peregrine_kv::{Engine, Hint, MemoryEngine, Range, Template, Transaction};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = MemoryEngine::new();
//! let mut watcher = engine.watch(&["list".into()]);
//! let before = engine.snapshot().await?;
//!
//! let mut transaction = Transaction::new();
//! let number = transaction.bump("list/next", 1);
//! transaction.put(Template::from("list/row/").bumped(number), "first").topic("list");
//! assert_eq!(engine.commit(transaction).await?.bumped, [1]);
//!
//! assert_eq!(watcher.changed().await, Some(Hint::Topics(vec!["list".into()])));
//! let now = engine.snapshot().await?;
//! assert_eq!(now.scan(Range::prefix("list/row/"), 10).await?.rows.len(), 1);
//! assert_eq!(before.scan(Range::all(), 10).await?.rows.len(), 0);
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

pub mod contract;
mod engine;
mod error;
pub mod fault;
mod memory;
mod object;
mod sqlite;
mod transaction;
mod watch;

pub use engine::{
    Committed, Engine, Key, MAX_KEY, MAX_TRANSACTION, MAX_VALUE, PAGE_BYTES, Page, Range, Snapshot,
    Survey, Value,
};
pub use error::{CommitError, Error};
pub use memory::MemoryEngine;
pub use object::{
    Checked, ObjectData, ObjectHasher, ObjectInfo, ObjectName, ObjectPage, ObjectReader, Objects,
};
pub use sqlite::{
    LogState, Rescued, Salvaged, SqliteEngine, SqliteOptions, SqliteReader, rescue, salvage,
};
pub use transaction::{BUMPED_LEN, Bumped, Expectation, Operation, Piece, Template, Transaction};
pub use watch::{Hint, Topic, Watcher};
