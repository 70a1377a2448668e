//! A store beside a damaged one, with all that can be read of it.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use tokio::sync::mpsc;

use super::salvage::{Salvaged, salvage};
use super::{SqliteEngine, SqliteOptions, blocking};
use crate::{CommitError, Engine, Error, Key, Transaction, Value};

/// Rows of one commit.
const ROWS: usize = 4096;
/// Octets of values of one commit.
const OCTETS: usize = 4 * 1024 * 1024;

/// A new store with the rows and objects of an old one.
pub struct Rescued {
    /// The new store.
    pub engine: SqliteEngine,
    /// What was found in the old one.
    pub salvaged: Salvaged,
    /// While this lives, nobody else uses the old one.
    pub lock: File,
}

/// Makes a store in the folder `new`, on the same file system as `old`, with every row of `old` that
/// is what was written, and all its objects, whose files both share. Nothing is changed in `old`.
///
/// # Errors
/// [`Error::Invalid`] where somebody uses `old`, [`Error::NotFound`] where it is no store,
/// [`Error::Io`], [`Error::Full`].
pub async fn rescue(old: &Path, new: &Path) -> Result<Rescued, Error> {
    let (from, to) = (old.to_owned(), new.to_owned());
    let lock = blocking(move || {
        fs::metadata(from.join(super::ROWS))?;
        let lock = File::create(from.join("temp.lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Invalid("the store is in use")),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        super::private_folder(&to)?;
        share_objects(&from.join("objects"), &to.join("objects"))?;
        Ok(lock)
    })
    .await?;
    let engine = SqliteEngine::open(new, SqliteOptions::default()).await?;
    let (send, mut batches) = mpsc::channel::<Vec<(Key, Value)>>(2);
    let from = old.to_owned();
    let reading = tokio::spawn(blocking(move || {
        let (mut batch, mut octets) = (Vec::new(), 0);
        let pass_on = |batch: Vec<(Key, Value)>| {
            send.blocking_send(batch).map_err(|_| Error::Invalid("the copy has ended"))
        };
        let salvaged = salvage(&from, &mut |key, value| {
            octets += value.len();
            batch.push((key, value));
            if batch.len() >= ROWS || octets >= OCTETS {
                octets = 0;
                pass_on(std::mem::take(&mut batch))?;
            }
            Ok(())
        })?;
        pass_on(batch)?;
        Ok(salvaged)
    }));
    while let Some(batch) = batches.recv().await {
        let mut transaction = Transaction::new();
        for (key, value) in batch {
            transaction.put(key, value);
        }
        engine.commit(transaction).await.map_err(|error| match error {
            CommitError::Failed(error) => error,
            CommitError::Expectation(_) => Error::Invalid("a put expects nothing"),
        })?;
    }
    let salvaged = reading.await.map_err(|error| Error::Engine(error.to_string()))??;
    Ok(Rescued { engine, salvaged, lock })
}

/// Gives each object a second name in another folder.
fn share_objects(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to)?;
    let folders = match fs::read_dir(from) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        folders => folders?,
    };
    for folder in folders {
        let folder = folder?;
        if !folder.file_type()?.is_dir() {
            continue;
        }
        let target = to.join(folder.file_name());
        fs::create_dir_all(&target)?;
        for object in fs::read_dir(folder.path())? {
            let object = object?;
            fs::hard_link(object.path(), target.join(object.file_name()))?;
        }
        File::open(&target)?.sync_all()?;
    }
    Ok(File::open(to)?.sync_all()?)
}
