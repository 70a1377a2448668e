//! Immutable objects named by the hash of what is in them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Error;

/// The BLAKE3 hash of an object's bytes, which is its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(pub [u8; 32]);

impl ObjectName {
    /// The name of an object with these bytes.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self(*blake3::hash(data).as_bytes())
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectName({self})")
    }
}

/// Where the bytes of a new object are.
#[derive(Clone, Debug)]
pub enum ObjectData {
    /// In memory.
    Bytes(Bytes),
    /// In a file that becomes the object: it is gone afterwards, also when the object was there
    /// before. On an error it stays. Best made in [`Objects::staging`]; elsewhere it is copied.
    File(PathBuf),
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its name.
    pub name: ObjectName,
    /// Its length in bytes.
    pub len: u64,
    /// When it was last put. A sweep of orphans spares the young ones, whose commit may be on
    /// its way (in another process, too).
    pub put_at: SystemTime,
}

/// Some objects of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectPage {
    /// In the order of their names.
    pub objects: Vec<ObjectInfo>,
    /// Whether there may be more behind the last one.
    pub more: bool,
}

/// The objects of an engine. Whoever deletes sees to it that no commit refers to the object, now
/// or soon: a `put` that finds the object there does not write it again.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Stores an object; durable when this returns. If it is there already, its bytes are checked
    /// against the name, and a damaged one is replaced.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the data does not have this name, [`Error::Full`], [`Error::Io`];
    /// nothing is stored then.
    async fn put(&self, name: &ObjectName, data: ObjectData) -> Result<(), Error>;

    /// Opens an object to read parts of it, which are **not** checked; [`Checked`] does that.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Io`].
    async fn open(&self, name: &ObjectName) -> Result<Box<dyn ObjectReader>, Error>;

    /// The whole object, checked against its name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Corrupt`], [`Error::Io`].
    async fn read(&self, name: &ObjectName) -> Result<Bytes, Error>;

    /// Deletes an object; no error if there is none. May come back after a power loss.
    ///
    /// # Errors
    /// [`Error::Io`].
    async fn delete(&self, name: &ObjectName) -> Result<(), Error>;

    /// At most `limit` objects behind `after`, in the order of their names.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a limit of 0, [`Error::Io`].
    async fn list(&self, after: Option<&ObjectName>, limit: usize) -> Result<ObjectPage, Error>;

    /// A folder for files that become objects, if the engine has one. What is left in it is
    /// removed when the store is next opened by nobody else.
    fn staging(&self) -> Option<&Path>;
}

/// An open object.
#[async_trait]
pub trait ObjectReader: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// Whether there is no byte in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most `len` bytes from `offset`; fewer only at the end of the object.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Corrupt`] if the object became shorter.
    async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes, Error>;

    /// As [`read_at`](Self::read_at), and hashes what was read, in the same place.
    ///
    /// # Errors
    /// As for [`read_at`](Self::read_at).
    async fn read_hashed(
        &self,
        offset: u64,
        len: usize,
        mut hasher: ObjectHasher,
    ) -> Result<(Bytes, ObjectHasher), Error> {
        let bytes = self.read_at(offset, len).await?;
        hasher.update(&bytes);
        Ok((bytes, hasher))
    }
}

/// Finds the name of bytes that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct ObjectHasher(Box<blake3::Hasher>);

impl ObjectHasher {
    /// Goes on with these bytes; quickest with whole powers of two, from 128 KiB on.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The name of all bytes so far.
    #[must_use]
    pub fn name(&self) -> ObjectName {
        ObjectName(*self.0.finalize().as_bytes())
    }
}

/// Reads an object from begin to end and checks it on the way: the last bytes are given only if
/// the whole has its name, so a damaged object is never taken for a whole one.
pub struct Checked {
    name: ObjectName,
    reader: Box<dyn ObjectReader>,
    /// `None` after a read that was given up.
    hasher: Option<ObjectHasher>,
    offset: u64,
}

impl Checked {
    /// Begins to read `reader`, which was opened by `name`.
    #[must_use]
    pub fn new(name: ObjectName, reader: Box<dyn ObjectReader>) -> Self {
        Self { name, reader, hasher: Some(ObjectHasher::default()), offset: 0 }
    }

    /// The next at most `len` bytes; `None` at the end. If the future is dropped, nothing more can
    /// be read.
    ///
    /// # Errors
    /// [`Error::Corrupt`] in place of the last bytes of a damaged object, [`Error::Io`].
    pub async fn next(&mut self, len: usize) -> Result<Option<Bytes>, Error> {
        let whole = self.reader.len();
        if self.offset > 0 && self.offset >= whole {
            return Ok(None);
        }
        let hasher = self.hasher.take().ok_or(Error::Invalid("a read after one was given up"))?;
        let (bytes, hasher) = self.reader.read_hashed(self.offset, len, hasher).await?;
        self.offset += bytes.len() as u64;
        let hasher = self.hasher.insert(hasher);
        if self.offset >= whole && hasher.name() != self.name {
            return Err(Error::corrupt(format!("object {}", self.name)));
        }
        Ok(if bytes.is_empty() { None } else { Some(bytes) })
    }
}
