//! Why octets could not be read as a command or a response.

use crate::{Code, Tag};
use std::borrow::Cow;

/// A command or response that does not follow the grammar.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// The command's tag where that much could be read; always `None` for responses.
    pub tag: Option<Tag>,
    /// Octets before the place, from the start of the frame.
    pub offset: usize,
    /// A sentence for a person: what is wrong, where, and what stands there.
    pub message: Cow<'static, str>,
    /// What a program should be told with it.
    pub code: Option<Code>,
}
