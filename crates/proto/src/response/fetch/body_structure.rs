//! BODY and BODYSTRUCTURE (RFC 3501 §7.4.2, §9 `body`).

mod parse;
mod write;

use super::Envelope;
use bytes::Bytes;

/// How many bodies are read and written within each other. RFC 3501 gives no bound, our own parser
/// of messages stops at 100, and the stack must not be for a peer to fill.
pub const DEPTH_MAX: usize = 128;

/// Which of the two forms is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `BODY`: without extension data, at any depth.
    Body,
    /// `BODYSTRUCTURE`: with the extension data that is there.
    BodyStructure,
}

/// Parameters of a type or disposition, in order.
pub type Parameters = Vec<(Bytes, Bytes)>;

/// `body`. At most [`DEPTH_MAX`] deep.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BodyStructure {
    /// `body-type-mpart`
    Multipart {
        /// At least one. Where there is none, an empty text is written in its place.
        parts: Vec<BodyStructure>,
        /// Such as MIXED.
        subtype: Bytes,
        /// `None` in BODY.
        extension: Option<MultipartExtension>,
    },
    /// `body-type-1part`
    Single(Box<SinglePart>),
}

/// `body-ext-mpart`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MultipartExtension {
    /// Content-Type parameters.
    pub parameters: Parameters,
    /// Content-Disposition.
    pub disposition: Option<(Bytes, Parameters)>,
    /// Content-Language.
    pub languages: Vec<Bytes>,
    /// Content-Location.
    pub location: Option<Bytes>,
}

/// `body-type-1part`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SinglePart {
    /// Such as TEXT.
    pub media_type: Bytes,
    /// Such as PLAIN.
    pub subtype: Bytes,
    /// Content-Type parameters.
    pub parameters: Parameters,
    /// Content-ID.
    pub id: Option<Bytes>,
    /// Content-Description.
    pub description: Option<Bytes>,
    /// Content-Transfer-Encoding; never NIL. Where it is empty, 7BIT is written (RFC 2045 §6.1).
    pub encoding: Bytes,
    /// Octets as they stand in the message.
    pub octets: u64,
    /// What only some types have.
    pub detail: PartDetail,
    /// `None` in BODY.
    pub extension: Option<SinglePartExtension>,
}

/// Fields that depend on the type, which must agree: readers of the grammar choose by the type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartDetail {
    /// `body-type-basic`: any type but the two below. Servers also send a MESSAGE/RFC822 so that
    /// is encoded in base64 (RFC 2046 §5.2.1 forbids that): nobody could look into it.
    Basic,
    /// `body-type-text`: the type is TEXT.
    Text {
        /// Lines of the body.
        lines: u64,
    },
    /// `body-type-msg`: the type is MESSAGE/RFC822, or MESSAGE/GLOBAL (RFC 9051 §9
    /// `media-message`).
    Message {
        /// Of the enclosed message.
        envelope: Box<Envelope>,
        /// Of the enclosed message.
        body: Box<BodyStructure>,
        /// Lines of the enclosed message.
        lines: u64,
    },
}

/// `body-ext-1part`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SinglePartExtension {
    /// Content-MD5.
    pub md5: Option<Bytes>,
    /// Content-Disposition.
    pub disposition: Option<(Bytes, Parameters)>,
    /// Content-Language.
    pub languages: Vec<Bytes>,
    /// Content-Location.
    pub location: Option<Bytes>,
}
