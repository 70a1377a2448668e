//! FETCH responses: envelopes, body structures, sections (RFC 3501 §7.4.2).

use crate::{DateTime, Flag, Section, Uid};
use bytes::Bytes;

/// One item of a FETCH response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FetchData {
    /// `FLAGS (…)`
    Flags(Vec<Flag>),
    /// `UID n`
    Uid(Uid),
    /// `INTERNALDATE "…"`
    InternalDate(DateTime),
    /// `RFC822.SIZE n`
    Rfc822Size(u64),
    /// `ENVELOPE (…)`
    Envelope(Box<Envelope>),
    /// `BODY (…)`: without extension data.
    Body(Box<BodyStructure>),
    /// `BODYSTRUCTURE (…)`
    BodyStructure(Box<BodyStructure>),
    /// `BODY[section]<origin> …`; `None` for NIL.
    Section {
        /// Which part and text.
        section: Section,
        /// First octet, where a partial was asked.
        origin: Option<u32>,
        /// The octets.
        data: Option<Bytes>,
    },
    /// `RFC822 …`
    Rfc822(Option<Bytes>),
    /// `RFC822.HEADER …`
    Rfc822Header(Option<Bytes>),
    /// `RFC822.TEXT …`
    Rfc822Text(Option<Bytes>),
}

/// `envelope`. Octets as they stand in the header: encoded words are not decoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Envelope {
    /// The Date: field's text.
    pub date: Option<Bytes>,
    /// The Subject: field's text.
    pub subject: Option<Bytes>,
    /// Empty lists are NIL on the wire.
    pub from: Vec<Address>,
    /// As From: where the message names none.
    pub sender: Vec<Address>,
    /// As From: where the message names none.
    pub reply_to: Vec<Address>,
    /// To:
    pub to: Vec<Address>,
    /// Cc:
    pub cc: Vec<Address>,
    /// Bcc:
    pub bcc: Vec<Address>,
    /// In-Reply-To:
    pub in_reply_to: Option<Bytes>,
    /// Message-ID:
    pub message_id: Option<Bytes>,
}

/// `address`. A group begins with one whose `host` is `None` and ends with one whose `mailbox`
/// is `None` too.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Address {
    /// Display name.
    pub name: Option<Bytes>,
    /// Source route.
    pub route: Option<Bytes>,
    /// Local part, or a group's name.
    pub mailbox: Option<Bytes>,
    /// Domain.
    pub host: Option<Bytes>,
}

/// Parameters of a type or disposition, in order.
pub type Parameters = Vec<(Bytes, Bytes)>;

/// `body`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BodyStructure {
    /// `body-type-mpart`
    Multipart {
        /// At least one.
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
    /// Content-Transfer-Encoding; never NIL.
    pub encoding: Bytes,
    /// Octets as they stand in the message.
    pub octets: u64,
    /// What only some types have.
    pub detail: PartDetail,
    /// `None` in BODY.
    pub extension: Option<SinglePartExtension>,
}

/// Fields that depend on the type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartDetail {
    /// `body-type-basic`
    Basic,
    /// `body-type-text`
    Text {
        /// Lines of the body.
        lines: u64,
    },
    /// `body-type-msg`: MESSAGE/RFC822.
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
