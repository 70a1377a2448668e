//! Responses: one file for each kind, written by servers and read by clients.

pub mod code;
pub mod fetch;
pub mod list;
pub mod status;

pub use code::Code;
pub use fetch::{Address, BodyStructure, Envelope, FetchData};
pub use list::{ListAttribute, ListData};
pub use status::StatusData;

use crate::{Flag, SequenceNumber, Tag};
use bytes::Bytes;
use bytestring::ByteString;

/// The three results of a command (RFC 3501 §7.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Status {
    /// It was done.
    Ok,
    /// It was understood and could not be done.
    No,
    /// It was not understood, or not allowed here.
    Bad,
}

/// `resp-text`: a code, and words for a person. The text is never empty on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResponseText {
    /// What a program reads.
    pub code: Option<Code>,
    /// What a person reads; no CR or LF.
    pub text: ByteString,
}

/// One response of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// `tag OK|NO|BAD …`: completes a command.
    Tagged {
        /// The command's tag.
        tag: Tag,
        /// Its result.
        status: Status,
        /// Code and words.
        text: ResponseText,
    },
    /// `+ …`: go on. The octets after `+ `, for SASL still in base64.
    Continuation(Bytes),
    /// `* OK|NO|BAD …`
    Condition {
        /// Information, warning or error.
        status: Status,
        /// Code and words.
        text: ResponseText,
    },
    /// `* PREAUTH …`
    PreAuth(ResponseText),
    /// `* BYE …`
    Bye(ResponseText),
    /// `* CAPABILITY …`
    Capability(Vec<ByteString>),
    /// `* ENABLED …` (RFC 5161)
    Enabled(Vec<ByteString>),
    /// `* LIST …`
    List(ListData),
    /// `* LSUB …`
    Lsub(ListData),
    /// `* STATUS …`
    Status(StatusData),
    /// `* SEARCH …`: sequence numbers or UIDs, as the command asked.
    Search(Vec<u32>),
    /// `* FLAGS (…)`
    Flags(Vec<Flag>),
    /// `* n EXISTS`
    Exists(u32),
    /// `* n RECENT`
    Recent(u32),
    /// `* n EXPUNGE`
    Expunge(SequenceNumber),
    /// `* n FETCH (…)`
    Fetch {
        /// Which message.
        number: SequenceNumber,
        /// What is told of it, in the server's order.
        data: Vec<FetchData>,
    },
    /// `* NAMESPACE …` (RFC 2342): personal, others', shared; each `None` for NIL.
    Namespace([Option<Vec<Namespace>>; 3]),
    /// `* ID …` (RFC 2971)
    Id(Option<Vec<(ByteString, Option<ByteString>)>>),
}

/// A namespace: its prefix and separator (RFC 2342 §5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Namespace {
    /// Prefix of its names, in UTF-8.
    pub prefix: ByteString,
    /// Hierarchy separator; `None` for NIL.
    pub separator: Option<char>,
}
