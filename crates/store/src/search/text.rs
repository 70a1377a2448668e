//! Comparing text without regard to case, in any script.

use memchr::memmem::Finder;

/// The form in which texts are compared: lower case, letter by letter.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// A text that is looked for in others.
#[derive(Clone, Debug)]
pub(crate) struct Needle(Finder<'static>);

impl Needle {
    pub(crate) fn new(text: &str) -> Self {
        Self(Finder::new(fold(text).as_bytes()).into_owned())
    }

    /// Whether it is in a text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.is_in_folded(&fold(text))
    }

    /// Whether it is in a text that is folded already.
    pub(crate) fn is_in_folded(&self, text: &str) -> bool {
        self.0.find(text.as_bytes()).is_some()
    }
}
