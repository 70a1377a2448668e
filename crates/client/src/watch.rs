//! Watching a mailbox for as long as anybody wants to, whatever becomes of the connection.

mod known;
mod session;

pub use known::{Method, Resynchronized};

use crate::client::Client;
use crate::connect::Connector;
use crate::error::{Error, Result};
use crate::mailbox::Mailbox;
use crate::message::Message;
use crate::sasl::Credentials;
use bytestring::ByteString;
use peregrine_proto::{MailboxName, Uid};
use std::time::Duration;
use tokio::sync::mpsc;

/// What happens in a mailbox that is watched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// It is watched from here on: the messages that are in it.
    Begun {
        /// To read them.
        mailbox: Mailbox,
        /// UIDs and flags of all.
        messages: Vec<Message>,
    },
    /// New messages, with UIDs and flags.
    Arrived(Vec<Message>),
    /// A message's flags are others now.
    Flags(Message),
    /// A message is gone.
    Expunged(Uid),
    /// The server wants this shown to the user.
    Alert(ByteString),
    /// The connection ended, or could not be made. It is tried again.
    Lost {
        /// Why.
        error: Error,
        /// When it is tried again.
        again_in: Duration,
    },
    /// All that happened while nothing could be heard, as one.
    Resynchronized(Resynchronized),
    /// It makes no sense to try again, such as when the login is refused. Nothing comes after it.
    Ended(Error),
}

/// A mailbox that is watched; drop it to end.
#[derive(Debug)]
pub struct Watch {
    changes: mpsc::Receiver<Change>,
}

/// How long to wait before connecting again: twice as long each time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BackOff {
    /// The first time.
    pub first: Duration,
    /// At most.
    pub longest: Duration,
}

impl Default for BackOff {
    /// 1 second to 5 minutes.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(5 * 60) }
    }
}

/// Changes that are kept for a reader; then the server is read more slowly, and at last
/// resynchronized with.
const CHANGES: usize = 64;

impl Connector {
    /// Watches a mailbox over connections of its own.
    pub fn watch(&self, credentials: &Credentials, mailbox: MailboxName) -> Watch {
        let (connector, credentials) = (self.clone(), credentials.clone());
        Watch::new(mailbox, BackOff::default(), move || {
            let (connector, credentials) = (connector.clone(), credentials.clone());
            async move {
                let client = connector.connect().await?;
                client.authenticate(&credentials).await?;
                Ok(client)
            }
        })
    }
}

impl Watch {
    /// Watches a mailbox over connections that `dial` makes: connected and logged in.
    pub fn new<F>(
        mailbox: MailboxName,
        back_off: BackOff,
        dial: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Client>> + Send + 'static,
    {
        let (sender, changes) = mpsc::channel(CHANGES);
        tokio::spawn(async move {
            let watching = session::Watching::new(mailbox, back_off, sender.clone());
            tokio::select! {
                () = watching.run(dial) => {}
                // Nobody reads any more.
                () = sender.closed() => {}
            }
        });
        Self { changes }
    }

    /// The next change; `None` after [`Change::Ended`].
    pub async fn next(&mut self) -> Option<Change> {
        self.changes.recv().await
    }
}
