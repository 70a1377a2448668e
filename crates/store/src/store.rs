//! All accounts of an engine.

use crate::{Account, AccountId, Error};
use peregrine_kv::Engine;
use std::sync::Arc;

/// All accounts of an engine; cloning the handle is cheap.
#[derive(Clone)]
pub struct Store(Arc<dyn Engine>);

/// How a password is checked. The store only keeps it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// A hash in the PHC format (argon2id).
    pub password_hash: String,
    /// For SCRAM-SHA-256 (RFC 5802 §3).
    pub scram_sha_256: Option<ScramKeys>,
}

/// What a SCRAM server keeps of a password (RFC 5802 §3).
#[derive(Clone, PartialEq, Eq)]
pub struct ScramKeys {
    /// Rounds.
    pub iterations: u32,
    /// Salt.
    pub salt: Vec<u8>,
    /// StoredKey.
    pub stored_key: Vec<u8>,
    /// ServerKey.
    pub server_key: Vec<u8>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// An account in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountInfo {
    /// Its number.
    pub id: AccountId,
    /// Its name as it was given.
    pub name: String,
    /// Messages of all mailboxes.
    pub messages: u64,
    /// Octets of all messages.
    pub octets: u64,
}

impl Store {
    /// Opens the store of an engine.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn open(engine: Arc<dyn Engine>) -> Result<Self, Error> {
        Ok(Self(engine))
    }

    /// Makes an account with INBOX, Drafts, Sent, Junk, Trash and Archive, all subscribed. Names
    /// are compared without case of letters.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Cannot`] or [`Error::Limit`] for the name.
    pub async fn create_account(
        &self,
        name: &str,
        credentials: Credentials,
    ) -> Result<AccountId, Error> {
        let _ = (name, credentials);
        Err(Error::bug("not built"))
    }

    /// Removes an account with all that it has.
    ///
    /// # Errors
    /// [`Error::NonExistent`].
    pub async fn remove_account(&self, name: &str) -> Result<(), Error> {
        let _ = name;
        Err(Error::bug("not built"))
    }

    /// Sets how an account's password is checked.
    ///
    /// # Errors
    /// [`Error::NonExistent`].
    pub async fn set_credentials(&self, name: &str, credentials: Credentials) -> Result<(), Error> {
        let _ = (name, credentials);
        Err(Error::bug("not built"))
    }

    /// How an account's password is checked, read anew each time: another process may have changed
    /// it. `None` if there is no such account, whatever the name looks like.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn credentials(&self, name: &str) -> Result<Option<(AccountId, Credentials)>, Error> {
        let _ = name;
        Err(Error::bug("not built"))
    }

    /// All accounts, in the order of their names.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn accounts(&self) -> Result<Vec<AccountInfo>, Error> {
        Err(Error::bug("not built"))
    }

    /// A handle to an account.
    ///
    /// # Errors
    /// [`Error::NonExistent`].
    pub async fn account(&self, id: AccountId) -> Result<Account, Error> {
        let _ = id;
        Err(Error::bug("not built"))
    }

    /// Ends orderly: what was handed in is finished, then the engine is closed.
    pub async fn close(&self) {
        self.0.close().await;
    }
}
