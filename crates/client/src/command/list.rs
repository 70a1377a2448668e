//! LIST (RFC 3501 §6.3.8), SPECIAL-USE (RFC 6154).

use crate::Oddity;
use crate::call::{Call, Pending, Reply};
use crate::client::Client;
use crate::error::{Error, Result};
use bytestring::ByteString;
use peregrine_proto::command::List;
use peregrine_proto::command::list::ListReturn;
use peregrine_proto::response::ListData;
use peregrine_proto::{CommandBody, ListPattern, Response, Status};

impl Client {
    /// Mailboxes whose names match the pattern: `*` stands for anything, `%` for anything within
    /// one level. Special uses are told where the server can.
    ///
    /// Servers that refuse to tell them, or answer with nothing at all, are asked again without.
    pub fn list(&self, pattern: &str) -> Call<Vec<ListData>> {
        let pattern = match ListPattern::new(pattern) {
            Ok(pattern) => pattern,
            Err(error) => return Call::answered(Err(error.into())),
        };
        let capabilities = self.capabilities();
        // RFC 6154 §2: with SPECIAL-USE alone a plain LIST may tell uses too.
        let options = capabilities.has("SPECIAL-USE") && capabilities.has("LIST-EXTENDED")
            // RFC 5258 §3: only a plain LIST with an empty pattern asks for the root.
            && !pattern.as_str().is_empty();
        let mut list = List::from((ByteString::new(), pattern));
        list.returns = options.then(|| ListReturn { special_use: true, ..ListReturn::default() });
        let pending = self.send(CommandBody::List(list.clone()), None, None);
        match options {
            true => Call::steps(or_plain(self.clone(), list, pending)),
            false => Call::single(pending, mailboxes),
        }
    }

    /// The separator of names, and the root's name (RFC 3501 §6.3.8).
    pub fn separator(&self) -> Call<Option<char>> {
        self.list("").then(|data| Ok(data.first().and_then(|root| root.separator)))
    }
}

async fn or_plain(client: Client, list: List, pending: Pending) -> Result<Vec<ListData>> {
    let everything = list.patterns.iter().any(|pattern| matches!(pattern.as_str(), "*" | "%"));
    match pending.await.and_then(mailboxes) {
        // There is always INBOX.
        Ok(found) if found.is_empty() && everything => client.odd(Oddity::ListOptionsIgnored),
        Err(Error::Refused(refusal)) if refusal.status == Status::Bad => {
            client.odd(Oddity::ListOptionsRefused);
        }
        result => return result,
    }
    let plain = List { returns: None, ..list };
    mailboxes(client.send(CommandBody::List(plain), None, None).await?)
}

fn mailboxes(reply: Reply) -> Result<Vec<ListData>> {
    let data = reply.responses.into_iter().filter_map(|response| match response {
        Response::List(data) => Some(data),
        _ => None,
    });
    Ok(data.collect())
}
