//! A new server's folder: configuration, certificate, store and first user.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{AdminError, user};
use crate::config::{self, Config};

/// Only the server's own user may look: the folder holds mail and a private key.
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;
const PUBLIC_FILE: u32 = 0o644;

/// Makes `folder` ready to be served, with one user.
///
/// Nothing that is there is overwritten, and on a failure everything that was made is removed
/// again, so that it can be tried once more.
///
/// # Errors
/// [`AdminError::Exists`], [`AdminError::Password`], [`AdminError::File`].
pub async fn init(folder: &Path, user: &str, password: &str) -> Result<Config, AdminError> {
    let name = user::prepare_name(user)?;
    let credentials = user::prepare_password(password).await?;
    make(folder, Some((name, credentials))).await
}

/// Makes `folder` ready to be served, without a user: for one that is to be restored.
///
/// # Errors
/// [`AdminError::Exists`], [`AdminError::File`].
pub async fn init_empty(folder: &Path) -> Result<Config, AdminError> {
    make(folder, None).await
}

async fn make(
    folder: &Path,
    first: Option<(String, peregrine_store::Credentials)>,
) -> Result<Config, AdminError> {
    let config = Config::defaults(folder);
    let parts = [
        folder.join(config::FILE_NAME),
        config.tls.certificate.clone(),
        config.tls.key.clone(),
        config.store.path.clone(),
    ];
    if let Some(taken) = parts.iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(AdminError::Exists(taken.clone()));
    }
    let mut undo = Undo::default();
    make_folder(folder, &mut undo)?;
    let names = ["localhost".to_owned(), host_name(), "127.0.0.1".into(), "::1".into()];
    let (certificate, key) = crate::tls::self_signed(&names).map_err(crate::Error::from)?;
    write_new(&config.tls.certificate, PUBLIC_FILE, &certificate, &mut undo)?;
    write_new(&config.tls.key, PRIVATE_FILE, &key, &mut undo)?;
    // Private by itself too: `folder` may have been there before, for all to read.
    make_folder(&config.store.path, &mut undo)?;
    let store = user::open_store(&config).await?;
    let created = match first {
        Some((name, credentials)) => store.create_account(&name, credentials).await.map(drop),
        None => Ok(()),
    };
    store.close().await;
    created?;
    // Last, since it is what makes the folder a server's.
    write_new(&folder.join(config::FILE_NAME), PUBLIC_FILE, &config::template(), &mut undo)?;
    sync_folder(folder)?;
    undo.0.clear();
    Ok(config)
}

/// This machine's name; `localhost` where it tells none.
#[must_use]
pub fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = name.unwrap_or_default().trim().to_owned();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if name.is_empty() || !name.chars().all(plain) { "localhost".into() } else { name }
}

/// What was made so far; removed when dropped.
#[derive(Default)]
struct Undo(Vec<PathBuf>);

impl Drop for Undo {
    fn drop(&mut self) {
        for path in self.0.drain(..).rev() {
            // A failure here has nobody to tell: the first one is already on its way.
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

fn make_folder(folder: &Path, undo: &mut Undo) -> Result<(), AdminError> {
    let made = DirBuilder::new().mode(PRIVATE_FOLDER).create(folder);
    match made {
        Ok(()) => undo.0.push(folder.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        Err(error) => return Err(AdminError::file("cannot make", folder)(error)),
    }
    Ok(())
}

fn write_new(path: &Path, mode: u32, text: &str, undo: &mut Undo) -> Result<(), AdminError> {
    let fail = || AdminError::file("cannot write", path);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(fail())?;
    undo.0.push(path.to_owned());
    file.write_all(text.as_bytes()).map_err(fail())?;
    file.sync_all().map_err(fail())
}

fn sync_folder(folder: &Path) -> Result<(), AdminError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(AdminError::file("cannot sync", folder))
}
