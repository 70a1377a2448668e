//! Watching the selected mailbox, so that its changes reach the client at once.

use crate::host::{Session, Snapshot};
use peregrine_proto::number::UidRanges;
use peregrine_proto::{MailboxName, ModSeq};
use peregrine_store::Mailbox;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::sync::watch::Receiver;

/// The selected mailbox of one connection.
pub(super) struct Watch {
    mailbox: Mailbox,
    /// EXAMINE takes \Recent from nobody (RFC 3501 §6.3.2).
    read_only: bool,
    /// The version that the session was given last.
    given: ModSeq,
    gone: bool,
    changed: Changed,
    /// The name that the session knows.
    name: MailboxName,
    /// Tells of changed names.
    names: Receiver<u64>,
}

/// Resolves at the next change, and hands the receiver back.
type Changed = Pin<Box<dyn Future<Output = Option<Receiver<u64>>> + Send>>;

fn next_change(mut receiver: Receiver<u64>) -> Changed {
    Box::pin(async move { receiver.changed().await.is_ok().then_some(receiver) })
}

impl Watch {
    /// Watches a mailbox of which the session has this version.
    pub(super) fn new(
        mailbox: &Mailbox,
        name: &MailboxName,
        given: &Snapshot,
        read_only: bool,
    ) -> Self {
        let mut names = mailbox.account().tree_changes();
        // It may have been renamed since its name was looked up.
        names.mark_changed();
        Self {
            name: name.clone(),
            names,
            mailbox: mailbox.clone(),
            read_only,
            given: given.0.mod_seq(),
            gone: false,
            changed: next_change(mailbox.changes()),
        }
    }

    /// Whether the mailbox changed; wakes the connection when it does.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        // Nobody is woken by another name: only what comes next has to know it.
        let mut changed = self.is_name_open();
        while let Poll::Ready(receiver) = self.changed.as_mut().poll(cx) {
            changed = true;
            self.changed = match receiver {
                Some(receiver) => next_change(receiver),
                None => Box::pin(std::future::pending()),
            };
        }
        changed
    }

    /// Gives the session the newest version.
    pub(super) fn refresh(&mut self, session: &mut Session, now: Instant) {
        if self.gone {
            return;
        }
        if self.mailbox.is_deleted() {
            self.gone = true;
            session.handle_mailbox_gone(now);
            return;
        }
        if self.is_name_open() {
            self.follow(session, now);
        }
        let view = self.mailbox.view();
        if view.mod_seq() == self.given {
            return;
        }
        self.given = view.mod_seq();
        // Who is not told RECENT (RFC 9051) takes it from nobody who is.
        let claims = !self.read_only && !session.enabled().rev2;
        let recent = if claims { self.mailbox.claim_recent(&view) } else { UidRanges::new() };
        session.handle_snapshot(now, Snapshot(view), recent);
    }

    /// Whether names have changed since the mailbox's own was looked up.
    fn is_name_open(&self) -> bool {
        !self.gone && self.names.has_changed().unwrap_or(false)
    }

    /// Tells the session the name that its mailbox has now.
    fn follow(&mut self, session: &mut Session, now: Instant) {
        self.names.mark_unchanged();
        let tree = self.mailbox.account().tree();
        let id = self.mailbox.id();
        if tree.get(&self.name).is_some_and(|entry| entry.id == id) {
            return;
        }
        if let Some(name) = tree.name_of(id) {
            self.name = name.clone();
            session.handle_mailbox_renamed(now, name.clone());
        }
    }
}
