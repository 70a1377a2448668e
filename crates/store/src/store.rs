//! All accounts of an engine.

mod accounts;

pub(crate) use accounts::{account_key, marks};

use crate::account::WeakAccount;
use crate::headers::HeaderCache;
use crate::limits::WARM_ACCOUNTS;
use crate::{Account, AccountId, Error};
use peregrine_kv::Engine;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Mutex;

/// All accounts of an engine; cloning the handle is cheap.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    engine: Arc<dyn Engine>,
    headers: Arc<HeaderCache>,
    /// One writer for each account, so nobody may start a second one meanwhile.
    accounts: Mutex<Accounts>,
}

#[derive(Default)]
struct Accounts {
    alive: HashMap<AccountId, WeakAccount>,
    /// The ones used last, the latest at the end.
    warm: VecDeque<Account>,
    /// How many entries make it worth while to look for dead ones.
    crowded: usize,
}

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
        let headers = Arc::new(HeaderCache::new());
        let store = Self(Arc::new(Inner { engine, headers, accounts: Mutex::default() }));
        store.finish_removals().await?;
        Ok(store)
    }

    /// A handle to an account.
    ///
    /// # Errors
    /// [`Error::NonExistent`].
    pub async fn account(&self, id: AccountId) -> Result<Account, Error> {
        let mut accounts = self.0.accounts.lock().await;
        let alive = accounts.alive.get(&id).and_then(WeakAccount::upgrade);
        let account = match alive {
            Some(account) => account,
            None => {
                let (engine, headers) = (&self.0.engine, &self.0.headers);
                Account::start(Arc::clone(engine), Arc::clone(headers), id).await?
            }
        };
        accounts.note(&account);
        Ok(account)
    }

    /// Ends orderly: what was handed in is finished, then the engine is closed.
    pub async fn close(&self) {
        let mut accounts = self.0.accounts.lock().await;
        accounts.warm.clear();
        let alive: Vec<Account> =
            accounts.alive.drain().filter_map(|(_, weak)| weak.upgrade()).collect();
        drop(accounts);
        for account in alive {
            account.drain().await;
        }
        self.0.engine.close().await;
    }
}

impl Accounts {
    /// Remembers an account that is used now.
    fn note(&mut self, account: &Account) {
        if self.alive.len() >= self.crowded {
            self.alive.retain(|_, weak| weak.upgrade().is_some());
            self.crowded = 2 * self.alive.len() + WARM_ACCOUNTS;
        }
        self.alive.insert(account.id(), account.downgrade());
        self.warm.retain(|warm| warm.id() != account.id());
        self.warm.push_back(account.clone());
        if self.warm.len() > WARM_ACCOUNTS {
            self.warm.pop_front();
        }
    }

    /// Forgets an account that is removed.
    fn forget(&mut self, id: AccountId) {
        self.alive.remove(&id);
        self.warm.retain(|warm| warm.id() != id);
    }
}
