//! Cuts a server's octets into responses, before anything of them is understood.
//!
//! A response is a line, in which literals may stand (RFC 3501 §4.3, §7). How the octets were cut
//! into reads never changes what comes out.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

/// How large a response may get. Zero is a limit of zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResponseLimits {
    /// Octets of a response that are not in literals, without its last CRLF.
    pub line: usize,
    /// Octets of one literal: as large as the largest body that is wanted.
    pub literal: usize,
    /// Octets of a whole response, literals included.
    pub total: usize,
}

impl ResponseLimits {
    /// 16 MiB: SEARCH answers on one line, up to 11 octets for each of more than a million messages.
    pub const LINE: usize = 16 << 20;
    /// 64 MiB: as large as the messages that our own server takes.
    pub const LITERAL: usize = 64 << 20;
    /// 128 MiB: two of the largest literals in one FETCH response, with some room for the rest.
    pub const TOTAL: usize = 128 << 20;
}

impl Default for ResponseLimits {
    fn default() -> Self {
        Self { line: Self::LINE, literal: Self::LITERAL, total: Self::TOTAL }
    }
}

/// Why no response can be cut out of the stream any more. The connection is of no further use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResponseFrameError {
    /// See [`ResponseLimits::line`].
    #[error("the server sent a line longer than {0} octets")]
    LineTooLong(usize),
    /// See [`ResponseLimits::literal`].
    #[error("the server announced a literal longer than {0} octets")]
    LiteralTooLong(usize),
    /// See [`ResponseLimits::total`].
    #[error("the server sent a response longer than {0} octets")]
    ResponseTooLong(usize),
    /// LF without CR before it (RFC 3501 §2.2: every line ends with CRLF).
    #[error("the server sent a line feed without a carriage return")]
    BareLineFeed,
}

/// Cuts responses out of a stream of octets. After an error it gives that error for ever.
#[derive(Debug)]
pub struct ResponseFramer {
    limits: ResponseLimits,
    buffer: BytesMut,
    /// Where the present line, or the part of it behind a literal, begins in `buffer`; behind the
    /// buffer's end while a literal is not there as a whole.
    start: usize,
    /// Octets from `start` on that hold no LF.
    scanned: usize,
    /// Octets of the present response in literals, their CRLFs left out.
    in_literals: usize,
    /// Whether literals can occur in this response; `None` until its first line is there.
    literals: Option<bool>,
    failed: Option<ResponseFrameError>,
}

impl ResponseFramer {
    /// A framer at the beginning of a stream, where the greeting comes.
    pub fn new(limits: ResponseLimits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            start: 0,
            scanned: 0,
            in_literals: 0,
            literals: None,
            failed: None,
        }
    }

    /// Takes what was read.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole response without its last CRLF, for [`Response::parse`]; `None` when more
    /// has to be read.
    ///
    /// [`Response::parse`]: crate::Response::parse
    pub fn next_response(&mut self) -> Result<Option<Bytes>, ResponseFrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.cut();
        self.failed = result.as_ref().err().copied();
        result
    }

    /// Octets that wait for the rest of their response.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Takes back all that has not become a response, and begins anew. After STARTTLS there must be
    /// nothing (RFC 3501 §6.2.1): whatever stands here was not protected.
    pub fn take_rest(&mut self) -> Bytes {
        let rest = self.buffer.split().freeze();
        self.begin_response();
        rest
    }

    fn cut(&mut self) -> Result<Option<Bytes>, ResponseFrameError> {
        while let Some(length) = self.line()? {
            let line = &self.buffer[self.start..self.start + length];
            let literals = *self.literals.get_or_insert_with(|| may_hold_literals(line));
            let Some(digits) = announced(line).filter(|_| literals) else {
                return Ok(Some(self.take_response(length)));
            };
            let size = decimal(digits).filter(|size| *size <= self.limits.literal);
            let size = size.ok_or(ResponseFrameError::LiteralTooLong(self.limits.literal))?;
            let behind_line = self.start + length + 2;
            if behind_line - self.in_literals > self.limits.line {
                return Err(ResponseFrameError::LineTooLong(self.limits.line));
            }
            if behind_line > self.limits.total || size > self.limits.total - behind_line {
                return Err(ResponseFrameError::ResponseTooLong(self.limits.total));
            }
            self.in_literals += size;
            self.start = behind_line + size;
            self.scanned = 0;
        }
        Ok(None)
    }

    /// The length of the line from `start` on without its CRLF, once it is there.
    fn line(&mut self) -> Result<Option<usize>, ResponseFrameError> {
        let Some(rest) = self.buffer.get(self.start..) else { return Ok(None) };
        let line_feed = memchr(b'\n', &rest[self.scanned..]).map(|at| at + self.scanned);
        let end = line_feed.unwrap_or(rest.len());
        // Without a line feed, a CR at the end may yet be half of the CRLF.
        let carriage_return = end > 0 && rest[end - 1] == b'\r';
        let length = end - usize::from(carriage_return);
        // The limit that comes first in the stream is the one that is named, whatever was read.
        let line_room = self.limits.line - (self.start - self.in_literals);
        let total_room = self.limits.total - self.start;
        if length > line_room.min(total_room) {
            return Err(if line_room <= total_room {
                ResponseFrameError::LineTooLong(self.limits.line)
            } else {
                ResponseFrameError::ResponseTooLong(self.limits.total)
            });
        }
        self.scanned = end;
        match line_feed {
            Some(_) if !carriage_return => Err(ResponseFrameError::BareLineFeed),
            Some(_) => Ok(Some(length)),
            None => Ok(None),
        }
    }

    fn take_response(&mut self, length: usize) -> Bytes {
        let mut response = self.buffer.split_to(self.start + length + 2);
        response.truncate(self.start + length);
        self.begin_response();
        response.freeze()
    }

    fn begin_response(&mut self) {
        self.start = 0;
        self.scanned = 0;
        self.in_literals = 0;
        self.literals = None;
    }
}

/// Whether literals can stand in the response that begins so. Words for a person cannot hold any,
/// but they may well end in something like `{5}` (RFC 3501 §9 `text`), such as a mailbox's name.
fn may_hold_literals(line: &[u8]) -> bool {
    let Some(data) = line.strip_prefix(b"* ") else { return false };
    let word = data.split(|octet| *octet == b' ').next().unwrap_or_default();
    const CONDITIONS: [&[u8]; 5] = [b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"];
    !CONDITIONS.iter().any(|condition| word.eq_ignore_ascii_case(condition))
}

// literal = "{" number "}" CRLF *CHAR8
fn announced(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"}")?;
    let digits = line.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
    let (before, digits) = line.split_at(line.len() - digits);
    (!digits.is_empty() && before.last() == Some(&b'{')).then_some(digits)
}

/// The number; `None` where it is greater than any that could be meant.
fn decimal(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0_usize, |value, digit| {
        value.checked_mul(10)?.checked_add(usize::from(digit - b'0'))
    })
}
