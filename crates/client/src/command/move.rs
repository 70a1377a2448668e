//! MOVE (RFC 6851), and what does the same where a server does not know it.

use super::IntoName;
use super::copy::{Copied, copied};
use super::search::Query;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::mailbox::Mailbox;
use peregrine_proto::command::{Messages, Move};
use peregrine_proto::{CommandBody, Flag, MailboxName, UidSet};

/// Messages on their way into another mailbox. Nothing is sent before [`Moving::send`]; awaiting it
/// sends it too.
#[must_use = "nothing is sent yet"]
#[derive(Debug)]
pub struct Moving {
    mailbox: Mailbox,
    uids: UidSet,
    to: Result<MailboxName>,
    or_mark: bool,
}

impl Mailbox {
    /// Moves messages into a mailbox by MOVE. `None` where the server does not tell their new UIDs.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the server has no MOVE; [`Mailbox::move_messages`] works there,
    /// too.
    pub fn r#move(&self, messages: impl Into<Messages>, to: impl IntoName) -> Call<Option<Copied>> {
        if !self.knows("MOVE") {
            return Call::answered(Err(Error::Unsupported("MOVE")));
        }
        let messages = messages.into();
        match to.into_name() {
            Ok(_) if crate::numbers::is_empty(&messages) => Call::answered(Ok(None)),
            Ok(mailbox) => self.call(CommandBody::Move(Move { messages, mailbox }), copied),
            Err(error) => Call::answered(Err(error)),
        }
    }

    /// Moves messages into a mailbox on any server: by MOVE, else by UID COPY, UID STORE and
    /// UID EXPUNGE, which needs UIDPLUS. Nothing is expunged but what was copied.
    ///
    /// Without MOVE it is three steps, and the messages are in both mailboxes between them. What has
    /// come into `uids` meanwhile stays where it is.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the server has neither MOVE nor UIDPLUS; nothing is sent then,
    /// unless [`Moving::or_mark`] was asked for.
    pub fn move_messages(&self, uids: impl Into<UidSet>, to: impl IntoName) -> Moving {
        let (mailbox, to) = (self.clone(), to.into_name());
        Moving { mailbox, uids: uids.into(), to, or_mark: false }
    }

    /// Whether the server has it, by itself or as a part of IMAP4rev2.
    pub(super) fn knows(&self, capability: &str) -> bool {
        let capabilities = self.client().capabilities();
        capabilities.has(capability) || capabilities.has("IMAP4REV2")
    }
}

impl Moving {
    /// Where the server has neither MOVE nor UIDPLUS, copies the messages and leaves the old ones
    /// marked \\Deleted: to expunge them would also expunge what others have marked.
    pub fn or_mark(mut self) -> Self {
        self.or_mark = true;
        self
    }

    /// Sends MOVE; without that, awaiting sends one step after the other. `None` where the server does not tell the new UIDs.
    pub fn send(self) -> Call<Option<Copied>> {
        let to = match self.to {
            Ok(to) => to,
            Err(error) => return Call::answered(Err(error)),
        };
        if self.mailbox.knows("MOVE") {
            return self.mailbox.r#move(self.uids, to);
        }
        let expunges = self.mailbox.knows("UIDPLUS");
        if !expunges && !self.or_mark {
            return Call::answered(Err(Error::Unsupported("MOVE or UIDPLUS")));
        }
        if self.uids.ranges.is_empty() {
            return Call::answered(Ok(None));
        }
        Call::steps(by_copying(self.mailbox, self.uids, to, expunges))
    }
}

async fn by_copying(
    mailbox: Mailbox,
    uids: UidSet,
    to: MailboxName,
    expunges: bool,
) -> Result<Option<Copied>> {
    // Named one by one: a message that comes into `1:*` behind COPY must not be expunged.
    let there = crate::numbers::uids(mailbox.search(Query::all().uids(uids)).await?);
    if there.ranges.is_empty() {
        return Ok(None);
    }
    let copied = mailbox.copy(there.clone(), to).await?;
    mailbox.add_flags(there.clone(), &[Flag::Deleted]).await?;
    if expunges {
        mailbox.expunge_uids(there).await?;
    }
    Ok(copied)
}

impl IntoFuture for Moving {
    type Output = Result<Option<Copied>>;
    type IntoFuture = Call<Option<Copied>>;

    fn into_future(self) -> Self::IntoFuture {
        self.send()
    }
}
