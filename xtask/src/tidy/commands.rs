//! The rule of four files: a command has words, a deed, a call and a proof of one name.

use super::Finding;
use std::path::{Path, PathBuf};

/// Folder, ending, and the crate without which the file is not asked for.
const LAYERS: &[(&str, &str, &str)] = &[
    ("crates/server/src/command", "rs", "crates/server"),
    ("crates/client/src/command", "rs", "crates/client"),
    ("tests/scripts", "imap", "tests"),
];

pub fn check(root: &Path, findings: &mut Vec<Finding>) {
    let words = Path::new("crates/proto/src/command");
    let mut names = stems(&root.join(words));
    names.sort();
    for (folder, ending, needs) in LAYERS {
        if !root.join(needs).exists() {
            continue;
        }
        for name in &names {
            let file = PathBuf::from(folder).join(format!("{name}.{ending}"));
            if !root.join(&file).exists() {
                findings.push(Finding::new(&file, 0, format!("command {name} lacks this file")));
            }
        }
    }
}

fn stems(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path()).filter(|path| path.is_file());
    let names = files.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    // What tests all commands together is no command.
    names.filter(|name| name != "tests").collect()
}
