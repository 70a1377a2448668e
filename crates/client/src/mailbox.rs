//! A mailbox that is selected.

use crate::call::{Call, Pending, Reply};
use crate::client::Client;
use crate::error::Result;
use crate::machine::Epoch;
use peregrine_proto::{CommandBody, Flag, MailboxName, ModSeq, SequenceNumber, Uid, UidValidity};
use std::sync::Arc;

/// A handle to the selected mailbox; cheap to clone.
///
/// It is of use as long as the mailbox stays selected. After another [`Client::select`] on the same
/// connection its calls fail with [`Error::MailboxChanged`](crate::Error::MailboxChanged) and send
/// nothing, so that no number is ever used in the wrong mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox {
    client: Client,
    epoch: Epoch,
    status: Arc<MailboxStatus>,
}

/// What SELECT or EXAMINE told. What the server left out is `None`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailboxStatus {
    /// Its name.
    pub name: MailboxName,
    /// How many messages were in it.
    pub exists: u32,
    /// How many of them were recent.
    pub recent: u32,
    /// Flags in use.
    pub flags: Vec<Flag>,
    /// Flags that can be changed for good; `None` means all of `flags` (RFC 3501 §6.3.1).
    pub permanent_flags: Option<Vec<Flag>>,
    /// New keywords may be made.
    pub new_keywords: bool,
    /// Nothing can be changed.
    pub read_only: bool,
    /// While it stays the same, UIDs mean the same messages. `None`: UIDs of this mailbox must
    /// not be remembered.
    pub uid_validity: Option<UidValidity>,
    /// UIDs from this one on are still to come.
    pub uid_next: Option<Uid>,
    /// The first message without \Seen.
    pub first_unseen: Option<SequenceNumber>,
    /// The largest modification sequence (RFC 7162).
    pub highest_mod_seq: Option<ModSeq>,
}

impl Mailbox {
    pub(crate) fn new(client: Client, epoch: Epoch, status: MailboxStatus) -> Self {
        Self { client, epoch, status: Arc::new(status) }
    }

    /// What the server told when it was selected; later changes come as
    /// [updates](Client::updates).
    pub fn status(&self) -> &MailboxStatus {
        &self.status
    }

    /// Its name.
    pub fn name(&self) -> &MailboxName {
        &self.status.name
    }

    /// The connection.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn call<T>(
        &self,
        body: CommandBody,
        finish: impl FnOnce(Reply) -> Result<T> + Send + 'static,
    ) -> Call<T> {
        Call::single(self.send(body), finish)
    }

    pub(crate) fn send(&self, body: CommandBody) -> Pending {
        self.client.send(body, Some(self.epoch), None)
    }
}
