//! Pages of the rows' file, as its log has left them.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::log::{self, LogState};
use crate::Error;
use crate::sqlite::schema::PAGE_SIZE;

/// The sizes of a page that the format allows.
const SIZES: std::ops::RangeInclusive<usize> = 512..=65536;

/// A file and the pages that its log has.
pub(super) struct Pages {
    file: File,
    log: Option<File>,
    /// Where in the log the newest version of a page begins.
    newer: HashMap<u32, u64>,
    size: usize,
    /// Bytes of a page that hold data.
    pub(super) usable: usize,
    pub(super) count: u32,
    pub(super) state: LogState,
}

impl Pages {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path)?;
        let log = log::read(path)?;
        let mut head = [0; 100];
        // A file that is too short leaves zeros.
        let _ = file.read_at(&mut head, 0)?;
        let size = size_of(&head).or(log.page_size).unwrap_or(PAGE_SIZE as usize);
        let newer = if log.page_size == Some(size) { log.pages } else { HashMap::new() };
        let in_file = file.metadata()?.len().div_ceil(size as u64);
        let last = newer.keys().max().copied().unwrap_or(0);
        let count = u32::try_from(in_file).unwrap_or(u32::MAX - 1).max(last);
        // A file of ours keeps no bytes of a page for others.
        let usable = size;
        Ok(Self { file, log: log.file, newer, size, usable, count, state: log.state })
    }

    /// A page; `None` where none is, or not a whole one.
    pub(super) fn read(&self, number: u32) -> Result<Option<Vec<u8>>, Error> {
        if number == 0 || number > self.count {
            return Ok(None);
        }
        let mut page = vec![0; self.size];
        let (file, at) = match (self.newer.get(&number), &self.log) {
            (Some(at), Some(log)) => (log, *at),
            _ => (&self.file, u64::from(number - 1) * self.size as u64),
        };
        let read = file.read_at(&mut page, at)?;
        Ok((read == self.size).then_some(page))
    }
}

/// The size of a page that a file's header names.
fn size_of(head: &[u8; 100]) -> Option<usize> {
    let size = match be_u16(head, 16) {
        1 => 65536,
        size => usize::from(size),
    };
    (head.starts_with(b"SQLite format 3\0") && size.is_power_of_two() && SIZES.contains(&size))
        .then_some(size)
}

/// Two bytes as a number; 0 beyond the end.
pub(super) fn be_u16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |two| u16::from_be_bytes(*two))
}

/// Four bytes as a number; 0 beyond the end.
pub(super) fn be_u32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| u32::from_be_bytes(*four))
}
