//! The list of a backup: rows, and where bodies are; a hash of all of it at the end.

use super::{BackupError, file};
use crate::row::user::UserRow;
use crate::{AccountId, BodyNumber};
use bytes::{Buf, Bytes};
use peregrine_kv::{Key, Value};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const HEADER: &[u8] = b"peregrine backup 1\n";
const HASH: usize = 32;
const ROW: u8 = b'R';
const BODY: u8 = b'B';
const TAKEN: u8 = b'T';

/// A folder of backups.
#[derive(Clone, Debug)]
pub struct Backups {
    folder: PathBuf,
}

/// A backup in a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its number; later ones have larger ones.
    pub number: u32,
    /// When it was taken: seconds since 1970.
    pub taken: u64,
    /// Whose mail is in it.
    pub users: Vec<String>,
    /// Bodies that it names.
    pub bodies: u64,
    /// Their octets.
    pub octets: u64,
}

/// Where a body lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The file of bodies.
    pub pack: u32,
    pub offset: u64,
    pub length: u64,
}

/// A body of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    pub number: BodyNumber,
    /// BLAKE3 of the octets that were kept: the body, or its object.
    pub hash: [u8; HASH],
    pub object: bool,
    pub place: Place,
}

/// A backup that was read whole and found right.
pub(super) struct List {
    pub number: u32,
    pub taken: u64,
    pub users: Vec<UserRow>,
    pub accounts: BTreeMap<AccountId, Account>,
}

/// What a backup has of an account.
#[derive(Default)]
pub(super) struct Account {
    /// Keys without the account's number.
    pub rows: Vec<(Key, Value)>,
    pub bodies: Vec<Listed>,
}

impl Backups {
    /// The backups in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// All of them, the oldest first; each is read whole and checked, but for its bodies.
    ///
    /// # Errors
    /// [`BackupError::File`], [`BackupError::Damaged`].
    pub fn kept(&self) -> Result<Vec<Kept>, BackupError> {
        let mut kept = Vec::new();
        for number in self.numbers()? {
            let list = self.read(number)?;
            let bodies = || list.accounts.values().flat_map(|account| &account.bodies);
            kept.push(Kept {
                number,
                taken: list.taken,
                users: list.users.iter().map(|user| user.name.clone()).collect(),
                bodies: bodies().count() as u64,
                octets: bodies().map(|body| body.place.length).fold(0, u64::saturating_add),
            });
        }
        Ok(kept)
    }

    /// There is a backup in the folder.
    ///
    /// # Errors
    /// [`BackupError::NoBackup`], [`BackupError::File`].
    pub fn expect_any(&self) -> Result<(), BackupError> {
        if self.numbers()?.is_empty() { Err(BackupError::NoBackup) } else { Ok(()) }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn list_path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}.backup"))
    }

    pub(super) fn pack_path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}.bodies"))
    }

    /// The numbers of all backups, ascending.
    pub(super) fn numbers(&self) -> Result<Vec<u32>, BackupError> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(file(&self.folder))? {
            let name = entry.map_err(file(&self.folder))?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".backup"));
            numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The backup of this number, or the latest.
    pub(super) fn choose(&self, number: Option<u32>) -> Result<List, BackupError> {
        let numbers = self.numbers()?;
        let chosen = match number {
            Some(number) => numbers.into_iter().find(|known| *known == number),
            None => numbers.into_iter().next_back(),
        };
        self.read(chosen.ok_or(BackupError::NoBackup)?)
    }

    pub(super) fn read(&self, number: u32) -> Result<List, BackupError> {
        let path = self.list_path(number);
        let damaged = |what| BackupError::Damaged { path: path.clone(), what };
        let octets = Bytes::from(fs::read(&path).map_err(file(&path))?);
        let end = octets.len().checked_sub(HASH).ok_or_else(|| damaged("it is too short"))?;
        if blake3::hash(&octets[..end]).as_bytes()[..] != octets[end..] {
            return Err(damaged("its contents are not what was written"));
        }
        let mut rest = octets.slice(..end);
        if !rest.starts_with(HEADER) {
            return Err(damaged("it has another version"));
        }
        rest.advance(HEADER.len());
        let mut list = List { number, taken: 0, users: Vec::new(), accounts: BTreeMap::new() };
        while !rest.is_empty() {
            list.entry(&mut rest).ok_or_else(|| damaged("an entry cannot be understood"))?;
        }
        Ok(list)
    }
}

impl List {
    fn entry(&mut self, rest: &mut Bytes) -> Option<()> {
        let kind = rest.try_get_u8().ok()?;
        if kind == TAKEN {
            self.taken = rest.try_get_u64().ok()?;
            return Some(());
        }
        let id = AccountId(rest.try_get_u64().ok()?);
        if kind == BODY {
            let body = Listed {
                number: BodyNumber(rest.try_get_u64().ok()?),
                object: rest.try_get_u8().ok()? != 0,
                place: Place {
                    pack: rest.try_get_u32().ok()?,
                    offset: rest.try_get_u64().ok()?,
                    length: rest.try_get_u64().ok()?,
                },
                hash: take(rest, HASH)?[..].try_into().ok()?,
            };
            self.accounts.entry(id).or_default().bodies.push(body);
            return Some(());
        }
        let length = rest.try_get_u16().ok()?;
        let key = take(rest, length.into())?;
        let length = rest.try_get_u32().ok()?;
        let value = take(rest, length as usize)?;
        if id.0 == 0 {
            self.users.push(UserRow::decode(&value).ok()?);
        } else {
            self.accounts.entry(id).or_default().rows.push((key, value));
        }
        (kind == ROW).then_some(())
    }
}

fn take(rest: &mut Bytes, length: usize) -> Option<Bytes> {
    (rest.len() >= length).then(|| rest.split_to(length))
}

/// A list that is being written.
pub(super) struct Writer {
    out: BufWriter<File>,
    hasher: blake3::Hasher,
    temporary: PathBuf,
}

impl Writer {
    pub(super) fn begin(backups: &Backups, number: u32, taken: u64) -> Result<Self, BackupError> {
        let temporary = backups.list_path(number).with_extension("backup.tmp");
        let out = BufWriter::new(super::create(&temporary).map_err(file(&temporary))?);
        let mut writer = Self { out, hasher: blake3::Hasher::new(), temporary };
        writer.put(HEADER)?;
        writer.put(&[&[TAKEN][..], &taken.to_be_bytes()].concat())?;
        Ok(writer)
    }

    /// A row, whose key begins with its account.
    pub(super) fn row(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackupError> {
        let (account, rest) = key.split_at(8.min(key.len()));
        let mut entry = vec![ROW];
        entry.extend_from_slice(account);
        entry.extend_from_slice(&(rest.len() as u16).to_be_bytes());
        entry.extend_from_slice(rest);
        entry.extend_from_slice(&(value.len() as u32).to_be_bytes());
        entry.extend_from_slice(value);
        self.put(&entry)
    }

    pub(super) fn body(&mut self, account: AccountId, body: &Listed) -> Result<(), BackupError> {
        let mut entry = vec![BODY];
        entry.extend_from_slice(&account.0.to_be_bytes());
        entry.extend_from_slice(&body.number.0.to_be_bytes());
        entry.push(u8::from(body.object));
        entry.extend_from_slice(&body.place.pack.to_be_bytes());
        entry.extend_from_slice(&body.place.offset.to_be_bytes());
        entry.extend_from_slice(&body.place.length.to_be_bytes());
        entry.extend_from_slice(&body.hash);
        self.put(&entry)
    }

    /// Writes the hash, and makes the backup exist.
    pub(super) fn finish(mut self, backups: &Backups, number: u32) -> Result<(), BackupError> {
        let path = backups.list_path(number);
        let hash = *self.hasher.finalize().as_bytes();
        self.out.write_all(&hash).map_err(file(&self.temporary))?;
        let out = self.out.into_inner().map_err(|error| file(&path)(error.into_error()))?;
        out.sync_all().map_err(file(&self.temporary))?;
        fs::rename(&self.temporary, &path).map_err(file(&path))?;
        let folder = backups.folder();
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(file(folder))
    }

    fn put(&mut self, octets: &[u8]) -> Result<(), BackupError> {
        self.hasher.update(octets);
        self.out.write_all(octets).map_err(file(&self.temporary))
    }
}
