//! Changing `accounts.toml`: everything that is not changed stays as it is, comments too.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use peregrine_client::Security;
use toml_edit::{DocumentMut, Item, Table, value};

use super::{Account, Method, SECURITY};
use crate::failure::Failure;

/// Adds a section.
pub fn add(path: &Path, name: &str, account: &Account) -> Result<(), Failure> {
    let mut document = read(path)?;
    let mut section = Table::new();
    let mut set = |key: &str, text: &str| section.insert(key, value(text));
    set("host", &account.host);
    set("user", &account.user);
    if account.security != Security::Tls {
        let word = SECURITY.iter().find(|(_, one)| *one == account.security);
        set("security", word.map_or("tls", |(word, _)| word));
    }
    if account.mechanism != Method::Auto {
        set("mechanism", account.mechanism.word());
    }
    if let Some(command) = &account.password_command {
        set("password_command", command);
    }
    if let Some(certificate) = &account.certificate {
        set("certificate", &certificate.to_string_lossy());
    }
    if account.port != Account::default_port(account.security) {
        section.insert("port", value(i64::from(account.port)));
    }
    if !document.is_empty() {
        section.decor_mut().set_prefix("\n");
    }
    document.insert(name, Item::Table(section));
    write(path, &document.to_string())
}

/// Removes a section; false where there is none.
pub fn remove(path: &Path, name: &str) -> Result<bool, Failure> {
    let mut document = read(path)?;
    let there = document.remove(name).is_some();
    if there {
        write(path, &document.to_string())?;
    }
    Ok(there)
}

fn read(path: &Path) -> Result<DocumentMut, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failure::file(path)(error)),
    };
    text.parse().map_err(|error: toml_edit::TomlError| {
        Failure::file(path)(std::io::Error::other(error.message().to_owned()))
    })
}

/// Replaces the file at once, so that nobody ever sees half of it. Others may not read it.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    // Where the file is a link, the file behind it is meant.
    let path: PathBuf = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(Failure::file(folder))?;
    }
    let mut new = path.clone().into_os_string();
    new.push(format!(".{}", std::process::id()));
    let new = PathBuf::from(new);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&new, &path));
    written.map_err(|error| {
        _ = std::fs::remove_file(&new);
        Failure::file(&path)(error)
    })
}
