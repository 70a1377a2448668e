//! Several files at once from one connection.

use std::path::{Path, PathBuf};

use peregrine_client::proto::{Section, Uid};
use peregrine_client::{Items, Mailbox};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use super::Wanted;
use crate::failure::Failure;
use crate::mail::text;

/// What became of a file.
#[derive(Debug)]
pub enum Saved {
    /// It has so many octets.
    Written(u64),
    /// It was there already.
    Present,
    /// Why not.
    Failed(Failure),
}

/// Files on their way.
pub struct Saving {
    mailbox: Mailbox,
    force: bool,
    waiting: std::vec::IntoIter<Wanted>,
    running: JoinSet<(Wanted, Saved)>,
}

impl Saving {
    /// Begins with so many at once.
    pub fn new(mailbox: Mailbox, force: bool, wanted: Vec<Wanted>, at_once: usize) -> Self {
        let waiting = wanted.into_iter();
        let mut saving = Self { mailbox, force, waiting, running: JoinSet::new() };
        (0..at_once).for_each(|_| saving.begin());
        saving
    }

    /// The next that has ended.
    pub async fn next(&mut self) -> Option<(Wanted, Saved)> {
        loop {
            let ended = self.running.join_next().await?;
            self.begin();
            // A task ends badly only where it panicked, which was told on standard error.
            if let Ok(ended) = ended {
                return Some(ended);
            }
        }
    }

    fn begin(&mut self) {
        let Some(wanted) = self.waiting.next() else { return };
        let (mailbox, force) = (self.mailbox.clone(), self.force);
        self.running.spawn(async move {
            let saved = save(&mailbox, &wanted, force).await;
            (wanted, saved.unwrap_or_else(Saved::Failed))
        });
    }
}

async fn save(mailbox: &Mailbox, wanted: &Wanted, force: bool) -> Result<Saved, Failure> {
    let path = &wanted.file;
    if !force && tokio::fs::symlink_metadata(path).await.is_ok() {
        return Ok(Saved::Present);
    }
    // Half a file never has the name of a whole one.
    let new = beside(path);
    let result = write(mailbox, wanted, &new).await;
    let result = match result {
        Ok(length) => {
            place(&new, path).await.map(|()| Saved::Written(length)).map_err(Failure::file(path))
        }
        Err(failure) => Err(failure),
    };
    if result.is_err() {
        _ = tokio::fs::remove_file(&new).await;
    }
    result
}

/// Gives a file its name when all of it is on the disk: what has a name is not fetched again, also
/// after a power cut.
async fn place(new: &Path, path: &Path) -> std::io::Result<()> {
    tokio::fs::File::open(new).await?.sync_all().await?;
    tokio::fs::rename(new, path).await
}

async fn write(mailbox: &Mailbox, wanted: &Wanted, path: &Path) -> Result<u64, Failure> {
    let uid = std::num::NonZeroU32::new(wanted.uid).map(Uid);
    let uid = uid.ok_or_else(|| Failure::Usage("a UID is not 0".to_owned()))?;
    let failed = |error| Failure::file(path)(error);
    if let Some(part) = &wanted.decode {
        let section = part.section();
        let found = mailbox.fetch_one(uid, Items::new().section(section.clone())).await?;
        let message = found.ok_or(Failure::NoMessage(uid))?;
        let octets = message.text(&section).map(|octets| text::decoded(part, octets));
        let octets = octets.unwrap_or_default();
        tokio::fs::write(path, &octets).await.map_err(failed)?;
        return Ok(octets.len() as u64);
    }
    let mut reader = mailbox.read(uid, Section::default());
    let mut file = tokio::fs::File::create(path).await.map_err(failed)?;
    let mut length = 0;
    while let Some(octets) = reader.next().await? {
        file.write_all(&octets).await.map_err(failed)?;
        length += octets.len() as u64;
    }
    file.flush().await.map_err(failed)?;
    Ok(length)
}

/// A name in the same folder that no fetched file has.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
