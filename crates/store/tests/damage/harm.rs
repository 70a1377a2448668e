//! What a disk may do to a file.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Numbers by chance, the same for a seed (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}

/// One harm, to one file.
#[derive(Debug)]
pub struct Harm {
    file: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// These bits are turned over.
    Bits(Vec<(u64, u8)>),
    /// These octets become others.
    Garbage(u64, Vec<u8>),
    /// Nothing is behind here.
    Cut(u64),
}

const PAGE: u64 = 8192;

impl Harm {
    pub fn any(random: &mut Random, folder: &Path) -> Self {
        let mut files = Vec::new();
        list(folder, &mut files);
        files.sort();
        // Most of what can be damaged is in the rows.
        let rows = files.iter().position(|path| path.ends_with("rows.sqlite")).unwrap();
        let place = match random.below(10) {
            0..7 => rows,
            _ => random.below(files.len() as u64) as usize,
        };
        let file = files[place].clone();
        let length = file.metadata().unwrap().len();
        let at = random.below(length);
        let page = at / PAGE * PAGE;
        let kind = match random.below(8) {
            0 | 1 => Kind::Bits(vec![(at, 1 << random.below(8))]),
            2 => {
                let bit = |random: &mut Random| (random.below(length), 1 << random.below(8));
                Kind::Bits((0..1 + random.below(16)).map(|_| bit(random)).collect())
            }
            // The heads of pages, where the way to other rows stands.
            3 | 4 => Kind::Bits(vec![(page + random.below(12), 1 << random.below(8))]),
            5 => Kind::Garbage(page, vec![0; PAGE as usize]),
            6 => {
                let length = 1 + random.below(3 * PAGE);
                Kind::Garbage(at, (0..length).map(|_| random.next() as u8).collect())
            }
            _ => Kind::Cut(at),
        };
        Self { file: file.strip_prefix(folder).unwrap().to_owned(), kind }
    }

    pub fn inflict(&self, folder: &Path) {
        let path = folder.join(&self.file);
        let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        match &self.kind {
            Kind::Bits(bits) => bits.iter().for_each(|(at, bit)| turn(&file, *at, *bit)),
            Kind::Garbage(at, octets) => {
                let left = file.metadata().unwrap().len().saturating_sub(*at);
                let length = octets.len().min(left as usize);
                file.write_all_at(&octets[..length], *at).unwrap();
            }
            Kind::Cut(at) => file.set_len(*at).unwrap(),
        }
    }
}

fn turn(file: &File, at: u64, bit: u8) {
    let mut octet = [0];
    if file.read_at(&mut octet, at).unwrap() == 1 {
        octet[0] ^= bit;
        file.write_all_at(&octet, at).unwrap();
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, files);
        } else if path.metadata().unwrap().len() > 0
            // Made anew by whoever opens the store first.
            && path.extension().is_none_or(|end| end != "sqlite-shm")
        {
            files.push(path);
        }
    }
}
