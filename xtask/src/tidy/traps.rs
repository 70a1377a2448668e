//! The page of traps is true: each stands there once, with scripts and tests that exist or a reason
//! why there are none, and no script that is named for a trap is left out.

use super::{Finding, Source};
use std::collections::BTreeSet;
use std::path::Path;

const PAGE: &str = "docs/traps.md";
const SCRIPTS: &str = "tests/scripts";
/// The list's rows are 1 to 51.
const ROWS: usize = 51;
/// What a row says that has no script.
const NONE: &str = "no script";

pub fn check(root: &Path, sources: &[Source], findings: &mut Vec<Finding>) {
    let page = std::fs::read_to_string(root.join(PAGE)).unwrap_or_default();
    let scripts = scripts(root);
    let mut named = BTreeSet::new();
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(page.lines()) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, row, _, _, proof, _] = cells[..] else { continue };
        let Ok(row) = row.parse::<usize>() else { continue };
        rows.push(row);
        let proofs: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        if proofs.is_empty() && !proof.contains(NONE) {
            findings.push(Finding::new(PAGE, number, "neither a script nor a reason"));
        }
        let exists = |proof: &str| {
            let function = format!("fn {proof}(");
            proof.starts_with("peregrine ")
                || scripts.contains(proof)
                || sources.iter().any(|source| source.text.contains(&function))
        };
        for proof in proofs.iter().filter(|proof| !exists(proof)) {
            findings.push(Finding::new(PAGE, number, format!("there is no {proof}")));
        }
        named.extend(proofs.iter().map(|proof| (*proof).to_owned()));
    }
    if rows != Vec::from_iter(1..=ROWS) {
        findings.push(Finding::new(PAGE, 0, format!("the rows are not 1 to {ROWS}")));
    }
    for script in scripts.iter().filter(|one| one.starts_with("trap-") && !named.contains(*one)) {
        findings.push(Finding::new(PAGE, 0, format!("{script} is not here")));
    }
}

fn scripts(root: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root.join(SCRIPTS)).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
