//! The one place that names a storage engine.

use crate::Error;
use peregrine_kv::{Engine, LogState, Salvaged, SqliteEngine, SqliteOptions, SqliteReader};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Opens the storage engine whose files lie in `folder`, or makes them there.
///
/// # Errors
/// [`Error::Engine`] where the folder cannot be used or holds something else.
pub async fn open(folder: &Path) -> Result<Arc<dyn Engine>, Error> {
    let opened = SqliteEngine::open(folder, SqliteOptions::default()).await;
    let engine = opened
        .map_err(|error| Error::Engine { folder: folder.to_owned(), source: Box::new(error) })?;
    Ok(Arc::new(engine))
}

/// What could be read of a damaged store, in a new one.
pub struct Copied {
    /// The new one.
    pub engine: Arc<dyn Engine>,
    /// What could not be read of the rows' file, in words.
    pub damage: Vec<String>,
    /// While this lives, nobody else uses the damaged one.
    pub lock: File,
}

/// Copies what can be read of the store in `old`, which nobody may use, into a new one.
///
/// # Errors
/// [`Error::Engine`] where it is in use, or no store.
pub async fn rescue(old: &Path, new: &Path) -> Result<Copied, Error> {
    let rescued = peregrine_kv::rescue(old, new)
        .await
        .map_err(|error| Error::Engine { folder: old.to_owned(), source: Box::new(error) })?;
    let damage = file_damage(&rescued.salvaged);
    Ok(Copied { engine: Arc::new(rescued.engine), damage, lock: rescued.lock })
}

/// Opens what lies in `folder` to be read alone, also while a server runs on it.
///
/// # Errors
/// [`Error::Engine`] where no store is, or one that cannot be opened at all.
pub async fn look(folder: &Path) -> Result<Arc<dyn Engine>, Error> {
    let opened = SqliteReader::open(folder).await;
    let engine = opened
        .map_err(|error| Error::Engine { folder: folder.to_owned(), source: Box::new(error) })?;
    Ok(Arc::new(engine))
}

fn file_damage(salvaged: &Salvaged) -> Vec<String> {
    let mut file = Vec::new();
    if salvaged.unreadable > 0 {
        let pages = salvaged.unreadable;
        file.push(format!("{pages} pages or rows of the file could not be understood"));
    }
    if !salvaged.lost.is_empty() {
        file.push(format!("{} rows are not what was written", salvaged.lost.len()));
    }
    if salvaged.log == LogState::Damaged {
        file.push("changes that stood in the write-ahead log are lost".to_owned());
    }
    file
}
