//! What an administrator does, as functions: nothing here prints, asks, or ends the process.
//!
//! - [`init`]: a new server's folder. [`serve`]: from the configuration to a running server.
//! - [`user`]: adding, listing and removing users. It works while a server runs on the store.
//! - [`import`]: Maildir, Maildir++ and mbox into a user's mailboxes; [`export`] the way back.
//! - [`verify`]: what is damaged; [`repair`]: what can be done about it.
//! - [`backup`]: taking and restoring backups.
//! - [`local`]: a user's mail as one side of a migration.
//! - [`socket`]: talking to a running server of this folder; [`trace`]: what its sessions' commands
//!   do and why they wait, recorded and drawn.
//! - [`demo`]: a server with [`sample`] mail, and a conversation with it.
//!
//! Long work tells its progress to a closure, which may be called often and should return fast.

pub mod backup;
pub mod demo;
pub mod export;
pub mod import;
pub mod init;
pub mod local;
mod maildir;
pub mod repair;
pub mod sample;
pub mod serve;
pub mod socket;
pub mod trace;
pub mod user;
pub mod verify;

use std::path::{Path, PathBuf};

use crate::PasswordError;
use crate::config::ConfigError;

/// Why an administrator's wish was not done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The configuration has mistakes; none is left out.
    #[error("the configuration has {} mistake(s)", .0.len())]
    Config(Vec<ConfigError>),
    /// A file or folder could not be used.
    #[error("{what} {}: {source}", path.display())]
    File {
        /// What was tried, such as "cannot write".
        what: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something is there already that would be overwritten.
    #[error("{} is already there; nothing was changed", .0.display())]
    Exists(PathBuf),
    /// The user's name or password cannot be taken.
    #[error("the {what} cannot be used: {source}")]
    Password {
        /// "user name" or "password".
        what: &'static str,
        /// Why.
        source: PasswordError,
    },
    /// No such user.
    #[error("there is no user `{0}`; see: peregrine user list DIR")]
    NoUser(String),
    /// There is such a user.
    #[error("there is already a user `{0}`; to change the password: peregrine user passwd")]
    UserExists(String),
    /// The name cannot be a mailbox's.
    #[error("this cannot be a mailbox: {0}")]
    Mailbox(String),
    /// A mailbox to be restored has the name of one that is there.
    #[error("there is a mailbox `{0}` already; to restore under another name: --as")]
    MailboxExists(String),
    /// The source holds no mail of a kind that is known.
    #[error("{} holds neither a Maildir (a folder with `cur` and `new`) nor an mbox", .0.display())]
    NoMail(PathBuf),
    /// A password would cross the network in clear.
    #[error(
        "imap on {0} would take passwords in clear from other machines; set tls.certificate and \
         tls.key so that STARTTLS can protect them, or auth.cleartext_login = true"
    )]
    Cleartext(std::net::SocketAddr),
    /// The keys for access tokens cannot be used.
    #[error("{} cannot be used: {source}", path.display())]
    Keys {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: crate::oauth::KeyError,
    },
    /// Nobody listens on the folder's admin socket.
    #[error("no server runs on {}; begin one with: peregrine serve DIR", .0.display())]
    NoServer(PathBuf),
    /// The server said no.
    #[error("the server says: {0}")]
    Refused(String),
    /// The process may not serve.
    #[error(transparent)]
    Sandbox(#[from] crate::sandbox::SandboxError),
    /// The server could not start.
    #[error(transparent)]
    Server(#[from] crate::Error),
    /// The store refused or failed.
    #[error("{}", store_words(.0))]
    Store(#[from] peregrine_store::Error),
    /// A backup was not taken, or not restored.
    #[error("{}", backup_words(.0))]
    Backup(#[from] peregrine_store::backup::BackupError),
    /// A task of ours ended badly.
    #[error("internal failure: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// A store's error with the words that are not for clients but for the administrator.
fn store_words(error: &peregrine_store::Error) -> String {
    use peregrine_store::Error as Store;
    match error {
        Store::Corrupt { what } | Store::Bug { what } => format!("{error}: {what}"),
        Store::Unavailable { cause } => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}

/// The same for a backup's.
fn backup_words(error: &peregrine_store::backup::BackupError) -> String {
    match error {
        peregrine_store::backup::BackupError::Store(error) => store_words(error),
        other => other.to_string(),
    }
}

impl AdminError {
    /// Whether the store cannot go on at all, so that trying the next thing is senseless.
    fn is_fatal(error: &peregrine_store::Error) -> bool {
        use peregrine_store::Error as Store;
        matches!(
            error,
            Store::Full
                | Store::Corrupt { .. }
                | Store::Unavailable { .. }
                | Store::Stopped
                | Store::Bug { .. }
        )
    }

    fn file(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { what, path, source }
    }
}
