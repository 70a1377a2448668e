//! Decides where a client's command ends, without understanding it.
//!
//! Only line ends and announcements of literals matter here: `{n}` or `{n+}` directly before a
//! line's end (RFC 3501 §4.3, RFC 7888). A line ends at LF, with or without CR before it: people
//! at a bare terminal send LF alone. Whatever else is wrong in a command is for the grammar to
//! say; the frame that holds it costs one BAD and nothing of what follows it.
//!
//! The only word that is looked at is APPEND, whose message may be larger than all else and goes
//! to the caller's storage in pieces.

mod announcement;
mod brackets;
mod framer;

pub use framer::Framer;

use crate::token::{class, is};
use crate::{Code, Status, Tag};
use bytes::Bytes;
use smallvec::SmallVec;

/// One whole command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The command with its literals in place, without the last line's end.
    pub text: Bytes,
    /// Literals that went to the caller's storage; their octets are absent from `text`.
    pub spooled: SmallVec<[Spooled; 1]>,
}

/// A literal that went to the caller's storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spooled {
    /// Where its octets would be: the offset in the frame's text right behind `{n}` CRLF.
    pub at: usize,
    /// The framer's number for it, unique in the connection.
    pub id: u64,
    /// Octets.
    pub length: u32,
}

/// What the framer found next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FrameEvent {
    /// A whole command.
    Frame(Frame),
    /// In dialogue mode: a line without its end.
    Line(Bytes),
    /// A synchronizing literal is accepted: the client waits for `+ …`.
    Continue,
    /// A literal for the caller's storage begins.
    SpoolStart {
        /// Its number.
        id: u64,
        /// Octets that will come.
        length: u32,
    },
    /// The next piece of that literal.
    SpoolData {
        /// Its number.
        id: u64,
        /// At least one octet.
        data: Bytes,
    },
    /// All of that literal has come; its command is not complete yet.
    SpoolEnd {
        /// Its number.
        id: u64,
    },
    /// The literal's command will not come: what was stored of it can go.
    SpoolDropped {
        /// Its number.
        id: u64,
    },
    /// The command is refused: one tagged NO or BAD (`* BAD` without a tag). What else comes of it
    /// is passed over, and the next event is of what follows it.
    Refused {
        /// The command's tag, where it has one.
        tag: Option<Tag>,
        /// Why.
        error: FrameError,
    },
    /// The connection cannot go on: BYE. Nothing comes after this but [`Self::SpoolDropped`].
    Fatal(FrameError),
}

/// Why a command cannot be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FrameError {
    /// More octets in lines than [`FrameLimits::line`] or [`FrameLimits::dialogue`].
    #[error("the command line is longer than {0} octets")]
    LineTooLong(usize),
    /// More open parentheses than [`FrameLimits::open_parens`].
    #[error("more than {0} parentheses are open at once")]
    TooDeep(u32),
    /// A literal's size that is no number: one has 32 bits (RFC 3501 §9 `number`).
    #[error("a literal's size is at most 4294967295")]
    LiteralSize,
    /// A literal above its limit.
    #[error("the literal is larger than the {limit} octets that are taken here")]
    LiteralTooBig {
        /// Octets.
        limit: u32,
    },
    /// A literal sent without waiting, above [`FrameLimits::non_sync`] (RFC 7888 §5).
    #[error("a literal sent without waiting must not be larger than {limit} octets")]
    NonSyncTooBig {
        /// Octets.
        limit: u32,
    },
    /// More literals than [`FrameLimits::literals`].
    #[error("the command has more than {0} literals")]
    TooManyLiterals(u32),
    /// Literals larger than [`FrameLimits::literals_total`] together.
    #[error("the command's literals are larger than {0} octets together")]
    LiteralsTooBig(u32),
}

impl FrameError {
    /// NO where the request is too large, BAD where the client broke a rule.
    pub fn status(self) -> Status {
        match self {
            Self::LineTooLong(_)
            | Self::TooDeep(_)
            | Self::LiteralSize
            | Self::NonSyncTooBig { .. } => Status::Bad,
            Self::LiteralTooBig { .. } | Self::TooManyLiterals(_) | Self::LiteralsTooBig(_) => {
                Status::No
            }
        }
    }

    /// Whether a literal was refused, so that the next octets should be those of another command.
    pub fn is_of_literal(self) -> bool {
        !matches!(self, Self::LineTooLong(_) | Self::TooDeep(_))
    }

    /// `TOOBIG` (RFC 7888 §5, RFC 7889 §4) or `LIMIT` (RFC 5530 §3).
    pub fn code(self) -> Option<Code> {
        match self {
            Self::LineTooLong(_) | Self::TooDeep(_) | Self::LiteralSize => None,
            Self::LiteralTooBig { .. } | Self::NonSyncTooBig { .. } | Self::LiteralsTooBig(_) => {
                Some(Code::TooBig)
            }
            Self::TooManyLiterals(_) => Some(Code::Limit),
        }
    }
}

/// What a client may send. Zero means none, never unlimited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameLimits {
    /// Octets of all lines of a command, without its literals.
    pub line: usize,
    /// Octets of one line in dialogue mode (base64 of SASL).
    pub dialogue: usize,
    /// Octets of one literal.
    pub literal: u32,
    /// Octets of one literal that is sent without waiting (LITERAL-, RFC 7888 §5).
    pub non_sync: u32,
    /// Literals of one command.
    pub literals: u32,
    /// Octets of all literals of one command, an APPEND's message not counted.
    pub literals_total: u32,
    /// Octets of an APPEND's message; 0 where APPEND is not allowed.
    pub append: u32,
    /// An APPEND's message above this many octets goes to the caller's storage; one below it does
    /// where those of the same command that are in place would be more than three times as many.
    pub spool_above: u32,
    /// Parentheses open at once, outside of quoted strings and literals.
    pub open_parens: u32,
    /// Octets of one refused literal, sent without waiting, that are passed over; above it the
    /// connection ends.
    pub drain: u32,
    /// Whether a line too long and parentheses too deep end the connection, or cost one BAD.
    pub fatal: bool,
}

impl FrameLimits {
    /// For a client that nobody knows yet.
    pub const BEFORE_LOGIN: Self = Self {
        line: 8 * 1024,
        // 16 KiB of SASL in base64.
        dialogue: 22 * 1024,
        literal: 4 * 1024,
        non_sync: 4096,
        // LOGIN has two; ID may have 30 pairs.
        literals: 64,
        literals_total: 16 * 1024,
        append: 0,
        spool_above: 0,
        // ID's list.
        open_parens: 1,
        drain: 64 * 1024,
        fatal: true,
    };

    /// For a client that has logged in.
    pub const AFTER_LOGIN: Self = Self {
        line: 64 * 1024,
        dialogue: 22 * 1024,
        literal: 64 * 1024,
        non_sync: 4096,
        literals: 256,
        literals_total: 512 * 1024,
        append: 64 * 1024 * 1024,
        spool_above: 256 * 1024,
        // What SEARCH may nest.
        open_parens: 64,
        drain: 1024 * 1024,
        fatal: false,
    };
}

impl Frame {
    /// A command that has all its literals in place.
    pub fn new(text: Bytes) -> Self {
        Self { text, spooled: SmallVec::new() }
    }

    /// The command's tag, as far as it follows the grammar.
    pub fn tag(&self) -> Option<Tag> {
        tag_of(&self.text)
    }

    /// Whether this looks like the first line of an HTTP request: a web browser was led to this
    /// port (RFC 3501 knows no such tag and command together). The connection is best closed
    /// without a word, so that nothing is reflected.
    pub fn looks_like_http(&self) -> bool {
        const METHODS: [&[u8]; 10] = [
            b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"CONNECT", b"DELETE", b"TRACE",
            b"PATCH", b"PRI",
        ];
        let mut words = self.text.splitn(3, |byte| *byte == b' ');
        let method = words.next().is_some_and(|word| METHODS.contains(&word));
        let target = words.next();
        let version = words.next().is_some_and(|word| word.starts_with(b"HTTP/"));
        method && (version || target.is_some_and(|word| word.starts_with(b"/")))
    }
}

/// The tag that a command's text begins with, as far as it follows the grammar.
fn tag_of(text: &[u8]) -> Option<Tag> {
    let end = text.iter().take(Tag::MAX + 1).position(|byte| !is(*byte, class::TAG))?;
    let whole = matches!(text[end], b' ' | b'\r' | b'\n');
    if whole { Tag::new(&text[..end]) } else { None }
}
