//! Backups: taken while the store is used, of one instant, and each later one only of what is new.
//!
//! A backup is a list (`000002.backup`: every row but those that can be made again) and the bodies
//! that it names, in files that backups share (`000001.bodies`, `000002.bodies`). The list is written
//! last, under a temporary name, synced and renamed: until then the backup does not exist, and the
//! earlier ones are as they were. Everything in it is checked when it is read.

mod list;
mod pack;
mod restore;
mod take;

pub use list::{Backups, Kept};
pub use restore::{Chosen, Restored, restore_mailbox, restore_messages, restore_users};
pub use take::{Taken, take};

use crate::Error;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Why a backup was not taken, or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] Error),
    /// A file could not be used.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which.
        path: std::path::PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Another backup is being taken into the same folder.
    #[error("another backup is under way there")]
    Busy,
    /// There is no such backup.
    #[error("there is no such backup")]
    NoBackup,
    /// The backup does not have it.
    #[error("there is no such {0} in the backup")]
    Missing(&'static str),
    /// A user of the backup is in the store already.
    #[error("the user {0} is there already; restore single mailboxes, or remove the user first")]
    UserExists(String),
    /// Some of the backup's users are in the store already, as after a restore that was interrupted.
    #[error("{there} is there already; still missing, to be restored one by one: {missing}")]
    SomeExist {
        /// One who is there.
        there: String,
        /// All who are not.
        missing: String,
    },
    /// It stood still for so long that another opening of the store has erased what was there.
    #[error("the restore of the user {0} stood still and was taken for given up; restore it again")]
    GivenUp(String),
}

impl From<peregrine_kv::Error> for BackupError {
    fn from(error: peregrine_kv::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<peregrine_kv::CommitError> for BackupError {
    fn from(error: peregrine_kv::CommitError) -> Self {
        Self::Store(error.into())
    }
}

/// Makes a file for its owner's eyes only: mail is in it, and what passwords are held against.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// For a file that was named.
fn file(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}
