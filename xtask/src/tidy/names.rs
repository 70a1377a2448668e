//! Names and words that the house does not use.

use super::{Finding, Source};

const MODULES: &[&str] = &["mod", "util", "utils", "common", "helper", "helpers", "misc"];

pub fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    // Written in halves, so that this file passes its own check.
    let unkeyed = concat!("BuildHasher", "Default");
    let unfinished = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!(")];
    for source in sources.iter().filter(|source| source.is_rust()) {
        let stem = source.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if MODULES.contains(&stem) {
            findings.push(Finding::new(&source.path, 0, format!("no module is named `{stem}`")));
        }
        if !source.text.starts_with("//!") {
            let message = "a file opens with `//!` and a sentence on its purpose";
            findings.push(Finding::new(&source.path, 1, message));
        }
        for (index, line) in source.text.lines().enumerate() {
            if line.contains(unkeyed) {
                let message = "a hasher without random keys: senders of mail choose what is hashed";
                findings.push(Finding::new(&source.path, index + 1, message));
            }
            if let Some(word) = unfinished.iter().find(|word| line.contains(**word)) {
                let message = format!("unfinished by its own words: {word}");
                findings.push(Finding::new(&source.path, index + 1, message));
            }
        }
    }
}
