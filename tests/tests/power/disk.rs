//! A disk on which what was not synced may be kept, dropped or torn.

use super::trace::Event;
use peregrine_testkit::model::Random;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The smallest piece that a disk writes as a whole, in octets.
const SECTOR: u64 = 512;

/// What is surely on the disk, and what may be.
#[derive(Clone, Default)]
pub struct Disk {
    files: Vec<Vec<u8>>,
    names: BTreeMap<PathBuf, Node>,
    /// What was done and no sync has covered, in order.
    pending: Vec<Pending>,
    /// Names as the running process sees them.
    seen: BTreeMap<PathBuf, Node>,
    /// For each thread's sync under way: what it is of, and how much came before it.
    syncs: BTreeMap<u32, (PathBuf, u64)>,
    count: u64,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Node {
    Folder,
    /// By its place among all files.
    File(usize),
}

#[derive(Clone)]
struct Pending {
    number: u64,
    change: Change,
}

#[derive(Clone)]
enum Change {
    Write { file: usize, offset: u64, octets: Vec<u8> },
    SetLength { file: usize, length: u64 },
    Name { path: PathBuf, node: Node },
    Rename { from: PathBuf, to: PathBuf, node: Node },
    Unlink(PathBuf),
}

/// What becomes of a change that no sync has covered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Kept,
    Dropped,
    /// Some of its sectors are written.
    Torn,
}

impl Disk {
    /// A disk on which all this lies for good.
    pub fn new(before: &[(PathBuf, Option<Vec<u8>>)]) -> Self {
        let mut disk = Self::default();
        for (path, octets) in before {
            let node = octets.as_ref().map_or(Node::Folder, |octets| {
                disk.files.push(octets.clone());
                Node::File(disk.files.len() - 1)
            });
            disk.names.insert(path.clone(), node);
        }
        disk.seen = disk.names.clone();
        disk
    }

    /// How many changes no sync has covered.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Does what was done.
    pub fn play(&mut self, event: &Event) {
        match event {
            Event::Make { path, folder } => self.make(path, *folder),
            Event::Write { path, offset, octets } => {
                if let Some(file) = self.file(path) {
                    self.push(Change::Write { file, offset: *offset, octets: octets.clone() });
                }
            }
            Event::SetLength { path, length } => {
                if let Some(file) = self.file(path) {
                    self.push(Change::SetLength { file, length: *length });
                }
            }
            Event::Rename { from, to } => {
                if let Some(node) = self.seen.remove(from) {
                    self.seen.insert(to.clone(), node);
                    self.push(Change::Rename { from: from.clone(), to: to.clone(), node });
                }
            }
            Event::Unlink(path) => {
                self.seen.remove(path);
                self.push(Change::Unlink(path.clone()));
            }
            Event::SyncBegins { thread, path } => {
                self.syncs.insert(*thread, (path.clone(), self.count));
            }
            Event::SyncEnds { thread } => {
                if let Some((path, count)) = self.syncs.remove(thread) {
                    self.sync(&path, count);
                }
            }
            Event::Acknowledged { .. } => {}
        }
    }

    /// The disk after a power cut, by the fates of what no sync has covered.
    pub fn image(&self, fates: &[Fate], random: &mut Random) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let (mut files, mut names) = (self.files.clone(), self.names.clone());
        for (pending, fate) in self.pending.iter().zip(fates) {
            match (&pending.change, fate) {
                (_, Fate::Dropped) => {}
                (Change::Write { file, offset, octets }, Fate::Torn) => {
                    tear(&mut files[*file], *offset, octets, random);
                }
                (change, _) => apply(change, &mut files, &mut names),
            }
        }
        let octets = |node: &Node| match node {
            Node::Folder => None,
            Node::File(file) => Some(files[*file].clone()),
        };
        names.iter().map(|(path, node)| (path.clone(), octets(node))).collect()
    }

    fn make(&mut self, path: &Path, folder: bool) {
        if self.seen.contains_key(path) {
            return;
        }
        let node = if folder {
            Node::Folder
        } else {
            self.files.push(Vec::new());
            Node::File(self.files.len() - 1)
        };
        self.seen.insert(path.to_owned(), node);
        self.push(Change::Name { path: path.to_owned(), node });
    }

    fn file(&self, path: &Path) -> Option<usize> {
        match self.seen.get(path) {
            Some(Node::File(file)) => Some(*file),
            _ => None,
        }
    }

    fn push(&mut self, change: Change) {
        self.count += 1;
        self.pending.push(Pending { number: self.count, change });
    }

    /// A sync of a file covers its octets and length; that of a folder, the names in it.
    fn sync(&mut self, path: &Path, count: u64) {
        let node =
            if path == Path::new("") { Some(Node::Folder) } else { self.seen.get(path).copied() };
        let covers = |pending: &Pending| {
            let of = match &pending.change {
                Change::Write { file, .. } | Change::SetLength { file, .. } => {
                    return pending.number <= count && node == Some(Node::File(*file));
                }
                Change::Name { path, .. } | Change::Unlink(path) => path,
                Change::Rename { to, .. } => to,
            };
            pending.number <= count && node == Some(Node::Folder) && of.parent() == Some(path)
        };
        let (covered, left) = std::mem::take(&mut self.pending).into_iter().partition(covers);
        self.pending = left;
        let covered: Vec<Pending> = covered;
        for pending in covered {
            apply(&pending.change, &mut self.files, &mut self.names);
        }
    }
}

fn apply(change: &Change, files: &mut [Vec<u8>], names: &mut BTreeMap<PathBuf, Node>) {
    match change {
        Change::Write { file, offset, octets } => write(&mut files[*file], *offset, octets),
        Change::SetLength { file, length } => files[*file].resize(*length as usize, 0),
        Change::Name { path, node } => {
            names.insert(path.clone(), *node);
        }
        Change::Rename { from, to, node } => {
            names.remove(from);
            names.insert(to.clone(), *node);
        }
        Change::Unlink(path) => {
            names.remove(path);
        }
    }
}

fn write(file: &mut Vec<u8>, offset: u64, octets: &[u8]) {
    let (start, end) = (offset as usize, offset as usize + octets.len());
    if file.len() < end {
        file.resize(end, 0);
    }
    file[start..end].copy_from_slice(octets);
}

/// Writes each sector or not, by chance.
fn tear(file: &mut Vec<u8>, offset: u64, octets: &[u8], random: &mut Random) {
    let mut at = 0;
    while at < octets.len() {
        let place = offset + at as u64;
        let end = (at + (SECTOR - place % SECTOR) as usize).min(octets.len());
        if random.chance(50) {
            write(file, place, &octets[at..end]);
        }
        at = end;
    }
}
