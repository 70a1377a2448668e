//! Taking backups, also while a server runs on the store, and restoring them.

use std::path::Path;

use peregrine_proto::{MailboxName, Uid};
use peregrine_store::backup::{self as store_backup, BackupError};
use peregrine_store::{Error as StoreError, Store, Tell};

use super::{AdminError, init, user};
use crate::config::{self, Config};

pub use peregrine_store::backup::{Backups, Chosen, Kept, Restored, Taken};

/// Takes a backup of the store that the configuration names into `folder`.
///
/// # Errors
/// [`AdminError::Server`] where no store is, [`AdminError::Backup`].
pub async fn take(
    config: &Config,
    folder: &Path,
    incremental: bool,
    tell: &mut Tell<'_>,
) -> Result<Taken, AdminError> {
    let engine = crate::engine::look(&config.store.path).await?;
    let taken = store_backup::take(&engine, folder, incremental, tell).await;
    engine.close().await;
    Ok(taken?)
}

/// Restores one user, or all, into a served folder; makes the folder where there is none.
///
/// # Errors
/// [`AdminError::Backup`], [`AdminError::Config`], [`AdminError::File`].
pub async fn restore_users(
    folder: &Path,
    chosen: Chosen<'_>,
    only: Option<&str>,
    tell: &mut Tell<'_>,
) -> Result<Restored, AdminError> {
    // Before anything is made: whether there is a backup at all.
    Backups::in_folder(chosen.folder).expect_any()?;
    let config = match folder.join(config::FILE_NAME).exists() {
        true => config::load(folder).map_err(AdminError::Config)?,
        false => init::init_empty(folder).await?,
    };
    let engine = crate::engine::open(&config.store.path).await?;
    // Opening it erases what an earlier restore has left half done.
    let store = Store::open(std::sync::Arc::clone(&engine)).await?;
    let restored = store_backup::restore_users(&engine, chosen, only, tell).await;
    store.close().await;
    Ok(restored?)
}

/// What is restored into a mailbox of a user who is there.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The user in the backup, and in the store.
    pub user: &'a str,
    /// The mailbox in the backup.
    pub from: &'a MailboxName,
    /// The mailbox in the store: free where a whole one is restored, there for single messages.
    pub to: &'a MailboxName,
    /// Only these messages; the whole mailbox where there is none.
    pub uids: &'a [Uid],
}

/// Restores a mailbox or messages, also while a server runs.
///
/// # Errors
/// [`AdminError::NoUser`], [`AdminError::MailboxExists`], [`AdminError::Backup`].
pub async fn restore_mailbox(
    config: &Config,
    chosen: Chosen<'_>,
    wanted: Wanted<'_>,
    tell: &mut Tell<'_>,
) -> Result<Restored, AdminError> {
    let store = user::open_store(config).await?;
    let restored = async {
        let account = user::account(&store, wanted.user).await?;
        let Wanted { user, from, to, uids } = wanted;
        let restored = match uids {
            [] => store_backup::restore_mailbox(&account, chosen, user, from, to, tell).await,
            uids => store_backup::restore_messages(&account, chosen, user, (from, uids), to).await,
        };
        restored.map_err(|error| match error {
            BackupError::Store(StoreError::AlreadyExists(_)) => {
                AdminError::MailboxExists(to.as_str().to_owned())
            }
            error => error.into(),
        })
    }
    .await;
    store.close().await;
    restored
}
