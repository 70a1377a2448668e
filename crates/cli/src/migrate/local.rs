//! A user's mail in a served folder as a side of a migration.

use bytes::Bytes;
use peregrine_client::migrate::{
    Doing, Folder, Mail, Overview, Side, SideError, Summary, Target, message_id,
};
use peregrine_client::proto::number::UidRanges;
use peregrine_client::proto::response::list::SpecialUse;
use peregrine_client::proto::{Flag, MailboxName, Uid, UidValidity};
use peregrine_server::admin::AdminError;
use peregrine_server::admin::local::{Local, LocalNew, LocalOpen};
use tokio::sync::{mpsc, oneshot};

/// Batches that wait for the store; the migration itself keeps fewer on their way.
const WAITING: usize = 16;

/// A user's mail.
pub struct LocalSide {
    local: Local,
    /// Whether its UIDs mean anything: those of files that were just read in do not.
    keeps_uids: bool,
    open: Option<Opened>,
}

/// The mailbox that is open. A task of its own appends, so that batches keep their order.
struct Opened {
    mailbox: LocalOpen,
    batches: mpsc::Sender<Batch>,
}

struct Batch {
    messages: Vec<Mail>,
    reply: oneshot::Sender<Result<Vec<Result<(), String>>, AdminError>>,
}

impl LocalSide {
    /// Of a user in the store.
    pub fn new(local: Local) -> Self {
        Self { local, keeps_uids: true, open: None }
    }

    /// Of a store that only holds what was read from files.
    pub fn of_files(local: Local) -> Self {
        Self { local, keeps_uids: false, open: None }
    }

    fn opened(&self) -> Result<&Opened, SideError> {
        self.open.as_ref().ok_or_else(|| SideError::Other("no mailbox is open".into()))
    }

    async fn look(&mut self, name: MailboxName) -> Result<Overview, SideError> {
        let mailbox = self.local.open(&name).await.map_err(failed)?;
        let (batches, waiting) = mpsc::channel(WAITING);
        tokio::spawn(append_all(mailbox.clone(), waiting));
        let mut messages = Vec::new();
        mailbox
            .messages(&mut |message| {
                messages.push(Summary {
                    uid: message.uid,
                    size: message.size,
                    date: message.date,
                    flags: message.flags,
                    message_id: message_id(&message.start),
                });
            })
            .await
            .map_err(failed)?;
        let uid_validity = self.keeps_uids.then(|| mailbox.uid_validity());
        self.open = Some(Opened { mailbox, batches });
        Ok(Overview { uid_validity, messages })
    }
}

impl Side for LocalSide {
    fn folders(&mut self) -> Doing<'_, Vec<Folder>> {
        let folders = self.local.mailboxes().into_iter().map(|mailbox| Folder {
            path: mailbox.name.as_str().split(MailboxName::SEPARATOR).map(str::to_owned).collect(),
            name: mailbox.name,
            special_use: mailbox.special_use,
            subscribed: mailbox.subscribed,
            messages: mailbox.messages,
        });
        let folders = folders.collect();
        Box::pin(async { Ok(folders) })
    }

    fn open(&mut self, name: &MailboxName) -> Doing<'_, Overview> {
        let name = name.clone();
        Box::pin(self.look(name))
    }

    fn read(&mut self, uid: Uid) -> Doing<'static, Option<Bytes>> {
        let mailbox = self.opened().map(|opened| opened.mailbox.clone());
        Box::pin(async move { mailbox?.read(uid).await.map_err(failed) })
    }
}

impl Target for LocalSide {
    fn name_for(&self, path: &[String]) -> Result<MailboxName, String> {
        let safe = |level: &String| level.replace([MailboxName::SEPARATOR, '*', '%'], "_");
        let name = path.iter().map(safe).collect::<Vec<_>>().join("/");
        MailboxName::new(&name).and_then(MailboxName::composed).map_err(|error| error.to_string())
    }

    fn create(&mut self, name: &MailboxName, special_use: Option<SpecialUse>) -> Doing<'_, ()> {
        let name = name.clone();
        Box::pin(async move { self.local.create(&name, special_use).await.map_err(failed) })
    }

    fn adopt(&mut self, name: &MailboxName, uid_validity: UidValidity) -> Doing<'_, ()> {
        let name = name.clone();
        Box::pin(async move { self.local.adopt(&name, uid_validity).await.map_err(failed) })
    }

    fn subscribe(&mut self, name: &MailboxName) -> Doing<'_, ()> {
        let name = name.clone();
        Box::pin(async move { self.local.subscribe(&name).await.map_err(failed) })
    }

    fn append(&mut self, messages: Vec<Mail>) -> Doing<'static, Vec<Result<(), String>>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.opened().and_then(|opened| {
            opened.batches.try_send(Batch { messages, reply }).map_err(|_| ended())
        });
        Box::pin(async move {
            sent?;
            answer.await.map_err(|_| ended())?.map_err(failed)
        })
    }

    fn set_flags(&mut self, uids: Vec<Uid>, flags: Vec<Flag>) -> Doing<'_, ()> {
        let mailbox = self.opened().map(|opened| opened.mailbox.clone());
        Box::pin(async move {
            // They come in the order of the source.
            let uids = UidRanges::from_unordered(uids.into_iter().map(|uid| (uid, uid)).collect());
            mailbox?.set_flags(&uids, flags).await.map_err(failed)
        })
    }
}

/// Appends batches in the order in which they come, until nobody sends more.
async fn append_all(mailbox: LocalOpen, mut waiting: mpsc::Receiver<Batch>) {
    while let Some(Batch { messages, reply }) = waiting.recv().await {
        let validity = messages.first().and_then(|mail| mail.uid_validity);
        let new = messages.into_iter().map(|mail| LocalNew {
            uid: mail.uid,
            body: mail.body,
            flags: mail.flags,
            date: mail.date,
        });
        // Nobody waiting means that the work was given up.
        let _ = reply.send(mailbox.append(validity, new.collect()).await);
    }
}

fn failed(error: AdminError) -> SideError {
    SideError::Other(Box::new(error))
}

fn ended() -> SideError {
    SideError::Other("the task that appends has ended".into())
}
