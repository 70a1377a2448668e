//! SEARCH (RFC 3501 §6.4.4): cheap keys first, bodies last.

use crate::{Error, MailboxView};
use peregrine_proto::command::search::SearchKey;
use peregrine_proto::number::UidRanges;
use peregrine_proto::SequenceSet;

/// What is searched for, ready to be evaluated on one view.
#[derive(Clone, Debug)]
pub struct Query {
    keys: Vec<SearchKey>,
}

impl Query {
    /// Prepares search keys. `charset` is that of their strings (`None`: US-ASCII); `recent` has the
    /// messages that are recent for the session; `sequence` turns sequence numbers, as the session
    /// knows them, into UIDs.
    ///
    /// # Errors
    /// [`Error::BadCharset`], and what `sequence` says.
    pub fn new(
        keys: &[SearchKey],
        charset: Option<&str>,
        view: &MailboxView,
        recent: &UidRanges,
        sequence: &mut dyn FnMut(&SequenceSet) -> Result<UidRanges, Error>,
    ) -> Result<Self, Error> {
        let _ = (charset, view, recent, sequence);
        Ok(Self { keys: keys.to_vec() })
    }
}
