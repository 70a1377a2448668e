//! The page of hostile input is true: each row of the checklist stands there once, with tests that
//! exist or a reason why there is none, and no test of a row is left out.

use super::{Finding, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const PAGE: &str = "docs/hostile.md";
/// The checklist's rows are T01 to T65.
const ROWS: u32 = 65;
/// What a row says that has no test.
const NONE: &str = "no test";

pub fn check(root: &Path, sources: &[Source], findings: &mut Vec<Finding>) {
    let page = std::fs::read_to_string(root.join(PAGE)).unwrap_or_default();
    let functions = functions(sources);
    let mut seen = BTreeMap::new();
    for (number, line) in (1..).zip(page.lines()) {
        let Some(row) = line.strip_prefix("| T").and_then(|rest| rest.get(..2)?.parse().ok())
        else {
            continue;
        };
        let tests: BTreeSet<&str> = line.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() && !line.contains(NONE) {
            findings.push(Finding::new(PAGE, number, "neither a test nor a reason"));
        }
        for test in tests.iter().filter(|test| !functions.contains(*test)) {
            findings.push(Finding::new(PAGE, number, format!("there is no test {test}")));
        }
        let of_row = functions.iter().filter(|name| rows(name).any(|other| other == row));
        for test in of_row.filter(|name| !tests.contains(*name)) {
            findings.push(Finding::new(PAGE, number, format!("{test} is not here")));
        }
        if seen.insert(row, number).is_some() {
            findings.push(Finding::new(PAGE, number, format!("T{row:02} stands here twice")));
        }
    }
    for row in (1..=ROWS).filter(|row| !seen.contains_key(row)) {
        findings.push(Finding::new(PAGE, 0, format!("T{row:02} is not here")));
    }
}

/// The names of all functions without arguments.
fn functions(sources: &[Source]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for line in sources.iter().flat_map(|source| source.text.lines()) {
        let line = line.trim_start();
        let line = line.strip_prefix("async ").unwrap_or(line);
        names.extend(
            line.strip_prefix("fn ").and_then(|rest| rest.split_once("()")).map(|(n, _)| n),
        );
    }
    names
}

/// The rows in the name of a test, such as `t02_t03_broken_strings`.
fn rows(name: &str) -> impl Iterator<Item = u32> {
    name.split('_').map_while(|word| {
        let digits = word.strip_prefix('t').filter(|digits| digits.len() == 2)?;
        digits.parse().ok()
    })
}
