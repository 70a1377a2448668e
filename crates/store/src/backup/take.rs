//! Taking a backup: one snapshot of everything, the bodies first, the list last.

use super::list::{Backups, Listed, Place, Writer};
use super::pack::Packer;
use super::{BackupError, file};
use crate::row::body::{BodyRow, Place as Where};
use crate::verify::sweep::{Sweep, all};
use crate::verify::{Looking, Tell, words};
use crate::{AccountId, Damage, Error, Loss, keys};
use peregrine_kv::{Engine, Snapshot, Value};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// How often a snapshot is taken anew because an object of it was deleted meanwhile. What was read
/// before is not read again, so each time there is less left.
const TRIES: usize = 20;

/// What was taken.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Taken {
    /// The backup's number in its folder.
    pub number: u32,
    /// Users.
    pub users: u64,
    /// Bodies that the backup names.
    pub bodies: u64,
    /// Those of them that were written now.
    pub new_bodies: u64,
    /// Their octets.
    pub new_octets: u64,
    /// What could not be read, and is not in the backup.
    pub damage: Vec<Damage>,
}

/// Takes a backup of a store that may be used meanwhile. An incremental one takes bodies that the
/// latest backup in the folder names from there.
///
/// # Errors
/// [`BackupError::Busy`], [`BackupError::File`], [`BackupError::Store`] where nothing can be read.
/// Damaged messages are no error: they are left out and told.
pub async fn take(
    engine: &Arc<dyn Engine>,
    folder: &Path,
    incremental: bool,
    tell: &mut Tell<'_>,
) -> Result<Taken, BackupError> {
    make_folder(folder)?;
    let backups = Backups::in_folder(folder);
    let lock_path = folder.join("lock");
    let lock = super::create(&lock_path).map_err(file(&lock_path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(BackupError::Busy),
        Err(TryLockError::Error(error)) => return Err(file(&lock_path)(error)),
    }
    sweep_temporary(folder)?;
    let last = backups.numbers()?.last().copied();
    let number = last.unwrap_or(0) + 1;
    let mut known = HashMap::new();
    if let Some(last) = last.filter(|_| incremental) {
        for account in backups.read(last)?.accounts.into_values() {
            known.extend(account.bodies.iter().map(|body| (body.hash, body.place)));
        }
        known.retain(|_, place| is_there(&backups, place));
    }
    let packer = Packer::begin(&backups, number)?;
    let mut work = Work { engine, known, packer, taken: Taken::default(), done: 0, tell };
    work.taken.number = number;
    for _ in 0..TRIES {
        let snapshot = engine.snapshot().await?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        work.taken.damage.clear();
        let Some(read) = work.read(&*snapshot).await? else { continue };
        let mut writer = Writer::begin(&backups, number, now.as_secs())?;
        work.write(&*snapshot, &read, &mut writer).await?;
        let Work { packer, mut taken, .. } = work;
        taken.new_octets = packer.octets();
        packer.finish(&backups)?;
        writer.finish(&backups, number)?;
        return Ok(taken);
    }
    let cause = "bodies keep being deleted while they are read".to_owned();
    Err(Error::Unavailable { cause }.into())
}

struct Work<'w, 't> {
    engine: &'w Arc<dyn Engine>,
    known: HashMap<[u8; 32], Place>,
    packer: Packer,
    taken: Taken,
    done: u64,
    tell: &'w mut Tell<'t>,
}

/// What a snapshot has: its users, and the bodies of each account.
struct Read {
    users: Vec<(peregrine_kv::Key, Value)>,
    bodies: BTreeMap<AccountId, Vec<Listed>>,
}

impl Work<'_, '_> {
    /// Takes the bodies; `None` where one has gone since the snapshot.
    async fn read(&mut self, snapshot: &dyn Snapshot) -> Result<Option<Read>, BackupError> {
        let damage = &mut self.taken.damage;
        let users = all(snapshot, keys::users(), "a user", damage).await?;
        let mut read = Read { users: Vec::new(), bodies: BTreeMap::new() };
        for (key, row) in users {
            let user = match crate::row::user::UserRow::decode(&row) {
                Ok(user) => user,
                Err(error) => {
                    self.note("a user", &words(&error));
                    continue;
                }
            };
            let Some(bodies) = self.bodies(snapshot, user.account, &user.name).await? else {
                return Ok(None);
            };
            read.bodies.insert(user.account, bodies);
            read.users.push((key, row));
        }
        self.taken.users = read.bodies.len() as u64;
        self.taken.bodies = read.bodies.values().map(|bodies| bodies.len() as u64).sum();
        Ok(Some(read))
    }

    async fn bodies(
        &mut self,
        snapshot: &dyn Snapshot,
        id: AccountId,
        user: &str,
    ) -> Result<Option<Vec<Listed>>, BackupError> {
        let mut listed = Vec::new();
        let mut sweep = Sweep::new(snapshot, keys::all_bodies(id));
        while let Some(page) = sweep.next().await? {
            for (key, row) in page {
                let Some(number) = keys::body_of(&key) else { continue };
                let row = match row.map_err(Error::from).and_then(|row| BodyRow::decode(&row)) {
                    Ok(row) => row,
                    Err(error) => {
                        self.note(&format!("{user}: body {}", number.0), &words(&error));
                        continue;
                    }
                };
                let object = matches!(row.place, Where::Object { .. });
                let place = match self.known.get(&row.hash) {
                    Some(place) => *place,
                    None => match self.octets(&row).await {
                        Ok(Some(place)) => place,
                        Ok(None) if self.is_gone(&key).await? => return Ok(None),
                        Ok(None) => {
                            self.note(&format!("{user}: body {}", number.0), "it is missing");
                            continue;
                        }
                        Err(BackupError::Store(Error::Corrupt { what })) => {
                            self.note(&format!("{user}: body {}", number.0), &what);
                            continue;
                        }
                        Err(error) => return Err(error),
                    },
                };
                self.known.insert(row.hash, place);
                self.done += place.length;
                let (bodies, done) = (listed.len() as u64, self.done);
                (self.tell)(Looking { user, bodies, done, total: done });
                listed.push(Listed { number, hash: row.hash, object, place });
            }
        }
        if let Some(gap) = sweep.gap {
            self.note(&format!("{user}: bodies are out of reach"), &gap);
        }
        Ok(Some(listed))
    }

    /// Packs the octets of a body; `None` where its object is not there.
    async fn octets(&mut self, row: &BodyRow) -> Result<Option<Place>, BackupError> {
        let octets = match &row.place {
            Where::Inline(octets) => octets.clone(),
            Where::Object { name, .. } => match self.engine.objects().read(name).await {
                Err(peregrine_kv::Error::NotFound) => return Ok(None),
                octets => octets?,
            },
        };
        if *blake3::hash(&octets).as_bytes() != row.hash {
            return Err(Error::corrupt("it is not what its hash says").into());
        }
        self.taken.new_bodies += 1;
        self.packer.add(&octets).map(Some)
    }

    /// Whether a row is no longer there.
    async fn is_gone(&self, key: &[u8]) -> Result<bool, BackupError> {
        Ok(self.engine.snapshot().await?.get(key).await?.is_none())
    }

    /// Writes all rows but those that can be made again, and the bodies.
    async fn write(
        &mut self,
        snapshot: &dyn Snapshot,
        read: &Read,
        writer: &mut Writer,
    ) -> Result<(), BackupError> {
        for (key, row) in &read.users {
            writer.row(key, row)?;
        }
        for (id, bodies) in &read.bodies {
            for range in keys::kept(*id) {
                let mut sweep = Sweep::new(snapshot, range);
                while let Some(page) = sweep.next().await? {
                    for (key, row) in page {
                        match row {
                            Ok(row) => writer.row(&key, &row)?,
                            Err(error) => {
                                self.note(&format!("account {}", id.0), &error.to_string())
                            }
                        }
                    }
                }
                if let Some(gap) = sweep.gap {
                    self.note(&format!("account {}: rows are out of reach", id.0), &gap);
                }
            }
            for body in bodies {
                writer.body(*id, body)?;
            }
        }
        Ok(())
    }

    fn note(&mut self, what: &str, why: &str) {
        self.taken.damage.push(Damage::of(Loss::Mail, format!("{what}: {why}")));
    }
}

/// Makes the folder where there is none, for its owner alone, and its name durable.
fn make_folder(folder: &Path) -> Result<(), BackupError> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(file(folder))?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(file(parent))
}

/// Removes what a backup that was cut short has left.
fn sweep_temporary(folder: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(folder).map_err(file(folder))? {
        let path = entry.map_err(file(folder))?.path();
        if path.extension().is_some_and(|end| end == "tmp") {
            fs::remove_file(&path).map_err(file(&path))?;
        }
    }
    Ok(())
}

/// Whether a file of bodies is long enough for this one.
fn is_there(backups: &Backups, place: &Place) -> bool {
    let length = fs::metadata(backups.pack_path(place.pack)).map_or(0, |pack| pack.len());
    place.offset.checked_add(place.length).is_some_and(|end| end <= length)
}
