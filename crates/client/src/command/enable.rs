//! ENABLE (RFC 5161, RFC 9051 §6.3.1).

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Enable;
use smallvec::SmallVec;

impl Client {
    /// Turns on extensions that change what the server sends. Which of them are in effect then,
    /// [`Capabilities::is_enabled`](crate::Capabilities::is_enabled) tells.
    ///
    /// Nothing is enabled unasked. Whatever is, all calls work as before: after `IMAP4rev2` or
    /// `UTF8=ACCEPT`, mailbox names go both ways in UTF-8, and SEARCH is answered with ESEARCH;
    /// after `IMAP4rev2` there is no RECENT.
    pub fn enable(&self, names: &[&str]) -> Call<()> {
        let atom = |name: &&str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|octet| octet.is_ascii_alphanumeric() || b"=-+".contains(&octet))
        };
        if names.is_empty() || !names.iter().all(atom) {
            return Call::answered(Err(Error::Argument("ENABLE needs names of capabilities")));
        }
        // This library counts messages by what FETCH and EXPUNGE tell (RFC 9586 §3).
        if names.iter().any(|name| name.eq_ignore_ascii_case("UIDONLY")) {
            return Call::answered(Err(Error::Unsupported("UIDONLY")));
        }
        let capabilities: SmallVec<_> =
            names.iter().map(|name| name.to_ascii_uppercase().into()).collect();
        self.call(CommandBody::Enable(Enable { capabilities }), |_| Ok(()))
    }
}
