//! A mistake in the configuration, with its place.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// One mistake in the configuration file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}:{line}:{column}: {message}", file.display())]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// Octets of the file that are wrong; empty when the file as a whole is.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or what to do.
    pub help: Option<String>,
}

impl ConfigError {
    /// A mistake at `span` of `text`.
    pub fn at(file: &Path, text: &str, span: Range<usize>, message: String) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span,
            message,
            help: None,
        }
    }

    /// A mistake of the file as a whole.
    pub fn whole_file(file: &Path, message: String) -> Self {
        Self::at(file, "", 0..0, message)
    }

    /// Adds what was probably meant.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
