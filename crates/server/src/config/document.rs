//! What all files in TOML have in common: syntax errors with their places, and misspelt words.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::ConfigError;

/// Words this similar (0 to 1, Jaro-Winkler) are taken for a slip of the pen.
const SIMILAR: f64 = 0.8;

/// Reads `text`, which stands in `file`, as TOML: values with their places.
///
/// # Errors
/// Each line that is no TOML.
pub fn document<'t>(file: &Path, text: &'t str) -> Result<Spanned<DeTable<'t>>, Vec<ConfigError>> {
    let (table, syntax) = DeTable::parse_recoverable(text);
    let spot = |error: &toml::de::Error| visible(text, error.span().unwrap_or(0..0));
    let mut syntax: Vec<_> = syntax.iter().map(|error| (spot(error), error)).collect();
    syntax.sort_by_key(|(span, _)| span.start);
    // What else the parser says of the same line follows from the first.
    let line = |span: &Range<usize>| text.get(..span.start).map(|text| text.matches('\n').count());
    syntax.dedup_by_key(|(span, _)| line(span));
    // What the parser skipped to recover would look unknown or missing: tell its errors alone.
    if syntax.is_empty() {
        return Ok(table);
    }
    let tell = |(span, error): (Range<usize>, &toml::de::Error)| {
        ConfigError::at(file, text, span, format!("this is no TOML: {}", error.message()))
    };
    Err(syntax.into_iter().map(tell).collect())
}

/// `did you mean …?`, where one of the words is much like this one.
pub fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    let word = word.to_lowercase().replace('-', "_");
    let (similarity, best) = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&word, candidate), *candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (similarity >= SIMILAR).then(|| format!("did you mean `{best}`?"))
}

/// A span that can be underlined: the parser's is empty or a line's end where something is missing;
/// then the last octets before it.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    if text.get(span.clone()).is_some_and(|text| !text.trim().is_empty()) {
        return span;
    }
    let before = text.get(..span.start).unwrap_or_default().trim_end();
    let last = before.char_indices().next_back();
    last.map_or(0..0, |(start, _)| start..before.len())
}
