//! Repairing a store: a new one beside it, in order, which then takes its place. The damaged one is
//! kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use peregrine_store::{Damage, Repaired, Tell};

use super::AdminError;
use crate::config::Config;
use crate::engine::Copied;

/// Under this name the lost messages are listed in the folder of the damaged store.
pub const LISTING: &str = "lost-messages.txt";

/// A repaired store that has not taken its place yet.
pub struct Repair {
    /// What was wrong, and what was done.
    pub repaired: Repaired,
    /// What could not be read of the rows' file itself.
    pub file: Vec<String>,
    /// What is still wrong: nothing.
    pub left: Vec<Damage>,
    old: PathBuf,
    new: PathBuf,
    /// Nobody else uses the store meanwhile.
    _lock: fs::File,
}

impl Repair {
    /// Makes a repaired store beside the one that the configuration names, which nobody may use.
    /// It takes as much room as the rows' file; objects are shared.
    ///
    /// # Errors
    /// [`AdminError::Server`] where the store is in use or none, [`AdminError::File`],
    /// [`AdminError::Store`].
    pub async fn prepare(config: &Config, tell: &mut Tell<'_>) -> Result<Self, AdminError> {
        let old = config.store.path.clone();
        let new = beside(&old, "repair");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(AdminError::file("cannot remove", &new))?;
        }
        let Copied { engine, damage: file, lock } = crate::engine::rescue(&old, &new).await?;
        let outcome = async {
            let suspicious = !file.is_empty();
            let repaired = peregrine_store::repair(&engine, suspicious, tell).await?;
            let left = peregrine_store::verify(&engine, None, tell).await?.damage;
            Ok::<_, AdminError>((repaired, left))
        }
        .await;
        engine.close().await;
        drop(engine);
        let (repaired, left) = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                // What cannot be removed is overwritten next time.
                let _ = fs::remove_dir_all(&new);
                return Err(error);
            }
        };
        Ok(Self { repaired, file, left, old, new, _lock: lock })
    }

    /// Whether there is anything to repair.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !self.file.is_empty() || !self.repaired.damage.is_empty()
    }

    /// Puts the repaired store into its place; tells where the damaged one is now.
    ///
    /// # Errors
    /// [`AdminError::File`].
    pub fn apply(self) -> Result<PathBuf, AdminError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let kept = beside(&self.old, &format!("damaged-{}", now.as_secs()));
        // Before anything moves: nobody could tell any more what it says.
        let listing = self.old.join(LISTING);
        let lines = lines(&self.repaired.lost);
        fs::write(&listing, lines).map_err(AdminError::file("cannot write", &listing))?;
        fs::rename(&self.old, &kept).map_err(AdminError::file("cannot rename", &self.old))?;
        if let Err(error) = fs::rename(&self.new, &self.old) {
            // Better the damaged one in its place than none.
            let _ = fs::rename(&kept, &self.old);
            return Err(AdminError::file("cannot rename", &self.new)(error));
        }
        let folder = self.old.parent().unwrap_or(Path::new("."));
        let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(AdminError::file("cannot sync", folder))?;
        Ok(kept)
    }

    /// Leaves everything as it was.
    ///
    /// # Errors
    /// [`AdminError::File`].
    pub fn discard(self) -> Result<(), AdminError> {
        fs::remove_dir_all(&self.new).map_err(AdminError::file("cannot remove", &self.new))
    }
}

/// A path with something behind its name.
fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(what);
    path.with_file_name(name)
}

/// One line each, whatever the subjects of messages hold.
fn lines(lost: &[String]) -> String {
    lost.iter().map(|line| line.replace(char::is_control, "\u{fffd}") + "\n").collect()
}

#[cfg(test)]
mod tests {
    /// A subject neither makes up a line of its own nor drives the terminal of who reads the list.
    #[test]
    fn subjects_stay_in_their_lines() {
        let lost = ["a: INBOX: \u{1b}[2Jx".to_owned(), "b\r\nc: INBOX: all is well".to_owned()];
        assert_eq!(
            super::lines(&lost),
            "a: INBOX: \u{fffd}[2Jx\nb\u{fffd}\u{fffd}c: INBOX: all is well\n"
        );
    }
}
