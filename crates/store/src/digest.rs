//! What is derived from a message once, when it arrives: ENVELOPE, BODY and BODYSTRUCTURE ready to
//! send, the part tree, the sent date, the header texts that SEARCH reads, and the keys of SORT and
//! THREAD.
//!
//! A digest that is not stored (too long for a row, or not copied with its message) is made again
//! from the body when it is read.

mod read;
mod render;
mod row;
mod sort_key;
mod subject;

pub use read::{DigestPage, Digests};
pub(crate) use row::HeaderText;
pub(crate) use sort_key::{SortKeys, SortText};

use crate::Error;
use bytes::Bytes;
use peregrine_mime::{SentDate, Structure, decode_header};
use peregrine_proto::Response;
use peregrine_proto::response::FetchData;
use row::{Content, Parts};

/// What is derived from a message. A slice of the page that was read; cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Digest {
    row: Bytes,
    parts: Parts,
}

/// What a row holds.
enum Stored {
    Digest(Digest),
    /// Nothing: no row can hold this digest.
    TooLong,
    /// A digest of an older program, to be made anew.
    Old,
}

/// What SEARCH, SORT and THREAD read of a message's header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headers<'a> {
    /// The Date field.
    pub sent: Option<SentDate>,
    pub texts: &'a [u8],
    pub keys: &'a [u8],
}

/// The digest's row for a message; one without content where it is too long.
pub(crate) fn make(message: &Bytes) -> Bytes {
    let row = row::encode(message);
    if row.len() > peregrine_kv::MAX_VALUE { Bytes::from_static(row::TOO_LONG) } else { row.into() }
}

/// Whether an older program wrote a row, which is then made anew when it is read.
pub(crate) fn is_old(row: &[u8]) -> bool {
    matches!(Parts::read(row), Ok(Content::Old))
}

/// The subject in a row as it was written, encoded words decoded.
pub(crate) fn subject(row: Bytes) -> Option<String> {
    let Stored::Digest(digest) = Stored::read(row).ok()? else { return None };
    let line = [&b"* 1 FETCH (ENVELOPE "[..], digest.envelope(), b")"].concat();
    let Response::Fetch { data, .. } = Response::parse(&line.into()).ok()? else { return None };
    let subject = data.into_iter().find_map(|item| match item {
        FetchData::Envelope(envelope) => envelope.subject,
        _ => None,
    });
    subject.map(|subject| decode_header(&subject))
}

/// When a message was sent, in seconds since 1970, by its row.
pub(crate) fn sent(row: &[u8]) -> Option<i64> {
    row::sent(row).map(|sent| sent.unix_seconds)
}

impl Digest {
    /// Of a message, whatever its length.
    pub(crate) fn of(message: &Bytes) -> Result<Self, Error> {
        match Stored::read(row::encode(message).into())? {
            Stored::Digest(digest) => Ok(digest),
            Stored::TooLong | Stored::Old => Err(Error::bug("a digest cannot be read back")),
        }
    }

    /// The first words of the message, in UTF-8 (RFC 8970).
    #[must_use]
    pub fn preview(&self) -> &[u8] {
        self.parts.slice(&self.row, 6)
    }

    /// What SEARCH, SORT and THREAD read.
    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers {
            sent: self.sent(),
            texts: self.parts.slice(&self.row, 4),
            keys: self.parts.slice(&self.row, 5),
        }
    }

    /// ENVELOPE's value, from parenthesis to parenthesis (RFC 3501 §7.4.2).
    #[must_use]
    pub fn envelope(&self) -> &[u8] {
        self.parts.slice(&self.row, 0)
    }

    /// BODY's value.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.parts.slice(&self.row, 1)
    }

    /// BODYSTRUCTURE's value.
    #[must_use]
    pub fn body_structure(&self) -> &[u8] {
        self.parts.slice(&self.row, 2)
    }

    /// The part tree.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn structure(&self) -> Result<Structure, Error> {
        let stored = Structure::from_bytes(self.parts.slice(&self.row, 3));
        stored.ok_or_else(|| Error::corrupt("a part tree"))
    }

    /// The Date field.
    #[must_use]
    pub fn sent(&self) -> Option<SentDate> {
        row::sent(&self.row)
    }
}

impl Stored {
    /// From a row.
    fn read(row: Bytes) -> Result<Self, Error> {
        Ok(match Parts::read(&row)? {
            Content::Digest(parts) => Self::Digest(Digest { row, parts }),
            Content::TooLong => Self::TooLong,
            Content::Old => Self::Old,
        })
    }
}

impl<'a> Headers<'a> {
    /// A header field decoded and folded for searching; `None` if the message does not have it.
    pub(crate) fn text(&self, field: HeaderText) -> Option<&'a str> {
        row::header(self.texts, field)
    }

    /// What is compared by SORT and THREAD.
    pub(crate) fn keys(&self) -> SortKeys<'a> {
        SortKeys::new(self.keys)
    }
}
