//! APPEND (RFC 3501 §6.3.11), streamed where the message is large.

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use crate::driver::Source;
use crate::error::{Error, Result};
use bytes::Bytes;
use peregrine_proto::command::append::Literal;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{Code, CommandBody, DateTime, Flag, MailboxName, UidValidity, command};
use smallvec::SmallVec;
use tokio::io::AsyncRead;

/// A message on its way into a mailbox. Nothing is sent before [`Append::send`]; awaiting it sends
/// it too.
#[must_use = "nothing is sent yet"]
pub struct Append {
    client: Client,
    mailbox: Result<MailboxName>,
    flags: SmallVec<[Flag; 2]>,
    date: Option<DateTime>,
    message: Literal,
    binary: bool,
    source: Option<Source>,
}

/// The new message's identity (RFC 4315 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Of the mailbox.
    pub uid_validity: UidValidity,
    /// One UID.
    pub uids: UidRanges,
}

impl Client {
    /// Puts a message into a mailbox: octets as they are to come back, lines ended by CRLF.
    pub fn append(&self, mailbox: impl IntoName, message: impl Into<Bytes>) -> Append {
        self.appending(mailbox, Literal::Inline(message.into()), None)
    }

    /// Puts a message of exactly `length` octets into a mailbox, which are read while they are
    /// sent.
    ///
    /// Other commands wait meanwhile, so it should come from a disk rather than from another
    /// network. If it cannot be read to its end, the connection is lost: IMAP has no other way to
    /// take back what was begun.
    pub fn append_from(
        &self,
        mailbox: impl IntoName,
        message: impl AsyncRead + Send + Unpin + 'static,
        length: u32,
    ) -> Append {
        let literal = Literal::Spooled { id: 0, length };
        self.appending(mailbox, literal, Some(Box::new(message)))
    }

    fn appending(
        &self,
        mailbox: impl IntoName,
        message: Literal,
        source: Option<Source>,
    ) -> Append {
        let mailbox = mailbox.into_name();
        let (client, flags) = (self.clone(), SmallVec::new());
        Append { client, mailbox, flags, date: None, message, binary: false, source }
    }
}

impl Append {
    /// With these flags too.
    pub fn flags(mut self, flags: impl IntoIterator<Item = Flag>) -> Self {
        self.flags.extend(flags);
        self
    }

    /// As if it had come at this time.
    pub fn date(mut self, date: DateTime) -> Self {
        self.date = Some(date);
        self
    }

    /// As a `literal8`, in which NUL is allowed (BINARY, RFC 3516 §4.4). The server may then keep
    /// parts with NUL in another transfer encoding, so that octets need not come back as they
    /// were; what they decode to does.
    pub fn binary(mut self) -> Self {
        self.binary = true;
        self
    }

    /// Sends it. `None` where the server does not tell the new UID.
    pub fn send(self) -> Call<Option<Appended>> {
        let Self { client, mailbox, flags, date, message, binary, source } = self;
        if binary && !client.capabilities().has("BINARY") {
            return Call::answered(Err(Error::Unsupported("BINARY")));
        }
        let mailbox = match mailbox {
            Ok(mailbox) => mailbox,
            Err(error) => return Call::answered(Err(error)),
        };
        if flags.contains(&Flag::Recent) {
            return Call::answered(Err(Error::Argument("\\Recent cannot be set by a client")));
        }
        let append = command::Append { mailbox, flags, date, message, binary, more: Vec::new() };
        let pending = client.send(CommandBody::Append(append), None, source);
        Call::single(pending, |reply| {
            Ok(match reply.text.code {
                Some(Code::AppendUid { uid_validity, uids }) => {
                    Some(Appended { uid_validity, uids })
                }
                _ => None,
            })
        })
    }
}

impl IntoFuture for Append {
    type Output = Result<Option<Appended>>;
    type IntoFuture = Call<Option<Appended>>;

    fn into_future(self) -> Self::IntoFuture {
        self.send()
    }
}
