//! A part's octets without their transfer encoding, piece by piece: what FETCH BINARY tells
//! (RFC 3516 §3).

use super::{Base64, QuotedPrintable};
use crate::Structure;
use memchr::{memchr, memchr_iter};

/// How the octets of a part came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartCoding {
    transfer: Transfer,
    /// The part is text, whose lines end in CRLF.
    lines: bool,
}

/// A Content-Transfer-Encoding that is known (RFC 2045 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transfer {
    /// 7bit, 8bit, binary.
    Identity,
    Base64,
    QuotedPrintable,
}

impl PartCoding {
    /// Octets that are what they are: a whole message, or a part that holds others.
    pub const PLAIN: Self = Self { transfer: Transfer::Identity, lines: false };

    /// Of a part without parts of its own, by its header block. `None` where its transfer
    /// encoding is not known.
    pub fn of_header(block: &[u8]) -> Option<Self> {
        let header = Structure::of_header(block);
        let content = header.content(block, 0);
        let is = |name: &[u8]| content.encoding.eq_ignore_ascii_case(name);
        let transfer = if is(b"7bit") || is(b"8bit") || is(b"binary") {
            Transfer::Identity
        } else if is(b"base64") {
            Transfer::Base64
        } else if is(b"quoted-printable") {
            Transfer::QuotedPrintable
        } else {
            return None;
        };
        let wide = content.parameters.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case(b"charset") && WIDE.iter().any(|it| starts(value, it))
        });
        let text = content.media_type.eq_ignore_ascii_case(b"text");
        Some(Self { transfer, lines: text && !wide })
    }

    /// Whether there is no transfer encoding that changes octets: 7bit, 8bit or binary.
    pub fn is_identity(self) -> bool {
        self.transfer == Transfer::Identity
    }

    /// Whether the octets are told as they are stored.
    pub fn is_plain(self) -> bool {
        self == Self::PLAIN
    }
}

/// Character sets in which an octet 0x0A need not be a line's end.
const WIDE: [&[u8]; 4] = [b"utf-16", b"utf-32", b"ucs-", b"iso-10646-ucs"];

fn starts(value: &[u8], name: &[u8]) -> bool {
    value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// Decodes a part from pieces cut anywhere; what comes out does not depend on the cuts.
///
/// ```
/// use peregrine_mime::{PartCoding, PartDecoder};
///
/// let coding = PartCoding::of_header(b"Content-Transfer-Encoding: base64\r\n\r\n").unwrap();
/// let mut decoder = PartDecoder::new(coding);
/// let mut out = Vec::new();
/// decoder.feed(b"SGVs", &mut out);
/// decoder.feed(b"bG8=", &mut out);
/// decoder.finish(&mut out);
/// assert_eq!(out, b"Hello");
/// ```
#[derive(Clone, Debug)]
pub struct PartDecoder {
    state: State,
    lines: bool,
    /// The last octet was CR.
    after_cr: bool,
}

#[derive(Clone, Debug)]
enum State {
    Identity,
    Base64(Base64),
    QuotedPrintable(QuotedPrintable),
}

impl PartDecoder {
    /// A decoder at the start of a part.
    pub fn new(coding: PartCoding) -> Self {
        let state = match coding.transfer {
            Transfer::Identity => State::Identity,
            Transfer::Base64 => State::Base64(Base64::default()),
            Transfer::QuotedPrintable => State::QuotedPrintable(QuotedPrintable::default()),
        };
        Self { state, lines: coding.lines, after_cr: false }
    }

    /// Appends what the next octets decode to: at most twice as many, and those held back before,
    /// about a thousand.
    pub fn feed(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        match &mut self.state {
            State::Identity => out.extend_from_slice(octets),
            State::Base64(decoder) => decoder.feed(octets, out),
            State::QuotedPrintable(decoder) => decoder.feed(octets, out),
        }
        self.mend_lines(out, start);
    }

    /// Appends what the end decides.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        let start = out.len();
        match std::mem::replace(&mut self.state, State::Identity) {
            State::Identity => {}
            State::Base64(decoder) => decoder.finish(out),
            State::QuotedPrintable(decoder) => decoder.finish(out),
        }
        self.mend_lines(out, start);
    }

    /// RFC 3516 §6: lines of text are always sent with CRLF.
    fn mend_lines(&mut self, out: &mut Vec<u8>, start: usize) {
        if !self.lines || out.len() == start {
            return;
        }
        let after_cr = std::mem::replace(&mut self.after_cr, out.last() == Some(&b'\r'));
        let new = &out[start..];
        let bare = |at: usize| match at.checked_sub(1) {
            None => !after_cr,
            Some(before) => new[before] != b'\r',
        };
        if memchr(b'\n', new).is_none() || memchr_iter(b'\n', new).all(|at| !bare(at)) {
            return;
        }
        let mut mended = Vec::with_capacity(new.len() + new.len() / 32 + 1);
        let mut from = 0;
        for at in memchr_iter(b'\n', new).filter(|at| bare(*at)) {
            mended.extend_from_slice(&new[from..at]);
            mended.push(b'\r');
            from = at;
        }
        mended.extend_from_slice(&new[from..]);
        out.truncate(start);
        out.append(&mut mended);
    }
}
