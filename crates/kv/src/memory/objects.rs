//! Objects in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Error, ObjectData, ObjectInfo, ObjectName, ObjectPage, ObjectReader, Objects};

#[derive(Default)]
pub(super) struct MemoryObjects {
    objects: Mutex<BTreeMap<ObjectName, (Bytes, SystemTime)>>,
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn put(&self, name: &ObjectName, data: ObjectData) -> Result<(), Error> {
        let (bytes, file) = match data {
            ObjectData::Bytes(bytes) => (bytes, None),
            ObjectData::File(path) => (Bytes::from(std::fs::read(&path)?), Some(path)),
        };
        if ObjectName::of(&bytes) != *name {
            return Err(Error::Invalid("the data does not have the object's name"));
        }
        self.lock().insert(*name, (bytes, SystemTime::now()));
        Ok(file.map_or(Ok(()), std::fs::remove_file)?)
    }

    async fn open(&self, name: &ObjectName) -> Result<Box<dyn ObjectReader>, Error> {
        Ok(Box::new(MemoryReader(self.read(name).await?)))
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, Error> {
        self.lock().get(name).map(|(bytes, _)| bytes.clone()).ok_or(Error::NotFound)
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), Error> {
        self.lock().remove(name);
        Ok(())
    }

    async fn list(&self, after: Option<&ObjectName>, limit: usize) -> Result<ObjectPage, Error> {
        if limit == 0 {
            return Err(Error::Invalid("a listing of no objects"));
        }
        let objects = self.lock();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut behind = objects.range((start, Bound::Unbounded));
        let listed = behind.by_ref().take(limit).map(|(name, (bytes, put_at))| ObjectInfo {
            name: *name,
            len: bytes.len() as u64,
            put_at: *put_at,
        });
        Ok(ObjectPage { objects: listed.collect(), more: behind.next().is_some() })
    }

    fn staging(&self) -> Option<&Path> {
        None
    }
}

impl MemoryObjects {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ObjectName, (Bytes, SystemTime)>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct MemoryReader(Bytes);

#[async_trait]
impl ObjectReader for MemoryReader {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes, Error> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        Ok(self.0.slice(start..start.saturating_add(len).min(self.0.len())))
    }
}
