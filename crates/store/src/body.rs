//! The octets of messages.

use crate::{Error, MailboxView};
use bytes::Bytes;
use std::ops::Range;

/// A message's octets: in memory, or in an object that is read when asked.
pub struct Body(Bytes);

/// Reads bodies in order, a page at a time.
pub struct Bodies {
    view: MailboxView,
    indexes: Range<u32>,
}

impl Body {
    /// Octets.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Whether there is no octet in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All octets, if they are in memory already (up to [`crate::limits::MAX_ROW_BODY`]).
    #[must_use]
    pub fn in_memory(&self) -> Option<&Bytes> {
        Some(&self.0)
    }

    /// All octets, checked against their hash.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Unavailable`].
    pub async fn whole(&self) -> Result<Bytes, Error> {
        Ok(self.0.clone())
    }

    /// At most `length` octets from `offset`, fewer only at the end. Parts of an object are not
    /// checked against its hash.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Unavailable`].
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        let _ = (offset, length);
        Err(Error::bug("not built"))
    }
}

impl Bodies {
    pub(crate) fn new(view: &MailboxView, indexes: Range<u32>) -> Self {
        Self { view: view.clone(), indexes }
    }

    /// The next bodies, of messages with consecutive indexes, with the index of the first; `None`
    /// at the end. Never empty.
    ///
    /// # Errors
    /// [`Error::Expunged`] if another process has removed a message, [`Error::Corrupt`].
    pub async fn next_page(&mut self) -> Result<Option<(u32, Vec<Body>)>, Error> {
        let _ = (&self.view, &self.indexes);
        Err(Error::bug("not built"))
    }
}
