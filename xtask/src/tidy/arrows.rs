//! Which crate may know which: the arrows of ARCHITECTURE.md, read from the manifests.

use super::Finding;
use std::path::Path;

/// Crate, and the crates of ours that it may depend on. `testkit`, `tests` and `benches` see all.
const ARROWS: &[(&str, &[&str])] = &[
    ("proto", &[]),
    ("mime", &[]),
    ("kv", &[]),
    ("session", &["proto"]),
    ("store", &["proto", "mime", "kv"]),
    // kv only to open an engine, in engine.rs.
    ("server", &["session", "store", "proto", "mime", "kv"]),
    ("client", &["proto"]),
    ("check", &["proto"]),
    ("cli", &["server", "client", "check"]),
];

/// Only this file of the server may name the storage layer below the store.
const ENGINE_FILE: &str = "engine.rs";

pub fn check(root: &Path, findings: &mut Vec<Finding>) {
    for (name, allowed) in ARROWS {
        let manifest = Path::new("crates").join(name).join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(root.join(&manifest)) else { continue };
        for (line, dependency) in dependencies(&text) {
            if !allowed.contains(&dependency) {
                let message = format!("forbidden arrow: {name} may not depend on {dependency}");
                findings.push(Finding::new(&manifest, line, message));
            }
        }
    }
    check_engine_file(root, Path::new("crates/server/src"), findings);
}

/// Our crates named in `[dependencies]`; what only tests need may be anything.
fn dependencies(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut section = "";
    manifest.lines().enumerate().filter_map(move |(index, line)| {
        if line.starts_with('[') {
            section = line.trim();
        }
        let name = line.strip_prefix("peregrine-")?.split(['.', ' ', '=']).next()?;
        (section == "[dependencies]").then_some((index + 1, name))
    })
}

fn check_engine_file(root: &Path, folder: &Path, findings: &mut Vec<Finding>) {
    for entry in std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
        let relative = folder.join(entry.file_name());
        if entry.path().is_dir() {
            check_engine_file(root, &relative, findings);
        } else if entry.file_name() != ENGINE_FILE {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            for (index, line) in text.lines().enumerate() {
                if line.contains("peregrine_kv") && !line.trim_start().starts_with("//") {
                    let message = format!("only {ENGINE_FILE} may name the storage engines");
                    findings.push(Finding::new(&relative, index + 1, message));
                }
            }
        }
    }
}
