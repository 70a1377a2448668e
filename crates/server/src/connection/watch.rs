//! Watching the selected mailbox, so that its changes reach the client at once.

use crate::host::{Session, Snapshot};
use peregrine_proto::ModSeq;
use peregrine_proto::number::UidRanges;
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
}

/// Resolves at the next change, and hands the receiver back.
type Changed = Pin<Box<dyn Future<Output = Option<Receiver<u64>>> + Send>>;

fn next_change(mut receiver: Receiver<u64>) -> Changed {
    Box::pin(async move { receiver.changed().await.is_ok().then_some(receiver) })
}

impl Watch {
    /// Watches a mailbox of which the session has this version.
    pub(super) fn new(mailbox: &Mailbox, given: &Snapshot, read_only: bool) -> Self {
        Self {
            mailbox: mailbox.clone(),
            read_only,
            given: given.0.mod_seq(),
            gone: false,
            changed: next_change(mailbox.changes()),
        }
    }

    /// Whether the mailbox changed; wakes the connection when it does.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let mut changed = false;
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
}
