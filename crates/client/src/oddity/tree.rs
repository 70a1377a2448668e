//! Lists, strings and words, whatever they mean: read more freely than the grammar allows.

use super::Oddity;
use bytes::Bytes;

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Node {
    /// In parentheses.
    List(Vec<Node>),
    /// Without quotes: NIL, a number, a flag, and whatever a server puts there.
    Atom(Bytes),
    /// In quotes, unescaped, or a literal.
    Text(Bytes),
}

/// How deep lists may lie in one another: twice what our own reader takes.
const MAX_DEPTH: usize = 256;

/// How many values one response may have, so that mending costs a bounded memory.
const MAX_NODES: usize = 256 << 10;

/// Reads values one after another.
pub(super) struct TreeReader<'a> {
    source: &'a Bytes,
    at: usize,
    nodes: usize,
    /// Words may follow a string, and not only NIL and numbers.
    pub(super) words: bool,
    pub(super) oddities: &'a mut Vec<Oddity>,
}

impl<'a> TreeReader<'a> {
    pub(super) fn new(source: &'a Bytes, at: usize, oddities: &'a mut Vec<Oddity>) -> Self {
        Self { source, at, nodes: 0, words: true, oddities }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Passes over spaces; more than one is odd.
    pub(super) fn spaces(&mut self) {
        let count = self.rest().iter().take_while(|octet| **octet == b' ').count();
        if count > 1 {
            self.oddities.push(Oddity::ExtraSpace);
        }
        self.at += count;
    }

    pub(super) fn accept(&mut self, octet: u8) -> bool {
        let there = self.rest().first() == Some(&octet);
        self.at += usize::from(there);
        there
    }

    /// The name of a FETCH item; what stands in brackets belongs to it.
    pub(super) fn item_name(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let mut open = false;
        let end = rest.iter().position(|octet| {
            match octet {
                b'[' => open = true,
                b']' => open = false,
                b' ' | b')' => return !open,
                _ => {}
            }
            false
        });
        let name = &rest[..end.unwrap_or(rest.len())];
        self.at += name.len();
        name
    }

    /// The next value; `None` where there is none, or it is out of all bounds.
    pub(super) fn value(&mut self) -> Option<Node> {
        let mut open: Vec<Vec<Node>> = Vec::new();
        loop {
            self.spaces();
            let node = match self.rest().first()? {
                b'(' => {
                    self.at += 1;
                    open.push(Vec::new());
                    if open.len() > MAX_DEPTH {
                        return None;
                    }
                    continue;
                }
                b')' => {
                    self.at += 1;
                    Node::List(open.pop()?)
                }
                b'"' => Node::Text(self.quoted()),
                b'{' => self.literal()?,
                _ => Node::Atom(self.atom()),
            };
            self.nodes += 1;
            if self.nodes > MAX_NODES {
                return None;
            }
            match open.last_mut() {
                Some(list) => list.push(node),
                None => return Some(node),
            }
        }
    }

    fn atom(&mut self) -> Bytes {
        let rest = self.rest();
        let end = rest.iter().position(|octet| matches!(octet, b' ' | b'(' | b')'));
        let atom = &rest[..end.unwrap_or(rest.len()).max(1)];
        self.at += atom.len();
        self.source.slice_ref(atom)
    }

    fn literal(&mut self) -> Option<Node> {
        let rest = self.rest();
        let end = memchr::memmem::find(rest, b"}\r\n")?;
        let length: usize = std::str::from_utf8(&rest[1..end]).ok()?.parse().ok()?;
        let octets = rest.get(end + 3..)?.get(..length)?;
        self.at += end + 3 + length;
        Some(Node::Text(self.source.slice_ref(octets)))
    }

    /// A string in quotes. A quote that nothing can follow which follows here is part of it.
    fn quoted(&mut self) -> Bytes {
        self.at += 1;
        let rest = self.rest();
        let mut text = Vec::new();
        let mut index = 0;
        while index < rest.len() {
            match rest[index] {
                b'\\' if matches!(rest.get(index + 1), Some(b'"' | b'\\')) => {
                    index += 1;
                    text.push(rest[index]);
                }
                b'"' if ends_here(&rest[index + 1..], self.words) => {
                    self.at += index + 1;
                    return text.into();
                }
                b'"' => {
                    self.oddities.push(Oddity::UnescapedQuote);
                    text.push(b'"');
                }
                octet => text.push(octet),
            }
            index += 1;
        }
        self.at += rest.len();
        text.into()
    }
}

/// Whether a string can end before this: behind it, only a parenthesis, the end, or a space and
/// another value may come.
fn ends_here(rest: &[u8], words: bool) -> bool {
    match rest {
        [] | [b')', ..] => true,
        [b' ', after @ ..] => match after {
            [] => true,
            _ if words => true,
            [b'"' | b'(' | b')' | b'{' | b' ' | b'-' | b'0'..=b'9', ..] => true,
            after => after.get(..3).is_some_and(|word| word.eq_ignore_ascii_case(b"NIL")),
        },
        _ => false,
    }
}

impl Node {
    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Self::Atom(atom) if atom.eq_ignore_ascii_case(b"NIL"))
    }

    /// The text; of an atom too, unless it is NIL.
    pub(super) fn text(&self) -> Option<&Bytes> {
        match self {
            Self::Text(text) => Some(text),
            Self::Atom(atom) if !self.is_nil() => Some(atom),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Node]> {
        match self {
            Self::List(nodes) => Some(nodes),
            _ => None,
        }
    }
}
