//! What is derived from a message once, when it arrives: ENVELOPE, BODY and BODYSTRUCTURE ready to
//! send, the part tree, the sent date, and the header texts that SEARCH reads.

use crate::{Error, MailboxView};
use bytes::Bytes;
use peregrine_mime::{SentDate, Structure};
use std::ops::Range;

/// What is derived from a message. A slice of the page that was read; cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Digest {
    row: Bytes,
}

/// Reads digests in order, a page at a time.
pub struct Digests {
    view: MailboxView,
    indexes: Range<u32>,
}

/// Digests of messages with consecutive indexes.
#[derive(Clone, Debug)]
pub struct DigestPage {
    /// The index of the first one.
    pub first: u32,
    /// One for each message. Never empty.
    pub digests: Vec<Digest>,
}

impl Digest {
    /// ENVELOPE's value, from parenthesis to parenthesis (RFC 3501 §7.4.2).
    #[must_use]
    pub fn envelope(&self) -> &[u8] {
        &self.row
    }

    /// BODY's value.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.row
    }

    /// BODYSTRUCTURE's value.
    #[must_use]
    pub fn body_structure(&self) -> &[u8] {
        &self.row
    }

    /// The part tree.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn structure(&self) -> Result<Structure, Error> {
        Err(Error::bug("not built"))
    }

    /// The Date field.
    #[must_use]
    pub fn sent(&self) -> Option<SentDate> {
        None
    }
}

impl Digests {
    pub(crate) fn new(view: &MailboxView, indexes: Range<u32>) -> Self {
        Self { view: view.clone(), indexes }
    }

    /// The next page; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Expunged`] if another process has removed a message, [`Error::Corrupt`].
    pub async fn next_page(&mut self) -> Result<Option<DigestPage>, Error> {
        let _ = (&self.view, &self.indexes);
        Err(Error::bug("not built"))
    }
}
