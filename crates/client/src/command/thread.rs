//! THREAD (RFC 5256).

use super::search::Query;
use crate::call::Call;
use crate::error::Error;
use crate::mailbox::Mailbox;
use bytestring::ByteString;
use peregrine_proto::command::Thread;
use peregrine_proto::command::thread::ThreadAlgorithm;
use peregrine_proto::response::thread::ThreadNode;
use peregrine_proto::{CommandBody, Response};

impl Mailbox {
    /// Messages like this by conversation, each with its depth; their numbers are UIDs.
    pub fn thread(&self, algorithm: ThreadAlgorithm, query: Query) -> Call<Vec<ThreadNode>> {
        let capability = match algorithm {
            ThreadAlgorithm::OrderedSubject => "THREAD=ORDEREDSUBJECT",
            ThreadAlgorithm::References => "THREAD=REFERENCES",
        };
        if !self.client().capabilities().has(capability) {
            return Call::answered(Err(Error::Unsupported(capability)));
        }
        let (keys, charset) = match query.into_keys() {
            Ok(parts) => parts,
            Err(error) => return Call::answered(Err(error)),
        };
        let charset = charset.unwrap_or(ByteString::from_static("US-ASCII"));
        let thread = Thread { uid: true, algorithm, charset, keys };
        self.call(CommandBody::Thread(thread), |reply| {
            let nodes = reply.responses.into_iter().filter_map(|response| match response {
                Response::Thread(nodes) => Some(nodes),
                _ => None,
            });
            Ok(nodes.flatten().collect())
        })
    }
}
