//! From the bytes of a message to its part tree, in one pass and without recursion.
//!
//! Time is linear in the message: bodies are searched for `LF "--"`, and each such line is compared
//! with the open boundaries, of which there are fewer than [`MAX_DEPTH`]; eight octets of each
//! are compared at once, and only a hit there is compared further.
//!
//! Choices where the RFCs leave one:
//! - MIME-Version is not asked for; many messages lack it, and every client reads them as MIME.
//! - A multipart without a boundary parameter, or whose boundary never occurs, is
//!   [`Kind::Single`], and told as text/plain, so that its text can be read.
//! - A message/rfc822 in base64 or quoted-printable (RFC 2046 §5.2.1 forbids it) is
//!   [`Kind::Single`], since ranges of the message cannot describe its inside.
//! - A boundary that is never closed ends with the part around it, or with the message.

use crate::content::{ContentType, is_message, is_multipart};
use crate::header::{Field, blank_line, field_at};
use crate::limits::{MAX_DEPTH, MAX_FIELD, MAX_MESSAGE, MAX_PARTS};
use crate::{Kind, Part, Span, Structure, transfer};
use memchr::{memchr, memchr_iter, memmem};
use std::borrow::Cow;

/// Reads the part tree of a message. Any bytes give a tree; see [`crate::limits`] for its bounds.
pub fn parse(message: &[u8]) -> Structure {
    let message = &message[..message.len().min(MAX_MESSAGE)];
    let mut parser = Parser {
        message,
        finder: memmem::Finder::new(b"\n--"),
        parts: Vec::with_capacity(4),
        open: Vec::with_capacity(4),
        boundaries: Vec::new(),
        counted: 0,
        lines: 0,
        truncated: false,
    };
    parser.run();
    Structure { parts: parser.parts, truncated: parser.truncated }
}

struct Parser<'a> {
    message: &'a [u8],
    finder: memmem::Finder<'static>,
    parts: Vec<Part>,
    /// The parts from the root to the one being read.
    open: Vec<Open>,
    /// Boundaries that may still occur, outermost first.
    boundaries: Vec<Boundary<'a>>,
    /// Up to where LFs have been counted, and how many.
    counted: usize,
    lines: u32,
    truncated: bool,
}

/// A part whose end has not been met.
struct Open {
    part: u32,
    inside: Inside,
}

enum Inside {
    Nothing,
    Message,
    Multipart { digest: bool, children: Vec<u32> },
}

/// A boundary parameter in force, with its first eight octets ready for comparison.
struct Boundary<'a> {
    /// Index into `open`.
    owner: usize,
    text: Cow<'a, [u8]>,
    prefix: u64,
    mask: u64,
}

/// A line that is a boundary.
struct Delimiter {
    /// Index into `open` of the multipart it belongs to.
    owner: usize,
    /// Where the line begins, and the index behind its end.
    start: usize,
    end: usize,
    /// `--boundary--`
    closes: bool,
}

/// What a header block says about the part it stands in front of.
#[derive(Default)]
struct Heading<'a> {
    end: usize,
    /// Whether there was a Content-Type field.
    typed: bool,
    media: Option<(&'a [u8], &'a [u8])>,
    /// Of a multipart.
    boundary: Option<Cow<'a, [u8]>>,
    encoding: Option<&'a [u8]>,
}

impl<'a> Parser<'a> {
    fn run(&mut self) {
        let mut at = 0;
        let mut digest = false;
        loop {
            let heading = self.heading(at);
            let mut next = heading.end;
            if self.begin(at, heading, digest) {
                // An enclosed message begins where the body of its part does.
                digest = false;
                at = next;
                continue;
            }
            loop {
                let Some(found) = self.delimiter(next) else {
                    return self.close(0, self.message.len());
                };
                next = found.end;
                if !found.closes && self.parts.len() >= MAX_PARTS {
                    // The line stays in the body of the last part.
                    self.truncated = true;
                    continue;
                }
                self.close(found.owner + 1, self.before_line_end(found.start));
                if !found.closes {
                    break;
                }
                // What follows is the epilogue, until an outer boundary.
                self.boundaries.pop_if(|boundary| boundary.owner == found.owner);
            }
            at = next;
            digest = matches!(
                self.open.last(),
                Some(Open { inside: Inside::Multipart { digest: true, .. }, .. })
            );
        }
    }

    /// Reads the header block at `at`: to its blank line, or to a line that is a boundary, of a part
    /// around it or its own. The line end before that then belongs to the header.
    fn heading(&self, at: usize) -> Heading<'a> {
        let mut heading = Heading { end: at, ..Heading::default() };
        while heading.end < self.message.len() {
            let blank = blank_line(self.message, heading.end);
            if blank > 0 {
                heading.end += blank;
                break;
            }
            if self.delimiter_at(heading.end).is_some() || heading.is_own_delimiter(self.message) {
                break;
            }
            let (field, end) = field_at(self.message, heading.end);
            heading.end = end;
            heading.field(field);
        }
        heading
    }

    /// Adds a part; true when an enclosed message is to be read next.
    fn begin(&mut self, start: usize, heading: Heading<'a>, digest: bool) -> bool {
        let index = self.parts.len() as u32;
        if let Some(Open { inside: Inside::Multipart { children, .. }, .. }) = self.open.last_mut()
        {
            children.push(index);
        }
        let body = heading.end as u32;
        // The count at the start, replaced by the difference in `close`.
        let lines = self.count_lines(heading.end);
        self.parts.push(Part {
            header: Span { start: start as u32, end: body },
            body: Span { start: body, end: body },
            kind: Kind::Single,
            lines,
        });
        let inside = self.inside(heading, digest);
        let message = matches!(inside, Inside::Message);
        self.open.push(Open { part: index, inside });
        message
    }

    /// Whether a part has parts of its own, which is for its header and the limits to say. The
    /// boundary of a multipart is in force from here on.
    fn inside(&mut self, heading: Heading<'a>, digest: bool) -> Inside {
        let message = match heading.media {
            // RFC 2046 §5.1.5: in a digest, a part is a message unless it says otherwise.
            None => digest,
            Some((kind, subtype)) => is_message(kind, subtype),
        };
        if heading.boundary.is_none() && !(message && transfer::is_identity(heading.encoding)) {
            return Inside::Nothing;
        }
        if self.open.len() + 1 >= MAX_DEPTH || self.parts.len() >= MAX_PARTS {
            self.truncated = true;
            return Inside::Nothing;
        }
        let Some(boundary) = heading.boundary else { return Inside::Message };
        self.boundaries.push(Boundary::new(self.open.len(), boundary));
        let digest =
            heading.media.is_some_and(|(_, subtype)| subtype.eq_ignore_ascii_case(b"digest"));
        Inside::Multipart { digest, children: Vec::new() }
    }

    /// Ends the open parts from `from` inwards.
    fn close(&mut self, from: usize, end: usize) {
        // The line end before a boundary may be the one that ended a header; the innermost part
        // began last, so no part ends before it begins.
        let innermost =
            self.open.last().map_or(0, |open| self.parts[open.part as usize].body.start);
        let end = end.max(innermost as usize);
        let lines = self.count_lines(end);
        for open in self.open.drain(from..) {
            let part = &mut self.parts[open.part as usize];
            part.body.end = end as u32;
            part.lines = lines - part.lines;
            part.kind = match open.inside {
                // The enclosed message is the next part read, always.
                Inside::Message => Kind::Message { child: open.part + 1 },
                Inside::Multipart { children, .. } if !children.is_empty() => {
                    Kind::Multipart { children }
                }
                Inside::Nothing | Inside::Multipart { .. } => Kind::Single,
            };
        }
        while self.boundaries.pop_if(|boundary| boundary.owner >= from).is_some() {}
    }

    /// The next boundary line; `at` is where a line begins.
    fn delimiter(&self, at: usize) -> Option<Delimiter> {
        if self.boundaries.is_empty() {
            return None;
        }
        let mut at = at;
        loop {
            if let Some(found) = self.delimiter_at(at) {
                return Some(found);
            }
            at += self.finder.find(self.message.get(at..)?)? + 1;
        }
    }

    /// The boundary line that begins at `at`, if it is one.
    ///
    /// RFC 2046 §5.1.1 asks only that the line begin with the boundary. So several may fit; the
    /// longest does, and of equal ones the innermost.
    fn delimiter_at(&self, at: usize) -> Option<Delimiter> {
        if self.boundaries.is_empty() {
            return None;
        }
        let line = self.message.get(at..)?.strip_prefix(b"--")?;
        let prefix = prefix(line);
        let mut best: Option<&Boundary<'a>> = None;
        for boundary in &self.boundaries {
            if (prefix ^ boundary.prefix) & boundary.mask == 0
                && best.is_none_or(|best| best.text.len() <= boundary.text.len())
                && line.starts_with(&boundary.text)
            {
                best = Some(boundary);
            }
        }
        let best = best?;
        Some(Delimiter {
            owner: best.owner,
            start: at,
            end: memchr(b'\n', line).map_or(self.message.len(), |lf| at + 2 + lf + 1),
            closes: line[best.text.len()..].starts_with(b"--"),
        })
    }

    /// `at` without the line end before it, which belongs to the boundary that begins there.
    fn before_line_end(&self, at: usize) -> usize {
        let before = &self.message[..at];
        let before = before.strip_suffix(b"\n").unwrap_or(before);
        before.strip_suffix(b"\r").map_or(before.len(), |line| {
            // A CR that no LF follows is text.
            if before.len() < at { line.len() } else { before.len() }
        })
    }

    /// LFs before `to`, which never goes back.
    fn count_lines(&mut self, to: usize) -> u32 {
        if let Some(between) = self.message.get(self.counted..to) {
            self.lines += memchr_iter(b'\n', between).count() as u32;
            self.counted = to;
        }
        self.lines
    }
}

impl<'a> Heading<'a> {
    /// The first field of a name counts.
    fn field(&mut self, field: Field<'a>) {
        let value = &field.value[..field.value.len().min(MAX_FIELD)];
        if self.encoding.is_none() && field.is(b"Content-Transfer-Encoding") {
            self.encoding = Some(value);
        } else if !self.typed && field.is(b"Content-Type") {
            self.typed = true;
            let content_type = ContentType::read(value);
            self.media = content_type.media;
            if content_type.media.is_some_and(|(kind, _)| is_multipart(kind)) {
                self.boundary = content_type.boundary();
            }
        }
    }

    /// Whether the first part begins where the header should have ended: the blank line is missing,
    /// or has blanks in it, which makes it the continuation of a field.
    fn is_own_delimiter(&self, message: &[u8]) -> bool {
        let Some(boundary) = &self.boundary else { return false };
        let line = message.get(self.end..).and_then(|rest| rest.strip_prefix(b"--"));
        line.is_some_and(|line| line.starts_with(boundary))
    }
}

impl<'a> Boundary<'a> {
    fn new(owner: usize, text: Cow<'a, [u8]>) -> Self {
        let octets = text.len().min(8) as u32;
        let mask = u64::MAX.checked_shr(64 - 8 * octets).unwrap_or(0);
        let prefix = prefix(&text);
        Boundary { owner, text, prefix, mask }
    }
}

/// The first eight octets, zeros standing for those that are missing.
fn prefix(bytes: &[u8]) -> u64 {
    let mut octets = [0; 8];
    let len = bytes.len().min(8);
    octets[..len].copy_from_slice(&bytes[..len]);
    u64::from_le_bytes(octets)
}
