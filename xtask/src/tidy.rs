//! `cargo xtask tidy`: the rules of the house that no compiler checks.

mod arrows;
mod capabilities;
mod commands;
mod hostile;
mod lengths;
mod mutations;
mod names;
pub mod references;
mod traps;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// One broken rule: where, and what is wrong.
pub struct Finding {
    path: PathBuf,
    /// Counted from 1; 0 for the file as a whole.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: impl Into<PathBuf>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

/// A text file of the project, its path relative to the root.
pub struct Source {
    path: PathBuf,
    text: String,
}

/// Runs every check and prints what it found.
pub fn run(root: &Path) -> ExitCode {
    let sources = sources(root);
    let mut findings = Vec::new();
    arrows::check(root, &mut findings);
    capabilities::check(root, &mut findings);
    commands::check(root, &mut findings);
    hostile::check(root, &sources, &mut findings);
    traps::check(root, &sources, &mut findings);
    mutations::check(root, &sources, &mut findings);
    lengths::check(&sources, &mut findings);
    names::check(&sources, &mut findings);
    references::check(root, &sources, &mut findings);
    for finding in &findings {
        println!("{}:{}: {}", finding.path.display(), finding.line, finding.message);
    }
    println!("tidy: {} files read, {} findings", sources.len(), findings.len());
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// All `.rs` and `.md` files outside hidden folders and `target`, in a stable order.
fn sources(root: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "corpus" {
                    folders.push(path);
                }
            } else if (name.ends_with(".rs") || name.ends_with(".md"))
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let path = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Source {
    fn is_rust(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "rs")
    }
}
