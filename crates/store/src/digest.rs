//! What is derived from a message once, when it arrives: ENVELOPE, BODY and BODYSTRUCTURE ready to
//! send, the part tree, the sent date, and the header texts that SEARCH reads.
//!
//! A digest that is not stored (too long for a row, or not copied with its message) is made again
//! from the body when it is read.

mod read;
mod render;
mod row;

pub use read::{DigestPage, Digests};
pub(crate) use row::HeaderText;

use crate::Error;
use bytes::Bytes;
use peregrine_mime::{SentDate, Structure};
use row::Parts;

/// What is derived from a message. A slice of the page that was read; cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Digest {
    row: Bytes,
    parts: Parts,
}

/// The digest's row for a message; one without content where it is too long.
pub(crate) fn make(message: &Bytes) -> Bytes {
    let row = row::encode(message);
    if row.len() > peregrine_kv::MAX_VALUE { Bytes::from_static(row::TOO_LONG) } else { row.into() }
}

impl Digest {
    /// Of a message, whatever its length.
    pub(crate) fn of(message: &Bytes) -> Result<Self, Error> {
        let found = Self::from_row(row::encode(message).into())?;
        found.ok_or_else(|| Error::bug("a digest cannot be read back"))
    }

    /// From its row; `None` for a row without content.
    pub(crate) fn from_row(row: Bytes) -> Result<Option<Self>, Error> {
        Ok(Parts::read(&row)?.map(|parts| Self { row, parts }))
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

    /// A header field decoded and folded for searching; `None` if the message does not have it.
    pub(crate) fn header(&self, field: HeaderText) -> Option<&str> {
        row::header(self.parts.slice(&self.row, 4), field)
    }
}
