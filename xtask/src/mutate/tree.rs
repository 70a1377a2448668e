//! The copy of the work tree that faults are put into.

use super::mutation::Mutation;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy, and the folder for what is built of it.
pub struct Tree {
    root: PathBuf,
    /// The copy.
    pub copy: PathBuf,
    /// What is built of it.
    pub target: PathBuf,
}

impl Tree {
    /// The copy of the tree at `root`, in the target folder.
    pub fn new(root: &Path) -> Self {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| root.join("target")).join("mutate");
        Self { root: root.to_owned(), copy: target.join("tree"), target: target.join("target") }
    }

    /// Makes the copy what the work tree is, but for the fault. Only what differs is written, so that
    /// only that is built again.
    ///
    /// # Errors
    /// Files that cannot be read or written, and a fault that does not fit.
    pub fn refresh(&self, fault: Option<&Mutation>) -> Result<(), String> {
        let wanted = files(&self.root, &["--cached", "--others", "--exclude-standard"])?;
        for file in &wanted {
            let octets = match std::fs::read(self.root.join(file)) {
                Ok(octets) => octets,
                // Deleted, and not committed yet.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error.to_string()),
            };
            let octets = match fault.filter(|it| it.pieces.iter().any(|piece| piece.file == *file))
            {
                Some(fault) => {
                    let text = String::from_utf8(octets).map_err(|error| error.to_string())?;
                    fault.apply(file, &text)?.into_bytes()
                }
                None => octets,
            };
            let copy = self.copy.join(file);
            if std::fs::read(&copy).is_ok_and(|there| there == octets) {
                continue;
            }
            write(&copy, &octets).map_err(|error| format!("{}: {error}", copy.display()))?;
            // Programs are copied as such.
            let permissions = std::fs::metadata(self.root.join(file)).map(|it| it.permissions());
            let set = permissions.and_then(|it| std::fs::set_permissions(&copy, it));
            set.map_err(|error| format!("{}: {error}", copy.display()))?;
        }
        self.remove_others(&wanted)
    }

    /// What was deleted in the work tree goes here too.
    fn remove_others(&self, wanted: &BTreeSet<PathBuf>) -> Result<(), String> {
        let mut folders = vec![self.copy.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let file = path.strip_prefix(&self.copy).unwrap_or(&path);
                if path.is_dir() {
                    folders.push(path);
                } else if !wanted.contains(file) || !self.root.join(file).exists() {
                    std::fs::remove_file(&path).map_err(|error| error.to_string())?;
                }
            }
        }
        Ok(())
    }
}

fn files(root: &Path, which: &[&str]) -> Result<BTreeSet<PathBuf>, String> {
    let listed =
        Command::new("git").args(["ls-files", "-z"]).args(which).current_dir(root).output();
    let listed = listed.map_err(|error| format!("git: {error}"))?;
    if !listed.status.success() {
        return Err("git does not list the files".into());
    }
    let text = String::from_utf8(listed.stdout).map_err(|error| error.to_string())?;
    Ok(text.split('\0').filter(|file| !file.is_empty()).map(PathBuf::from).collect())
}

fn write(path: &Path, octets: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, octets)
}
