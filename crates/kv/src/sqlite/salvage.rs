//! Rows out of a file that SQLite itself cannot go through any more.
//!
//! Every row has a checksum that depends on its key, so a row that is found anywhere is either the
//! one that was written or none. The tree is followed as far as it leads; where it is broken, all
//! other pages are looked at too, but for those that the file names as free, since those hold rows
//! of the past. <https://www.sqlite.org/fileformat2.html> tells the form of pages and cells.

mod log;
mod pages;
mod record;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use pages::{Pages, be_u16, be_u32};
use record::Record;

use super::ROWS;
use super::row::{unseal, verify};
use crate::{Error, Key, Value};

pub use log::LogState;
pub(super) use log::expect_whole;

/// Pages where the tables begin: the first that were made.
const ROW_ROOT: u32 = 2;
const LARGE_ROOT: u32 = 3;

const INDEX_INTERIOR: u8 = 2;
const TABLE_INTERIOR: u8 = 5;
const INDEX_LEAF: u8 = 10;
const TABLE_LEAF: u8 = 13;

/// Most levels of a tree that are followed: more than a file of the largest size has.
const MAX_DEPTH: usize = 40;

/// What a salvage found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Rows that are what was written.
    pub rows: u64,
    /// Keys whose value is lost.
    pub lost: Vec<Key>,
    /// Pages and rows that could not be understood.
    pub unreadable: u64,
    /// Whether commits are lost that stood in the log.
    pub log: LogState,
}

/// Gives every row of the store in `folder` that is what was written to `each`, in no order, each
/// key once. Nobody may write meanwhile. Nothing is changed.
///
/// # Errors
/// [`Error::Io`], [`Error::NotFound`], and those of `each`.
pub fn salvage(
    folder: &Path,
    each: &mut dyn FnMut(Key, Value) -> Result<(), Error>,
) -> Result<Salvaged, Error> {
    let pages = Pages::open(&folder.join(ROWS))?;
    let mut found = Found { seen: vec![false; pages.count as usize + 1], ..Found::default() };
    found.mark_free(&pages)?;
    found.walk(&pages, ROW_ROOT, 0)?;
    found.walk(&pages, LARGE_ROOT, 0)?;
    if found.unreadable > 0 {
        for page in 1..=pages.count {
            found.stray(&pages, page)?;
        }
    }
    let mut salvaged = Salvaged { log: pages.state, ..Salvaged::default() };
    let mut known: HashSet<Key> = HashSet::new();
    let mut damaged: HashSet<Key> = HashSet::new();
    for place in std::mem::take(&mut found.rows) {
        let Some(record) = Record::row(&pages, place)? else {
            found.unreadable += 1;
            continue;
        };
        if known.contains(&record.key) {
            continue;
        }
        match found.value(&pages, &record)? {
            Some(value) => {
                damaged.remove(&record.key);
                known.insert(record.key.clone());
                salvaged.rows += 1;
                each(record.key, value)?;
            }
            None => {
                damaged.insert(record.key);
            }
        }
    }
    salvaged.unreadable = found.unreadable;
    salvaged.lost = damaged.into_iter().collect();
    salvaged.lost.sort();
    Ok(salvaged)
}

/// A cell: its page, and where it begins there.
type Place = (u32, usize);

/// Where rows are. Those of the tree stand before those of stray pages, so they count first.
#[derive(Default)]
struct Found {
    /// Pages that were looked at, or hold nothing of now.
    seen: Vec<bool>,
    rows: Vec<Place>,
    /// Cells of large values by their number: more than one where pages are stray.
    large: HashMap<i64, Vec<Place>>,
    unreadable: u64,
}

impl Found {
    fn take(&mut self, page: u32) -> bool {
        match self.seen.get_mut(page as usize) {
            Some(seen) => !std::mem::replace(seen, true),
            None => false,
        }
    }

    /// Pages of the free list, as far as it can be followed.
    fn mark_free(&mut self, pages: &Pages) -> Result<(), Error> {
        let mut trunk = pages.read(1)?.map_or(0, |first| be_u32(&first, 32));
        while trunk != 0 && self.take(trunk) {
            let Some(page) = pages.read(trunk)? else { break };
            let most = pages.usable / 4 - 2;
            for leaf in 0..(be_u32(&page, 4) as usize).min(most) {
                self.take(be_u32(&page, 8 + 4 * leaf));
            }
            trunk = be_u32(&page, 0);
        }
        Ok(())
    }

    /// Follows a tree down from a page.
    fn walk(&mut self, pages: &Pages, number: u32, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH || !self.take(number) {
            self.unreadable += 1;
            return Ok(());
        }
        let Some(page) = pages.read(number)? else {
            self.unreadable += 1;
            return Ok(());
        };
        let kind = page[0];
        if !self.cells(number, &page) {
            self.unreadable += 1;
            // What is readable of it may still be right; its rows are judged one by one.
        }
        if matches!(kind, INDEX_INTERIOR | TABLE_INTERIOR) {
            for cell in pointers(&page) {
                if cell + 4 <= page.len() {
                    self.walk(pages, be_u32(&page, cell), depth + 1)?;
                }
            }
            self.walk(pages, be_u32(&page, 8), depth + 1)?;
        }
        Ok(())
    }

    /// A page that no tree led to.
    fn stray(&mut self, pages: &Pages, number: u32) -> Result<(), Error> {
        if self.seen.get(number as usize).is_none_or(|seen| *seen) {
            return Ok(());
        }
        if let Some(page) = pages.read(number)?
            && matches!(page[0], INDEX_INTERIOR | INDEX_LEAF | TABLE_LEAF)
        {
            self.cells(number, &page);
        }
        Ok(())
    }

    /// Notes the cells of a page; false where it is not as pages are.
    fn cells(&mut self, number: u32, page: &[u8]) -> bool {
        let body = match page[0] {
            INDEX_LEAF | TABLE_LEAF => 8,
            INDEX_INTERIOR | TABLE_INTERIOR => 12,
            _ => return false,
        };
        let count = usize::from(be_u16(page, 3));
        let begin = body + 2 * count;
        let mut right = begin <= page.len();
        for cell in pointers(page) {
            if cell < begin || cell + 4 > page.len() {
                right = false;
                continue;
            }
            match page[0] {
                INDEX_LEAF => self.rows.push((number, cell)),
                INDEX_INTERIOR => self.rows.push((number, cell + 4)),
                TABLE_LEAF => match record::row_id(page, cell) {
                    Some(id) => self.large.entry(id).or_default().push((number, cell)),
                    None => right = false,
                },
                _ => {}
            }
        }
        right
    }

    /// The value of a row; `None` where it is not what was written.
    fn value(&self, pages: &Pages, record: &Record) -> Result<Option<Value>, Error> {
        let Some(id) = record.large else {
            let value = unseal(&record.key, &record.value).ok();
            return Ok(value.map(Value::copy_from_slice));
        };
        for place in self.large.get(&id).into_iter().flatten() {
            if let Some(value) = record::large(pages, *place)?
                && verify(&record.key, &record.value, &value).is_ok()
            {
                return Ok(Some(value.into()));
            }
        }
        Ok(None)
    }
}

/// Where a page's cells begin.
fn pointers(page: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let body = if matches!(page[0], INDEX_INTERIOR | TABLE_INTERIOR) { 12 } else { 8 };
    let count = usize::from(be_u16(page, 3)).min(page.len().saturating_sub(body) / 2);
    (0..count).map(move |cell| usize::from(be_u16(page, body + 2 * cell)))
}
