//! A store that is only looked at, also beside the process that it belongs to.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::objects::FileObjects;
use super::reader::{self, Readers};
use super::{ROWS, blocking, schema};
use crate::watch::Registry;
use crate::{
    CommitError, Committed, Engine, Error, Objects, Snapshot, Topic, Transaction, Watcher,
};

/// A [`SqliteEngine`](super::SqliteEngine)'s folder, for reading alone: nothing is made, swept,
/// moved or written, but for the index that SQLite keeps of its log.
pub struct SqliteReader {
    readers: Arc<Readers>,
    objects: FileObjects,
    watchers: Arc<Registry>,
}

impl SqliteReader {
    /// Opens what is there.
    ///
    /// # Errors
    /// [`Error::NotFound`] where no store is, [`Error::Corrupt`] where the file is none of this
    /// version, or too damaged to be opened.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let folder = folder.to_path_buf();
        blocking(move || {
            let file = folder.join(ROWS);
            std::fs::metadata(&file)?;
            schema::expect_ours(&schema::open_reader(&file)?)?;
            Ok(Self {
                readers: Arc::new(Readers::new(file)),
                objects: FileObjects::look(&folder),
                watchers: Arc::default(),
            })
        })
        .await
    }
}

#[async_trait]
impl Engine for SqliteReader {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error> {
        reader::snapshot(&self.readers).await
    }

    /// Always refused.
    async fn commit(&self, _: Transaction) -> Result<Committed, CommitError> {
        Err(Error::Invalid("the store was opened for reading").into())
    }

    /// Never says anything.
    fn watch(&self, topics: &[Topic]) -> Watcher {
        self.watchers.watch(topics).0
    }

    /// To be read; who puts or deletes changes the store.
    fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    async fn check(&self) -> Result<Vec<String>, Error> {
        let readers = Arc::clone(&self.readers);
        blocking(move || reader::check(readers.file())).await
    }

    async fn close(&self) {
        self.watchers.close();
        self.readers.close();
    }
}
