//! Users: each opens the store as one more process would, so a running server need not stop. It
//! reads credentials anew at each login.

use peregrine_store::{Account, AccountId, AccountInfo, Credentials, Error as StoreError, Store};

use super::AdminError;
use crate::config::Config;

/// Opens the store that the configuration names.
///
/// # Errors
/// [`AdminError::Server`] where it cannot be opened.
pub async fn open_store(config: &Config) -> Result<Store, AdminError> {
    let engine = crate::engine::open(&config.store.path).await?;
    Ok(Store::open(engine).await?)
}

/// Adds a user with the usual mailboxes.
///
/// # Errors
/// [`AdminError::UserExists`], [`AdminError::Password`].
pub async fn add(store: &Store, name: &str, password: &str) -> Result<AccountId, AdminError> {
    let name = prepare_name(name)?;
    let credentials = prepare_password(password).await?;
    match store.create_account(&name, credentials).await {
        Err(StoreError::AlreadyExists(_)) => Err(AdminError::UserExists(name)),
        other => Ok(other?),
    }
}

/// All users, by name.
///
/// # Errors
/// [`AdminError::Store`].
pub async fn list(store: &Store) -> Result<Vec<AccountInfo>, AdminError> {
    Ok(store.accounts().await?)
}

/// Sets a user's password. Sessions go on; the next login needs the new one.
///
/// # Errors
/// [`AdminError::NoUser`], [`AdminError::Password`].
pub async fn set_password(store: &Store, name: &str, password: &str) -> Result<(), AdminError> {
    let name = prepare_name(name)?;
    let credentials = prepare_password(password).await?;
    no_user(&name, store.set_credentials(&name, credentials).await)
}

/// Removes a user with all mail, for good.
///
/// # Errors
/// [`AdminError::NoUser`].
pub async fn remove(store: &Store, name: &str) -> Result<(), AdminError> {
    let name = prepare_name(name)?;
    no_user(&name, store.remove_account(&name).await)
}

/// The account of a user.
///
/// # Errors
/// [`AdminError::NoUser`].
pub async fn account(store: &Store, name: &str) -> Result<Account, AdminError> {
    let name = prepare_name(name)?;
    match store.credentials(&name).await? {
        Some((id, _)) => no_user(&name, store.account(id).await),
        None => Err(AdminError::NoUser(name)),
    }
}

/// A name as it is kept.
pub(super) fn prepare_name(name: &str) -> Result<String, AdminError> {
    crate::user_name(name).map_err(|source| AdminError::Password { what: "user name", source })
}

/// What is kept of a password; takes a tenth of a second, aside.
pub(super) async fn prepare_password(password: &str) -> Result<Credentials, AdminError> {
    let password = password.to_owned();
    let credentials = tokio::task::spawn_blocking(move || crate::credentials(&password)).await?;
    credentials.map_err(|source| AdminError::Password { what: "password", source })
}

fn no_user<T>(name: &str, result: Result<T, StoreError>) -> Result<T, AdminError> {
    match result {
        Err(StoreError::NonExistent(_)) => Err(AdminError::NoUser(name.to_owned())),
        other => Ok(other?),
    }
}
