//! From a place to a side that can be read and written.

use std::path::{Path, PathBuf};

use peregrine_client::Client;
use peregrine_client::migrate::{Imap, Side, Target};
use peregrine_server::admin::local::{self, Local, LocalFiles, LocalStore};

use super::local::LocalSide;
use super::place::Place;
use crate::account::Account;
use crate::account::secret::{self, Input};
use crate::failure::Failure;
use crate::load;
use crate::mail::connect;
use crate::output;

/// Largest password file that is read, in octets.
const PASSWORD_FILE: u64 = 4096;

/// What is needed beside the place.
pub struct Access<'a> {
    /// "source" or "target".
    pub which: &'static str,
    /// Whose mail, in a served folder.
    pub user: Option<&'a str>,
    /// A file whose first line is the password.
    pub password_file: Option<&'a Path>,
    /// The variable of the environment that may hold the password.
    pub variable: &'static str,
    /// The server's own certificate (PEM), where no authority vouches for it.
    pub certificate: Option<&'a PathBuf>,
}

/// What must stay open as long as a side is used, and be closed after.
pub enum Kept {
    /// A connection.
    Connection(Client),
    /// A store.
    Store(LocalStore),
    /// A temporary store, with its folder.
    Files(LocalFiles, tempfile::TempDir),
}

impl Kept {
    /// How many messages and mailboxes of files could not be read; each was told.
    pub fn unread(&self) -> u64 {
        match self {
            Self::Files(files, _) => files.problem_count,
            Self::Connection(_) | Self::Store(_) => 0,
        }
    }

    /// Ends it.
    pub async fn close(self) {
        match self {
            // What was done is done; a server that does not say goodbye changes nothing.
            Self::Connection(client) => drop(client.logout().await),
            Self::Store(store) => store.close().await,
            Self::Files(files, folder) => {
                files.store.close().await;
                drop(folder);
            }
        }
    }
}

/// Opens a source.
pub async fn source(place: &Place, access: &Access<'_>) -> Result<(Box<dyn Side>, Kept), Failure> {
    match place {
        Place::Server(account) => {
            let client = log_in(account, access).await?;
            let side = Imap::source(client.clone()).await.map_err(failed(access))?;
            Ok((Box::new(side), Kept::Connection(client)))
        }
        Place::Served(folder) => {
            let (local, kept) = user(folder, access).await?;
            Ok((Box::new(LocalSide::new(local)), kept))
        }
        Place::Files(path) => {
            let folder = tempfile::tempdir()
                .map_err(|error| Failure::Io("cannot make a temporary folder", error))?;
            let files = local::files(path, folder.path()).await?;
            for problem in &files.problems {
                let (place, reason) = (&problem.place, &problem.reason);
                eprintln!("not read: {}: {}", output::printable(place), output::printable(reason));
            }
            let more = files.problem_count.saturating_sub(files.problems.len() as u64);
            if more > 0 {
                eprintln!("not read: {} more", output::number(more));
            }
            let side = LocalSide::of_files(files.local.clone());
            Ok((Box::new(side), Kept::Files(files, folder)))
        }
    }
}

/// Opens a target.
pub async fn target(
    place: &Place,
    access: &Access<'_>,
) -> Result<(Box<dyn Target>, Kept), Failure> {
    match place {
        Place::Server(account) => {
            let client = log_in(account, access).await?;
            let side = Imap::target(client.clone()).await.map_err(failed(access))?;
            Ok((Box::new(side), Kept::Connection(client)))
        }
        Place::Served(folder) => {
            let (local, kept) = user(folder, access).await?;
            Ok((Box::new(LocalSide::new(local)), kept))
        }
        Place::Files(path) => Err(Failure::Usage(format!(
            "{} holds no peregrine.toml; the target is a server or a served folder (into a \
             Maildir: peregrine export)",
            path.display()
        ))),
    }
}

async fn user(folder: &Path, access: &Access<'_>) -> Result<(Local, Kept), Failure> {
    let Some(user) = access.user else {
        return Err(Failure::Usage(format!("whose mail in {}? Add --user NAME", folder.display())));
    };
    let config = load(folder)?;
    let (local, store) = local::open(&config, user).await?;
    Ok((local, Kept::Store(store)))
}

async fn log_in(account: &Account, access: &Access<'_>) -> Result<Client, Failure> {
    let mut account = account.clone();
    if let Some(path) = access.certificate {
        account.certificate = Some(path.clone());
    }
    let connector = account.connector()?;
    let secret = secret(&account, access).await?;
    let connected = connect::Access::new(account, connector, secret).connect().await;
    connected.map_err(|failure| Failure::Side { which: access.which, failure: Box::new(failure) })
}

async fn secret(account: &Account, access: &Access<'_>) -> Result<String, Failure> {
    if let Some(path) = access.password_file {
        use std::io::Read;
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(Failure::file(path))?;
        file.take(PASSWORD_FILE).read_to_string(&mut text).map_err(Failure::file(path))?;
        return Ok(text.lines().next().unwrap_or_default().to_owned());
    }
    match std::env::var(access.variable) {
        Ok(password) if !password.is_empty() => Ok(password),
        _ => secret::get(account, Input::Free).await,
    }
}

fn failed(access: &Access<'_>) -> impl FnOnce(peregrine_client::Error) -> Failure {
    let which = access.which;
    move |error| Failure::Side { which, failure: Box::new(Failure::Mail(error)) }
}
