//! The page of capabilities is true: it has the whole registry, each once, and as advertised just
//! what the server says.

use super::Finding;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const PAGE: &str = "docs/rfcs.md";
const ADVERTISED: &str = "crates/server/src/capability.rs";
/// One a line, from the IANA registry "IMAP Capabilities".
const REGISTRY: &str = "xtask/imap-capabilities.txt";

pub fn check(root: &Path, findings: &mut Vec<Finding>) {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    let (page, source, registry) = (read(PAGE), read(ADVERTISED), read(REGISTRY));
    let mut sections: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut section = "";
    for (number, line) in (1..).zip(page.lines()) {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading;
        }
        for name in names(line) {
            sections.entry(section).or_default().insert(name);
            if !seen.insert(name) {
                findings.push(Finding::new(PAGE, number, format!("{name} stands here twice")));
            }
        }
        if line.starts_with("| ") && section == "Advertised" {
            check_proof(root, number, line, findings);
        }
    }
    let advertised = sections.remove("Advertised").unwrap_or_default();
    let said = literals(&source);
    for name in said.difference(&advertised) {
        findings.push(Finding::new(PAGE, 0, format!("{name} is advertised and not listed so")));
    }
    for name in advertised.difference(&said) {
        findings.push(Finding::new(PAGE, 0, format!("{name} is listed and not advertised")));
    }
    for name in registry.lines().filter(|name| !seen.contains(name)) {
        findings.push(Finding::new(PAGE, 0, format!("{name} is registered and not here")));
    }
}

/// The capabilities of a table's row.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let cell = line.strip_prefix("| ").and_then(|row| row.split(" | ").next());
    let names = cell.into_iter().flat_map(|cell| cell.split(", "));
    names.filter(|name| *name != "capability")
}

/// Every file that is named is there, and at least one is.
fn check_proof(root: &Path, number: usize, line: &str, findings: &mut Vec<Finding>) {
    let files: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
    if files.is_empty() && !line.starts_with("| capability") {
        findings.push(Finding::new(PAGE, number, "no file proves this"));
    }
    for file in files.into_iter().filter(|file| !root.join(file).exists()) {
        findings.push(Finding::new(PAGE, number, format!("there is no {file}")));
    }
}

/// What the server can say: `"X"`, and `X=` where more follows. APPENDLIMIT is registered without
/// its value.
fn literals(source: &str) -> BTreeSet<&str> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let strings = code.flat_map(|line| line.split('"').skip(1).step_by(2));
    strings
        .map(|text| text.split('{').next().unwrap_or(text))
        .map(|text| if text == "APPENDLIMIT=" { "APPENDLIMIT" } else { text })
        .filter(|text| !text.is_empty())
        .collect()
}
