//! NAMESPACE (RFC 2342).

use crate::Oddity;
use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use peregrine_proto::response::Namespace;
use peregrine_proto::{CommandBody, Response, command};

impl Client {
    /// Where the user's own mailboxes are, others', and shared ones: prefix and separator of each.
    pub fn namespace(&self) -> Call<[Option<Vec<Namespace>>; 3]> {
        // It ends the connection at this command.
        if self.greeting().contains("Microsoft Exchange Server 2003") {
            self.odd(Oddity::NamespaceAvoided);
            return Call::answered(Err(Error::Unsupported("NAMESPACE that works")));
        }
        self.call(CommandBody::Namespace(command::Namespace), |reply| {
            reply.last("NAMESPACE", |response| match response {
                Response::Namespace(kinds) => Some(kinds),
                _ => None,
            })
        })
    }
}
