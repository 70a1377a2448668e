//! Comparing text without regard to case, in any script: the collation i;unicode-casemap
//! (RFC 5051), for SEARCH, SORT and THREAD (RFC 5255 §4.2).

use icu_casemap::CaseMapper;
use memchr::memmem::Finder;
use unicode_normalization::char::decompose_compatible;

/// The form in which texts are compared, by their octets (RFC 5051 §2): each character in title
/// case, and taken apart.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let mapper = CaseMapper::new();
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0'..='\x7F' => out.push(character.to_ascii_uppercase()),
            // Hangul syllables are taken apart by arithmetic, not by UnicodeData.txt.
            '\u{AC00}'..='\u{D7A3}' => out.push(character),
            _ => {
                let title = mapper.simple_titlecase(character);
                decompose_compatible(title, |part| out.push(part));
            }
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5051 §2, its example among them.
    #[test]
    fn folds_as_i_unicode_casemap() {
        for (text, folded) in [
            ("Hello [x]_", "HELLO [X]_"),
            ("\u{1C4}", "Dz\u{30C}"),
            ("gr\u{fc}\u{df}e", "GRU\u{308}\u{df}E"),
            ("\u{fb01}x", "fiX"),
            ("\u{ff21}\u{ff42}", "AB"),
            ("\u{3c3}\u{3c2}\u{3a3}", "\u{3a3}\u{3a3}\u{3a3}"),
            ("\u{434}\u{419}", "\u{414}\u{418}\u{306}"),
            ("\u{ac00}", "\u{ac00}"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
