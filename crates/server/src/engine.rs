//! The one place that names a storage engine.

use crate::Error;
use peregrine_kv::{Engine, SqliteEngine, SqliteOptions, SqliteReader};
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
