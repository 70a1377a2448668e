//! From the bytes of a message to its part tree.

use crate::{Kind, Part, Span, Structure};

/// Reads the part tree of a message.
pub fn parse(message: &[u8]) -> Structure {
    let end = message.len() as u32;
    let part = Part {
        header: Span::default(),
        body: Span { start: 0, end },
        kind: Kind::Single,
        lines: 0,
    };
    Structure { parts: vec![part], truncated: false }
}
