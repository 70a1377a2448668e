//! The write-ahead log: which commits in it count, and whether some that were durable do not.
//!
//! SQLite takes the log up to the first frame whose checksum is wrong: that is how a commit ends
//! that a power cut tore. A frame that rotted looks the same, and all behind it would be forgotten
//! without a word. But a commit begins only when the one before it is durable: so where two commits
//! stand behind the first wrong frame, or behind a wrong header, durable ones are lost.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::pages::be_u32;
use crate::Error;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// The first four bytes, but for the lowest bit, which tells the order of bytes in sums.
const MAGIC: u32 = 0x377f_0682;

/// Whether the log tells all that it once told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogState {
    /// As far as can be told. The last commit may have rotted unseen.
    #[default]
    Whole,
    /// Commits that were durable cannot be read.
    Damaged,
}

/// What the log holds.
#[derive(Default)]
pub(super) struct Log {
    pub(super) file: Option<File>,
    /// Where the newest version of each page begins.
    pub(super) pages: HashMap<u32, u64>,
    pub(super) page_size: Option<usize>,
    pub(super) state: LogState,
}

/// Reads the log of a file.
pub(super) fn read(rows: &Path) -> Result<Log, Error> {
    let mut path = rows.as_os_str().to_owned();
    path.push("-wal");
    let file = match File::open(Path::new(&path)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Log::default()),
        Err(error) => return Err(error.into()),
    };
    let mut header = [0; HEADER];
    if file.read_at(&mut header, 0)? < HEADER || header == [0; HEADER] {
        return Ok(Log::default());
    }
    let little = be_u32(&header, 0) == MAGIC;
    let size = be_u32(&header, 8) as usize;
    let sum = sum(little, (0, 0), &header[..24]);
    let right = (little || be_u32(&header, 0) == MAGIC | 1)
        && size.is_power_of_two()
        && (512..=65536).contains(&size)
        && sum == (be_u32(&header, 24), be_u32(&header, 28));
    if !right {
        return Ok(Log { state: LogState::Damaged, ..Log::default() });
    }
    let mut log = Log { page_size: Some(size), ..Log::default() };
    log.frames(&file, &header, little, sum)?;
    log.file = Some(file);
    Ok(log)
}

/// An error where durable commits of the log cannot be read. Nobody else may have the store open.
pub(in crate::sqlite) fn expect_whole(rows: &Path) -> Result<(), Error> {
    match read(rows)?.state {
        LogState::Whole => Ok(()),
        LogState::Damaged => Err(Error::corrupt("the write-ahead log: durable commits are lost")),
    }
}

impl Log {
    fn frames(
        &mut self,
        file: &File,
        header: &[u8; HEADER],
        little: bool,
        mut chain: (u32, u32),
    ) -> Result<(), Error> {
        let size = self.page_size.unwrap_or(512);
        let (mut head, mut page) = ([0; FRAME_HEADER], vec![0; size]);
        let mut at = HEADER as u64;
        let mut whole = true;
        let mut pending: Vec<(u32, u64)> = Vec::new();
        let mut commits_behind = 0;
        while file.read_at(&mut head, at)? == FRAME_HEADER {
            let data = at + FRAME_HEADER as u64;
            at = data + size as u64;
            // Behind the end of the log stand frames of the log before it.
            if head[8..16] != header[16..24] {
                whole = false;
                continue;
            }
            let commit = be_u32(&head, 4) != 0;
            if whole {
                whole = file.read_at(&mut page, data)? == size;
                chain = sum(little, sum(little, chain, &head[..8]), &page);
                whole &= chain == (be_u32(&head, 16), be_u32(&head, 20));
            }
            if !whole {
                commits_behind += u32::from(commit);
                continue;
            }
            pending.push((be_u32(&head, 0), data));
            if commit {
                self.pages.extend(pending.drain(..));
            }
        }
        if commits_behind >= 2 {
            self.state = LogState::Damaged;
        }
        Ok(())
    }
}

/// SQLite's checksum, carried on over more bytes: a multiple of eight.
fn sum(little: bool, (mut a, mut b): (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let word = |four: &[u8; 4]| match little {
        true => u32::from_le_bytes(*four),
        false => u32::from_be_bytes(*four),
    };
    for pair in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
        a = a.wrapping_add(word(&pair[0])).wrapping_add(b);
        b = b.wrapping_add(word(&pair[1])).wrapping_add(a);
    }
    (a, b)
}
