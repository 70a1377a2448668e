//! What SOURCE and TARGET may be.

use std::path::PathBuf;

use crate::account::Account;
use crate::failure::Failure;

/// An end of a migration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// An account on a server: by its name in the user's file, or by URL.
    Server(Account),
    /// A folder with `peregrine.toml`.
    Served(PathBuf),
    /// A Maildir, an mbox or a folder of them.
    Files(PathBuf),
}

impl Place {
    /// What a word means. What is no URL and no file is the name of an account.
    pub fn find(word: &str) -> Result<Self, Failure> {
        let path = PathBuf::from(word);
        if word.contains("://") || (!path.exists() && !word.contains('/')) {
            return Account::find(word).map(Self::Server);
        }
        match path.join("peregrine.toml").is_file() {
            true => Ok(Self::Served(path)),
            false => Ok(Self::Files(path)),
        }
    }
}
