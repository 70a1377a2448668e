//! RFC references exist: `RFC 3501 §6.4.5` names an RFC of the index and a section that it has.

use super::{Finding, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

/// Lines of `number section section …`, made by `cargo xtask rfc-index` from the texts.
const INDEX: &str = "xtask/rfc-sections.txt";

pub fn check(root: &Path, sources: &[Source], findings: &mut Vec<Finding>) {
    let text = std::fs::read_to_string(root.join(INDEX)).unwrap_or_default();
    let index: BTreeMap<&str, BTreeSet<&str>> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.collect()))
        })
        .collect();
    for source in sources {
        for (number, line) in source.text.lines().enumerate() {
            for (rfc, section) in references(line) {
                if let Some(message) = fault(&index, rfc, section) {
                    findings.push(Finding::new(&source.path, number + 1, message));
                }
            }
        }
    }
}

fn fault(
    index: &BTreeMap<&str, BTreeSet<&str>>,
    rfc: &str,
    section: Option<&str>,
) -> Option<String> {
    let Some(sections) = index.get(rfc) else {
        // Not among the stored texts: nothing to check it against.
        return (rfc.len() < 3).then(|| format!("there is no RFC {rfc}"));
    };
    let section = section?;
    (!sections.contains(section)).then(|| format!("RFC {rfc} has no section {section}"))
}

/// Every `RFC n` of a line, with the section where ` §s` follows.
fn references(line: &str) -> Vec<(&str, Option<&str>)> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("RFC ") {
        rest = &rest[at + 4..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            continue;
        }
        let (number, behind) = rest.split_at(digits);
        let section = behind.strip_prefix(" §").map(|section| {
            let end = section.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            section[..end.unwrap_or(section.len())].trim_end_matches('.')
        });
        found.push((number, section));
        rest = behind;
    }
    found
}

/// Writes the index anew from a folder of `rfcNNNN.txt`.
pub fn write_index(root: &Path, folder: &Path) -> ExitCode {
    let mut lines = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix("rfc").and_then(|rest| rest.strip_suffix(".txt"));
        let (Some(number), Ok(bytes)) = (number, std::fs::read(entry.path())) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let sections: BTreeSet<&str> = text.lines().filter_map(heading).collect();
        let sections: Vec<&str> = sections.into_iter().collect();
        lines
            .insert(number.parse::<u32>().unwrap_or(0), format!("{number} {}", sections.join(" ")));
    }
    let text: String = lines.values().map(|line| format!("{}\n", line.trim_end())).collect();
    match std::fs::write(root.join(INDEX), text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{INDEX}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The section number of a line such as `6.4.5.  FETCH Command` or `Appendix A.  …`; headings of
/// older RFCs are indented by up to three blanks in tables of contents, which name the same.
fn heading(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("Appendix ").unwrap_or(line);
    let number = line.split_whitespace().next()?.trim_end_matches('.');
    let mut parts = number.split('.');
    let first = parts.next()?;
    let leads = first.bytes().all(|b| b.is_ascii_digit()) && first.len() <= 2
        || first.len() == 1 && first.bytes().all(|b| b.is_ascii_uppercase());
    let plain = parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    (leads && !first.is_empty() && plain && line.len() > number.len()).then_some(number)
}
