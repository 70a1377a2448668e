//! The stored form of a part tree: a version octet, then varints, some ten octets a part.
//!
//! ```text
//! version(1) flags(1) count, then for each part:
//! header.start - the last part's, header length, body.start - header.end, body length, lines, shape
//! shape: 0 = Single, 1 = Message and child - part, n + 1 = Multipart of n and the distances
//!        part -> first child -> second child ...
//! ```

use crate::limits::{MAX_DEPTH, MAX_PARTS};
use crate::{Kind, Part, Span, Structure};

/// First octet of the stored form.
const VERSION: u8 = 1;
/// Flag: `Structure::truncated`.
const TRUNCATED: u8 = 1;

impl Structure {
    /// The stored form. Equal structures give equal octets.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + self.parts.len() * 16);
        out.push(VERSION);
        out.push(if self.truncated { TRUNCATED } else { 0 });
        put(&mut out, self.parts.len() as u32);
        let mut last = 0;
        for (index, part) in (0_u32..).zip(&self.parts) {
            put(&mut out, part.header.start.wrapping_sub(last));
            last = part.header.start;
            put(&mut out, part.header.len());
            put(&mut out, part.body.start.wrapping_sub(part.header.end));
            put(&mut out, part.body.len());
            put(&mut out, part.lines);
            match &part.kind {
                Kind::Single => put(&mut out, 0),
                Kind::Message { child } => {
                    put(&mut out, 1);
                    put(&mut out, child.wrapping_sub(index));
                }
                Kind::Multipart { children } => {
                    put(&mut out, children.len() as u32 + 1);
                    let mut from = index;
                    for &child in children {
                        put(&mut out, child.wrapping_sub(from));
                        from = child;
                    }
                }
            }
        }
        out
    }

    /// Reads the stored form; `None` unless it is whole and describes a proper tree: each part but
    /// the root is the child of one part before it, within its body, and within
    /// [`crate::limits`]. The root begins at 0 and ends with the message, so a caller may compare
    /// `parts[0].body.end` with the message's length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Structure> {
        let (&[VERSION, flags @ 0..=TRUNCATED], rest) = bytes.split_first_chunk::<2>()? else {
            return None;
        };
        let mut reader = Reader { rest };
        let count = reader.take()? as usize;
        if count == 0 || count > MAX_PARTS {
            return None;
        }
        let mut parts = Vec::with_capacity(count);
        let mut parents = vec![u32::MAX; count];
        let mut last = 0;
        for index in 0..count as u32 {
            let part = reader.part(index, last, &mut parents)?;
            last = part.header.start;
            parts.push(part);
        }
        let structure = Structure { parts, truncated: flags == TRUNCATED };
        (reader.rest.is_empty() && structure.is_proper(&parents)).then_some(structure)
    }

    /// Whether each part lies in its parent's body, and not too deep.
    fn is_proper(&self, parents: &[u32]) -> bool {
        let mut depths = vec![1_usize; self.parts.len()];
        for (index, part) in self.parts.iter().enumerate() {
            if index == 0 {
                if part.header.start != 0 {
                    return false;
                }
                continue;
            }
            let parent = parents[index] as usize;
            // Parents come first, so theirs are known; an orphan has an index beyond the end.
            let (Some(around), Some(&depth)) = (self.parts.get(parent), depths.get(parent)) else {
                return false;
            };
            depths[index] = depth + 1;
            let within = around.body.start <= part.header.start && part.body.end <= around.body.end;
            if !within || depths[index] > MAX_DEPTH {
                return false;
            }
        }
        true
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// A varint: seven bits an octet, the lowest first.
    fn take(&mut self) -> Option<u32> {
        let mut value = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let (&octet, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(octet & 0x7f) << shift;
            if octet < 0x80 {
                return u32::try_from(value).ok();
            }
        }
        None
    }

    fn part(&mut self, index: u32, last: u32, parents: &mut [u32]) -> Option<Part> {
        let header = self.span(last)?;
        let body = self.span(header.end)?;
        let lines = self.take().filter(|&lines| lines <= body.len())?;
        let kind = match self.take()? {
            0 => Kind::Single,
            1 => Kind::Message { child: self.child(index, index, parents)? },
            more => {
                let count = more as usize - 1;
                // Each child takes an octet: a guard before memory is set aside.
                if count > self.rest.len() {
                    return None;
                }
                let mut children = Vec::with_capacity(count);
                let mut from = index;
                for _ in 0..count {
                    from = self.child(index, from, parents)?;
                    children.push(from);
                }
                Kind::Multipart { children }
            }
        };
        Some(Part { header, body, kind, lines })
    }

    fn span(&mut self, after: u32) -> Option<Span> {
        let start = after.checked_add(self.take()?)?;
        let end = start.checked_add(self.take()?)?;
        Some(Span { start, end })
    }

    /// A child's index, greater than `from`, of a part that has no parent yet.
    fn child(&mut self, parent: u32, from: u32, parents: &mut [u32]) -> Option<u32> {
        let distance = self.take().filter(|&distance| distance > 0)?;
        let child = from.checked_add(distance)?;
        let slot = parents.get_mut(child as usize).filter(|slot| **slot == u32::MAX)?;
        *slot = parent;
        Some(child)
    }
}

fn put(out: &mut Vec<u8>, value: u32) {
    let mut value = value;
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
