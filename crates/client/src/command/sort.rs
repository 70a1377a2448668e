//! SORT (RFC 5256).

use super::search::{Query, found};
use crate::call::Call;
use crate::error::Error;
use crate::mailbox::Mailbox;
use bytestring::ByteString;
use peregrine_proto::command::Sort;
use peregrine_proto::command::sort::SortCriterion;
use peregrine_proto::{CommandBody, Uid};

impl Mailbox {
    /// The UIDs of messages like this, in this order; the first criterion weighs most.
    pub fn sort(&self, criteria: &[SortCriterion], query: Query) -> Call<Vec<Uid>> {
        if !self.client().capabilities().has("SORT") {
            return Call::answered(Err(Error::Unsupported("SORT")));
        }
        if criteria.is_empty() {
            return Call::answered(Err(Error::Argument("SORT needs a criterion")));
        }
        let (keys, charset) = match query.into_keys() {
            Ok(parts) => parts,
            Err(error) => return Call::answered(Err(error)),
        };
        let charset = charset.unwrap_or(ByteString::from_static("US-ASCII"));
        let sort = Sort { uid: true, returns: None, criteria: criteria.into(), charset, keys };
        self.call(CommandBody::Sort(sort), found)
    }
}
