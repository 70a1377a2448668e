//! ID (RFC 2971).

use crate::call::Call;
use crate::client::Client;
use bytestring::ByteString;
use peregrine_proto::command::Id;
use peregrine_proto::{CommandBody, Response};

/// Fields and values; `None` for NIL.
pub type Parameters = Option<Vec<(ByteString, Option<ByteString>)>>;

impl Client {
    /// Tells the server who we are, for its logs, and asks who it is. What it says need not be
    /// true.
    pub fn id(&self, fields: &[(&str, &str)]) -> Call<Parameters> {
        let pair = |(field, value): &(&str, &str)| ((*field).into(), Some((*value).into()));
        let parameters = (!fields.is_empty()).then(|| fields.iter().map(pair).collect());
        self.call(CommandBody::Id(Id { parameters }), |reply| {
            reply.last("ID", |response| match response {
                Response::Id(parameters) => Some(parameters),
                _ => None,
            })
        })
    }
}
