//! Every fault of `tests/mutations` still fits the code, and its test is there.

use super::{Finding, Source};
use crate::mutate::mutation;
use std::path::Path;

pub fn check(root: &Path, sources: &[Source], findings: &mut Vec<Finding>) {
    for (path, read) in mutation::all(root) {
        let fault = match read {
            Ok(fault) => fault,
            Err((line, error)) => {
                findings.push(Finding::new(path, line, error));
                continue;
            }
        };
        for piece in &fault.pieces {
            let text = std::fs::read_to_string(root.join(&piece.file)).unwrap_or_default();
            if let Err(error) = fault.apply(&piece.file, &text) {
                findings.push(Finding::new(&path, 0, error));
            }
        }
        let test = format!("fn {}(", fault.test_name());
        if !sources.iter().any(|source| source.is_rust() && source.text.contains(&test)) {
            findings.push(Finding::new(
                &path,
                0,
                format!("there is no test {}", fault.test_name()),
            ));
        }
    }
}
