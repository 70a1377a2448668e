//! Objects as files: `objects/ab/cdef…`, made under `temp` and renamed when they are whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use super::blocking;
use crate::{
    Error, ObjectData, ObjectHasher, ObjectInfo, ObjectName, ObjectPage, ObjectReader, Objects,
};

/// Bytes read at a time when a file is hashed.
const CHUNK: usize = 256 * 1024;

/// The objects under one folder.
#[derive(Clone)]
pub(super) struct FileObjects(Arc<Folders>);

struct Folders {
    objects: PathBuf,
    temp: PathBuf,
    /// Whose entry in `objects` is durable, by the first byte of the name.
    known: [AtomicBool; 256],
    /// Set by a failed sync of what is there for good: the kernel may have dropped what it could
    /// not write, and the next sync would succeed all the same. Nothing is written from then on.
    stopped: Arc<AtomicBool>,
    /// Held shared, so that nobody sweeps `temp` while we use it.
    _lock: Option<File>,
}

impl FileObjects {
    /// Makes the folders where they are missing. If no other process uses them, what `alone` looks
    /// at must be right, and `temp` is swept.
    pub(super) fn open(
        folder: &Path,
        stopped: Arc<AtomicBool>,
        alone: impl FnOnce() -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let (objects, temp) = (folder.join("objects"), folder.join("temp"));
        fs::create_dir_all(&objects)?;
        fs::create_dir_all(&temp)?;
        let lock = File::create(folder.join("temp.lock"))?;
        match lock.try_lock() {
            Ok(()) => {
                alone()?;
                for entry in fs::read_dir(&temp)? {
                    fs::remove_file(entry?.path())?;
                }
                lock.unlock()?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        lock.lock_shared()?;
        let known = std::array::from_fn(|_| AtomicBool::new(false));
        Ok(Self(Arc::new(Folders { objects, temp, known, stopped, _lock: Some(lock) })))
    }

    /// The folders as they are, to be read.
    pub(super) fn look(folder: &Path) -> Self {
        let (objects, temp) = (folder.join("objects"), folder.join("temp"));
        let known = std::array::from_fn(|_| AtomicBool::new(false));
        let stopped = Arc::default();
        Self(Arc::new(Folders { objects, temp, known, stopped, _lock: None }))
    }

    /// Runs on a thread that may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folders) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let folders = Arc::clone(&self.0);
        blocking(move || work(&folders)).await
    }
}

#[async_trait]
impl Objects for FileObjects {
    async fn put(&self, name: &ObjectName, data: ObjectData) -> Result<(), Error> {
        let name = *name;
        self.run(move |folders| folders.put(&name, &data)).await
    }

    async fn open(&self, name: &ObjectName) -> Result<Box<dyn ObjectReader>, Error> {
        let name = *name;
        self.run(move |folders| {
            let file = File::open(folders.path(&name))?;
            let len = file.metadata()?.len();
            let file = Arc::new(Mutex::new(file));
            Ok(Box::new(FileReader { name, file, len }) as Box<dyn ObjectReader>)
        })
        .await
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, Error> {
        let name = *name;
        self.run(move |folders| {
            let data = fs::read(folders.path(&name))?;
            if ObjectName::of(&data) != name {
                return Err(Error::corrupt(format!("object {name}")));
            }
            Ok(data.into())
        })
        .await
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), Error> {
        let name = *name;
        self.run(move |folders| absent_is_fine(fs::remove_file(folders.path(&name)))).await
    }

    async fn list(&self, after: Option<&ObjectName>, limit: usize) -> Result<ObjectPage, Error> {
        if limit == 0 {
            return Err(Error::Invalid("a listing of no objects"));
        }
        let after = after.copied();
        self.run(move |folders| folders.list(after, limit)).await
    }

    fn staging(&self) -> Option<&Path> {
        Some(&self.0.temp)
    }
}

impl Folders {
    fn path(&self, name: &ObjectName) -> PathBuf {
        let hex = name.to_string();
        let (folder, rest) = hex.split_at(2);
        self.objects.join(folder).join(rest)
    }

    fn put(&self, name: &ObjectName, data: &ObjectData) -> Result<(), Error> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(Error::Stopped);
        }
        let path = self.path(name);
        let parent = path.parent().ok_or(Error::Invalid("an object without a folder"))?;
        // By hash, not by length: a torn file may have the right length.
        let there = match File::open(&path) {
            Ok(file) => name_of(&file)? == *name,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error.into()),
        };
        if there {
            check(name, data)?;
            // Whoever made it may not have synced it yet. The time tells sweeps that it is wanted.
            let object = File::open(&path)?;
            object.set_modified(SystemTime::now())?;
            self.sync(&object)?;
            if let ObjectData::File(path) = data {
                fs::remove_file(path)?;
            }
        } else {
            let file = self.stage(name, data)?;
            absent_made(fs::create_dir(parent))?;
            fs::rename(file, &path)?;
        }
        self.sync(&File::open(parent)?)?;
        // Once is enough for the folder's own entry, whoever made it.
        let known = &self.known[usize::from(name.0[0])];
        if !known.load(Ordering::Acquire) {
            self.sync(&File::open(&self.objects)?)?;
            known.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Syncs what a later sync could not make up for.
    fn sync(&self, file: &File) -> Result<(), Error> {
        file.sync_all().map_err(|error| {
            tracing::error!(%error, "objects cannot be synced; the store writes no more");
            self.stopped.store(true, Ordering::Release);
            error.into()
        })
    }

    /// The object as a whole and synced file under `temp`. A copy that cannot be synced is thrown
    /// away, so nothing depends on it.
    fn stage(&self, name: &ObjectName, data: &ObjectData) -> Result<PathBuf, Error> {
        check(name, data)?;
        let path = match data {
            ObjectData::Bytes(bytes) => {
                let mut file = tempfile::NamedTempFile::new_in(&self.temp)?;
                file.write_all(bytes)?;
                file.as_file().sync_all()?;
                return kept(file);
            }
            ObjectData::File(path) => path,
        };
        let mut file = File::open(path)?;
        if path.parent() == Some(&self.temp) {
            self.sync(&file)?;
            return Ok(path.clone());
        }
        let mut copy = tempfile::NamedTempFile::new_in(&self.temp)?;
        io::copy(&mut file, &mut copy)?;
        copy.as_file().sync_all()?;
        fs::remove_file(path)?;
        kept(copy)
    }

    fn list(&self, after: Option<ObjectName>, limit: usize) -> Result<ObjectPage, Error> {
        let mut page = ObjectPage::default();
        let first = after.map_or(0, |name| name.0[0]);
        for folder in first..=u8::MAX {
            let mut names = Vec::new();
            let entries = match fs::read_dir(self.objects.join(format!("{folder:02x}"))) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name().to_str().and_then(|rest| parse(folder, rest));
                names.extend(name.filter(|name| after.is_none_or(|a| *name > a)));
            }
            names.sort_unstable();
            for name in names {
                if page.objects.len() == limit {
                    page.more = true;
                    return Ok(page);
                }
                // One that was deleted meanwhile is none.
                let Ok(metadata) = fs::metadata(self.path(&name)) else { continue };
                let (len, put_at) = (metadata.len(), metadata.modified()?);
                page.objects.push(ObjectInfo { name, len, put_at });
            }
        }
        Ok(page)
    }
}

/// An open file.
struct FileReader {
    name: ObjectName,
    /// Locked for one seek and one read.
    file: Arc<Mutex<File>>,
    len: u64,
}

impl FileReader {
    /// What reads a part, on a thread that may wait.
    fn part(
        &self,
        offset: u64,
        len: usize,
    ) -> impl FnOnce() -> Result<Vec<u8>, Error> + Send + 'static {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (file, name, len) = (Arc::clone(&self.file), self.name, len.min(left));
        move || {
            // Not zeroed first, as `read_exact_at` would need it.
            let mut data = Vec::with_capacity(len);
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset))?;
            (&*file).take(len as u64).read_to_end(&mut data)?;
            if data.len() < len {
                return Err(Error::corrupt(format!("object {name} is cut")));
            }
            Ok(data)
        }
    }
}

#[async_trait]
impl ObjectReader for FileReader {
    fn len(&self) -> u64 {
        self.len
    }

    async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes, Error> {
        let part = self.part(offset, len);
        blocking(move || Ok(part()?.into())).await
    }

    async fn read_hashed(
        &self,
        offset: u64,
        len: usize,
        mut hasher: ObjectHasher,
    ) -> Result<(Bytes, ObjectHasher), Error> {
        let part = self.part(offset, len);
        blocking(move || {
            let data = part()?;
            hasher.update(&data);
            Ok((data.into(), hasher))
        })
        .await
    }
}

/// Whether the data has the name.
fn check(name: &ObjectName, data: &ObjectData) -> Result<(), Error> {
    let found = match data {
        ObjectData::Bytes(bytes) => ObjectName::of(bytes),
        ObjectData::File(path) => name_of(&File::open(path)?)?,
    };
    if found == *name {
        Ok(())
    } else {
        Err(Error::Invalid("the data does not have the object's name"))
    }
}

/// The name of what is in a file, from where it stands.
fn name_of(mut file: &File) -> Result<ObjectName, Error> {
    let mut hasher = ObjectHasher::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hasher.name()),
            Ok(read) => hasher.update(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
    }
}

fn parse(folder: u8, rest: &str) -> Option<ObjectName> {
    let mut name = [folder; 32];
    if rest.len() != 62 || !rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, at) in name[1..].iter_mut().zip((0..62).step_by(2)) {
        *byte = u8::from_str_radix(&rest[at..at + 2], 16).ok()?;
    }
    Some(ObjectName(name))
}

fn kept(file: tempfile::NamedTempFile) -> Result<PathBuf, Error> {
    let (_, path) = file.keep().map_err(|error| error.error)?;
    Ok(path)
}

fn absent_made(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => Ok(other?),
    }
}

fn absent_is_fine(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => Ok(other?),
    }
}
