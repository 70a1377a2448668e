//! Parts of an object, checked: its name only tells whether the whole is right.
//!
//! The first time that a part of an object is wanted, all of it is read and held against its name;
//! sums of its blocks are kept in memory. From then on each block that is read is held against its
//! own sum, so that what rots later is found too.

use super::PIECE;
use crate::Error;
use crate::limits::{SUM_BLOCK, SUMS_MEMORY};
use bytes::Bytes;
use peregrine_kv::{Checked, Engine, ObjectName, ObjectReader};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::ops::Range;
use std::sync::{Arc, LazyLock};
use xxhash_rust::xxh3::xxh3_64;

/// Sums of the blocks of an object.
type Sums = Arc<[u64]>;

/// Sums by name, of all stores of the process: a name stands for the same octets anywhere.
static KNOWN: LazyLock<Cache<ObjectName, Sums, Weight>> =
    LazyLock::new(|| Cache::with_weighter(OBJECTS, SUMS_MEMORY, Weight));

/// Objects that this is about, for the size of the table.
const OBJECTS: usize = 1024;

#[derive(Clone)]
struct Weight;

impl Weighter<ObjectName, Sums> for Weight {
    fn weight(&self, _: &ObjectName, sums: &Sums) -> u64 {
        64 + 8 * sums.len() as u64
    }
}

/// An open object whose sums are known.
pub(super) struct Summed {
    name: ObjectName,
    reader: Box<dyn ObjectReader>,
    sums: Sums,
}

impl Summed {
    /// Opens an object; reads all of it, unless that was done lately.
    pub(super) async fn open(engine: &dyn Engine, name: ObjectName) -> Result<Self, Error> {
        let reader = engine.objects().open(&name).await?;
        let sums = match KNOWN.get(&name) {
            Some(sums) => sums,
            None => {
                let sums = read(name, engine.objects().open(&name).await?).await?;
                KNOWN.insert(name, Arc::clone(&sums));
                sums
            }
        };
        Ok(Self { name, reader, sums })
    }

    /// Octets of the object.
    pub(super) fn len(&self) -> u64 {
        self.reader.len()
    }

    /// These octets, which lie in the object.
    pub(super) async fn read(&self, wanted: Range<u64>) -> Result<Bytes, Error> {
        let block = SUM_BLOCK as u64;
        let first = wanted.start / block;
        let end = wanted.end.div_ceil(block) * block;
        let octets = self.reader.read_at(first * block, (end - first * block) as usize).await?;
        let sums = self.sums.get(first as usize..).unwrap_or_default();
        let blocks = octets.chunks(SUM_BLOCK);
        let right = blocks.len() <= sums.len()
            && blocks.zip(sums).all(|(octets, sum)| xxh3_64(octets) == *sum);
        let start = (wanted.start - first * block) as usize;
        let length = (wanted.end - wanted.start) as usize;
        if !right || octets.len() < start + length {
            KNOWN.remove(&self.name);
            return Err(Error::corrupt(format!("object {} has changed", self.name)));
        }
        Ok(octets.slice(start..start + length))
    }
}

/// The sums of an object that is what its name says.
async fn read(name: ObjectName, reader: Box<dyn ObjectReader>) -> Result<Sums, Error> {
    let mut sums = Vec::with_capacity(reader.len().div_ceil(SUM_BLOCK as u64) as usize);
    let mut checked = Checked::new(name, reader);
    while let Some(piece) = checked.next(PIECE).await? {
        sums.extend(piece.chunks(SUM_BLOCK).map(xxh3_64));
    }
    Ok(sums.into())
}
