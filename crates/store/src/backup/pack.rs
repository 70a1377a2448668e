//! Files of bodies: one behind the other, each named by its hash in the lists.

use super::list::{Backups, Listed, Place};
use super::{BackupError, file};
use bytes::Bytes;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

const HEADER: &[u8] = b"peregrine bodies 1\n";

/// A file of bodies that is being written.
pub(super) struct Packer {
    out: BufWriter<File>,
    temporary: PathBuf,
    number: u32,
    offset: u64,
}

impl Packer {
    pub(super) fn begin(backups: &Backups, number: u32) -> Result<Self, BackupError> {
        let temporary = backups.pack_path(number).with_extension("bodies.tmp");
        let mut out = BufWriter::new(super::create(&temporary).map_err(file(&temporary))?);
        out.write_all(HEADER).map_err(file(&temporary))?;
        Ok(Self { out, temporary, number, offset: HEADER.len() as u64 })
    }

    pub(super) fn add(&mut self, octets: &[u8]) -> Result<Place, BackupError> {
        self.out.write_all(octets).map_err(file(&self.temporary))?;
        let place = Place { pack: self.number, offset: self.offset, length: octets.len() as u64 };
        self.offset += place.length;
        Ok(place)
    }

    /// Octets of bodies in it.
    pub(super) fn octets(&self) -> u64 {
        self.offset - HEADER.len() as u64
    }

    /// Makes it durable under its name.
    pub(super) fn finish(self, backups: &Backups) -> Result<(), BackupError> {
        let path = backups.pack_path(self.number);
        let out = self.out.into_inner().map_err(|error| file(&path)(error.into_error()))?;
        out.sync_all().map_err(file(&self.temporary))?;
        fs::rename(&self.temporary, &path).map_err(file(&path))?;
        // Before the list that names it.
        let folder = backups.folder();
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(file(folder))
    }
}

/// Reads bodies.
pub(super) struct Unpacker<'b> {
    backups: &'b Backups,
    open: HashMap<u32, File>,
}

impl<'b> Unpacker<'b> {
    pub(super) fn new(backups: &'b Backups) -> Self {
        Self { backups, open: HashMap::new() }
    }

    /// The octets of a body, held against their hash.
    pub(super) fn read(&mut self, body: &Listed) -> Result<Bytes, BackupError> {
        let path = self.backups.pack_path(body.place.pack);
        let damaged =
            || BackupError::Damaged { path: path.clone(), what: "a body is not what was written" };
        let pack = match self.open.entry(body.place.pack) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => place.insert(File::open(&path).map_err(file(&path))?),
        };
        // What the list says is believed no further than the file goes: memory is taken for it.
        let end = body.place.offset.checked_add(body.place.length);
        let there = pack.metadata().map_err(file(&path))?.len();
        end.filter(|end| *end <= there).ok_or_else(damaged)?;
        let length = usize::try_from(body.place.length).map_err(|_| damaged())?;
        let mut octets = vec![0; length];
        match pack.read_exact_at(&mut octets, body.place.offset) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(damaged());
            }
            other => other.map_err(file(&path))?,
        }
        if *blake3::hash(&octets).as_bytes() != body.hash {
            return Err(damaged());
        }
        Ok(octets.into())
    }
}
