//! LSUB (RFC 3501 §6.3.9).

use crate::call::Call;
use crate::client::Client;
use bytestring::ByteString;
use peregrine_proto::command::Lsub;
use peregrine_proto::response::ListData;
use peregrine_proto::{CommandBody, ListPattern, Response};

impl Client {
    /// Subscribed names that match the pattern: `*` stands for anything, `%` for anything within
    /// one level.
    pub fn lsub(&self, pattern: &str) -> Call<Vec<ListData>> {
        let pattern = match ListPattern::new(pattern) {
            Ok(pattern) => pattern,
            Err(error) => return Call::answered(Err(error.into())),
        };
        let lsub = Lsub { reference: ByteString::new(), pattern };
        self.call(CommandBody::Lsub(lsub), |reply| {
            let data = reply.responses.into_iter().filter_map(|response| match response {
                Response::Lsub(data) => Some(data),
                _ => None,
            });
            Ok(data.collect())
        })
    }
}
