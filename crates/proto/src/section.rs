//! `section` and partials of FETCH BODY[…] (RFC 3501 §6.4.5, §9).

use bytestring::ByteString;
use smallvec::SmallVec;

/// What stands between the brackets of `BODY[…]`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Section {
    /// Part numbers, each from 1; empty for the whole message.
    pub path: SmallVec<[u32; 4]>,
    /// Which text of the part; `Whole` where nothing is named.
    pub text: SectionText,
}

/// `section-msgtext` / `section-text`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum SectionText {
    /// The message, or the part's body.
    #[default]
    Whole,
    /// `HEADER`
    Header,
    /// `HEADER.FIELDS (…)`: names as written, at least one.
    HeaderFields(Vec<ByteString>),
    /// `HEADER.FIELDS.NOT (…)`
    HeaderFieldsNot(Vec<ByteString>),
    /// `TEXT`
    Text,
    /// `MIME`: only with a path.
    Mime,
}

/// `<start.count>`: octets. `count` is not 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Partial {
    /// First octet wanted, from 0.
    pub start: u32,
    /// How many octets at most; at least 1.
    pub count: u32,
}
