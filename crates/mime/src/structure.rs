//! The part tree of a message: spans, parts, and how a section path finds one of them.

/// A half-open range of octets, counted from the message's first octet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first octet of the range.
    pub start: u32,
    /// The octet after the last one; never below `start`.
    pub end: u32,
}

impl Span {
    /// Length in octets.
    pub fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether nothing lies in the range.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The octets of the range. A range that does not lie in `message` gives an empty slice: the
    /// structure then belongs to another message.
    pub fn of(self, message: &[u8]) -> &[u8] {
        message.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The part tree of one message, as an arena in the order in which parts begin.
///
/// A child's index is always greater than its parent's, so the tree has no cycle by construction,
/// and a walk that follows the indices ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// The parts; `parts[0]` is the message itself.
    pub parts: Vec<Part>,
    /// Whether the message had more or deeper parts than [`crate::limits`] allows.
    pub truncated: bool,
}

/// One part: where it lies and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The header block, with the blank line that ends it. May be empty.
    pub header: Span,
    /// What follows the header block; its length is `body-fld-octets` (RFC 3501 §9). The line end
    /// before a boundary belongs to the boundary (RFC 2046 §5.1.1).
    pub body: Span,
    /// What the body is made of.
    pub kind: Kind,
    /// Lines of the body: the number of LF in it (`body-fld-lines`, RFC 3501 §9).
    pub lines: u32,
}

/// What a part's body is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, an image, anything without parts of its own.
    Single,
    /// `multipart/*` with at least one part.
    Multipart {
        /// Indices of the parts, in the order of the message; never empty.
        children: Vec<u32>,
    },
    /// `message/rfc822` or `message/global`.
    Message {
        /// Index of the enclosed message's root.
        child: u32,
    },
}

/// What a section path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartRef {
    /// The part: its body is `BODY[path]`, its header `BODY[path.MIME]`.
    pub part: u32,
    /// The message whose header and body are `BODY[path.HEADER]` and `BODY[path.TEXT]`: the root
    /// for the empty path, the enclosed message when the part is one.
    pub message: Option<u32>,
}

impl Structure {
    /// Of a header block alone, as a message without a body.
    pub fn of_header(block: &[u8]) -> Self {
        let end = u32::try_from(block.len()).unwrap_or(u32::MAX);
        let (header, body) = (Span { start: 0, end }, Span { start: end, end });
        let part = Part { header, body, kind: Kind::Single, lines: 0 };
        Self { parts: vec![part], truncated: false }
    }

    /// Finds the part that a section path names (RFC 3501 §6.4.5). Part numbers count from 1; the
    /// empty path is the whole message. A longer path costs no more than the tree is deep.
    ///
    /// ```
    /// let structure = peregrine_mime::parse(b"Subject: x\r\n\r\nbody\r\n");
    /// assert_eq!(structure.find(&[1]).unwrap().part, 0);
    /// assert_eq!(structure.find(&[2]), None);
    /// ```
    pub fn find(&self, path: &[u32]) -> Option<PartRef> {
        let mut found = PartRef { part: 0, message: Some(0) };
        for &number in path {
            let place = number.checked_sub(1)? as usize;
            let part = match found.message {
                // "Every message has at least one part number": of one that is no multipart, 1 is
                // the body.
                Some(message) => match &self.parts.get(message as usize)?.kind {
                    Kind::Multipart { children } => *children.get(place)?,
                    Kind::Single | Kind::Message { .. } if place == 0 => message,
                    Kind::Single | Kind::Message { .. } => return None,
                },
                None => match &self.parts.get(found.part as usize)?.kind {
                    Kind::Multipart { children } => *children.get(place)?,
                    Kind::Single | Kind::Message { .. } => return None,
                },
            };
            let message = match self.parts.get(part as usize)?.kind {
                Kind::Message { child } => Some(child),
                Kind::Single | Kind::Multipart { .. } => None,
            };
            found = PartRef { part, message };
        }
        Some(found)
    }
}
