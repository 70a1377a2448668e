//! A file is a room in which one finds one's way; a function is a screen.

use super::{Finding, Source};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 60;

pub fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    for source in sources.iter().filter(|source| source.is_rust()) {
        let count = source.text.lines().count();
        if count > FILE_LINES {
            let message = format!("{count} lines, {FILE_LINES} at most");
            findings.push(Finding::new(&source.path, 0, message));
        }
        for (line, length) in long_functions(&source.text) {
            let message = format!("a function of {length} lines, {FUNCTION_LINES} at most");
            findings.push(Finding::new(&source.path, line, message));
        }
    }
}

/// First line and length of each function that is too long. The code is formatted by rustfmt, so
/// a function ends at the first `}` that stands as far in as its head.
fn long_functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        if !is_function_head(body) {
            continue;
        }
        let margin = &line[..line.len() - body.len()];
        let end = lines[index..].iter().position(|candidate| {
            candidate.strip_prefix(margin).is_some_and(|rest| rest == "}" || rest == "};")
        });
        let one_line = body.ends_with(';') || body.ends_with("{}") || body.ends_with(" }");
        if let (Some(length), false) = (end, one_line)
            && length + 1 > FUNCTION_LINES
        {
            found.push((index + 1, length + 1));
        }
    }
    found
}

fn is_function_head(line: &str) -> bool {
    let mut rest = line;
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    rest.starts_with("fn ")
}
