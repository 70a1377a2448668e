//! The one writer of an account: takes what waits, applies it one after the other, commits all of
//! it at once, publishes the new versions, and only then answers.

use super::batch::{Batch, Fate, KnownBodies};
use super::load::{self, Loaded};
use super::queue::{Pending, Request};
use super::state::{Core, Opened, Slot, State};
use crate::limits::{
    BATCH_OCTETS, BATCH_OPERATIONS, COMMIT_TRIES, RECLAIM_DELAY, REFRESH_DELAY, WARM_MAILBOXES,
    WARM_MESSAGES,
};
use crate::reclaim::Waiting;
use crate::row::account::AccountRow;
use crate::row::index;
use crate::view::MailboxView;
use crate::{Error, MailboxId, Reclaimed, keys};
use bytes::Bytes;
use peregrine_kv::{CommitError, Key, Watcher};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Bodies whose hash is remembered, so that a body that comes again soon needs no second try.
const KNOWN_BODIES: usize = 4096;

pub(crate) struct Writer {
    pub(crate) core: Arc<Core>,
    queue: mpsc::Receiver<Request>,
    watcher: Watcher,
    pub(crate) row: AccountRow,
    /// The row as it is stored.
    pub(crate) stored: Bytes,
    /// Mailboxes in memory, the one used last at the end.
    loaded: HashMap<MailboxId, Arc<Opened>>,
    used: VecDeque<MailboxId>,
    pub(crate) known: KnownBodies,
    /// What waits to be reclaimed.
    pub(crate) garbage: Vec<Waiting>,
    /// Whether there may be objects that are marked and not deleted.
    pub(crate) doomed: bool,
    reclaim_at: Option<Instant>,
    refresh_at: Option<Instant>,
}

impl Writer {
    pub(crate) fn new(core: Arc<Core>, queue: mpsc::Receiver<Request>, loaded: Loaded) -> Self {
        let watcher = core.engine.watch(&[keys::topic(core.id)]);
        let garbage: Vec<Waiting> = loaded.garbage.into_iter().map(Waiting::left_over).collect();
        Self {
            core,
            queue,
            watcher,
            row: loaded.row,
            stored: loaded.stored,
            loaded: HashMap::new(),
            used: VecDeque::new(),
            known: KnownBodies::new(),
            // A crash may have left garbage.
            reclaim_at: Some(Instant::now() + RECLAIM_DELAY),
            garbage,
            doomed: true,
            // What changed between reading and watching would not be told.
            refresh_at: Some(Instant::now()),
        }
    }

    /// Works until the last handle is gone.
    pub(crate) async fn run(mut self) {
        let mut watching = true;
        let unread = Arc::clone(&self.core.unread);
        loop {
            let (reclaim, refresh) = (self.reclaim_at, self.refresh_at);
            tokio::select! {
                biased;
                request = self.queue.recv() => match request {
                    Some(request) => self.take(request).await,
                    None => break,
                },
                () = at(refresh) => self.refresh().await,
                hint = self.watcher.changed(), if watching => {
                    watching = hint.is_some();
                    self.refresh_at.get_or_insert_with(|| Instant::now() + REFRESH_DELAY);
                }
                () = unread.notified() => self.reclaim_later(),
                () = at(reclaim) => {
                    // One step at a time: what clients wait for comes first.
                    let more = self.reclaim_step(&mut Reclaimed::default()).await;
                    self.reclaim_at = match more {
                        Ok(more) => more.then(Instant::now),
                        Err(error) => {
                            tracing::warn!(account = self.core.id.0, %error, "reclaiming failed");
                            None
                        }
                    };
                }
            }
            if self.refresh_at.is_some_and(|at| at <= Instant::now()) {
                self.refresh().await;
            }
            self.cool();
        }
        self.save_claims().await;
    }

    async fn take(&mut self, first: Request) {
        let mut waiting: Vec<Box<dyn Pending>> = Vec::new();
        let mut octets = 0;
        let mut next = Some(first);
        // Who was woken together with the first has its turn to ask: one sync serves all of them.
        tokio::task::yield_now().await;
        while let Some(request) = next.take() {
            match request {
                Request::Change(pending) => {
                    octets += pending.octets();
                    waiting.push(pending);
                    if octets < BATCH_OCTETS && waiting.len() < BATCH_OPERATIONS {
                        next = self.queue.try_recv().ok();
                    }
                }
                Request::Reclaim(reply) => {
                    self.change(std::mem::take(&mut waiting)).await;
                    // Nobody may be left who wants to know.
                    let _ = reply.send(self.reclaim().await);
                }
                Request::Drain(reply) => {
                    self.change(std::mem::take(&mut waiting)).await;
                    let _ = reply.send(());
                }
            }
        }
        self.change(waiting).await;
    }

    /// Does what waits, in one commit, and answers.
    async fn change(&mut self, mut waiting: Vec<Box<dyn Pending>>) {
        if waiting.is_empty() {
            return;
        }
        match self.try_change(&mut waiting).await {
            // Together they are too large; each alone may not be.
            Err(Error::Limit(_)) if waiting.len() > 1 => {
                for one in waiting {
                    Box::pin(self.change(vec![one])).await;
                }
                return;
            }
            Err(error) => waiting.iter_mut().for_each(|pending| pending.fail(error.clone())),
            Ok(()) => {}
        }
        waiting.into_iter().for_each(Pending::answer);
    }

    async fn try_change(&mut self, waiting: &mut [Box<dyn Pending>]) -> Result<(), Error> {
        for _ in 0..COMMIT_TRIES {
            let Some(mut batch) = self.gather(waiting).await? else { continue };
            if batch.behind {
                self.reload().await?;
                continue;
            }
            if !batch.changed {
                self.known = batch.known;
                return Ok(());
            }
            let transaction = batch.transaction(&self.stored);
            match self.core.engine.commit(transaction).await {
                Ok(_) => {
                    self.publish(batch);
                    return Ok(());
                }
                Err(CommitError::Expectation(0)) => self.reload().await?,
                Err(CommitError::Expectation(_)) => self.learn(&batch).await?,
                Err(CommitError::Failed(error)) => return Err(error.into()),
            }
        }
        Err(CommitError::Expectation(0).into())
    }

    /// Applies all that waits; `None` if the account changed meanwhile.
    async fn gather(&mut self, waiting: &mut [Box<dyn Pending>]) -> Result<Option<Batch>, Error> {
        let state = self.core.state.load_full();
        let known = std::mem::take(&mut self.known);
        let mut batch = Batch::new(self.core.id, self.row, &state, known, &self.core.unread);
        for pending in waiting {
            while let Some(mailbox) = pending.apply(&mut batch) {
                match self.load(&state, mailbox).await {
                    Ok(Some(opened)) => batch.add_loaded(&opened),
                    Ok(None) => {
                        self.reload().await?;
                        return Ok(None);
                    }
                    Err(error) => {
                        pending.fail(error);
                        break;
                    }
                }
            }
        }
        Ok(Some(batch))
    }

    /// A mailbox in memory; `None` if the account has changed meanwhile.
    async fn load(&mut self, state: &State, id: MailboxId) -> Result<Option<Arc<Opened>>, Error> {
        self.used.retain(|used| *used != id);
        self.used.push_back(id);
        if let Some(opened) = self.loaded.get(&id) {
            return Ok(Some(Arc::clone(opened)));
        }
        let slot = state.slots.get(&id).ok_or(Error::NonExistent("mailbox"))?;
        // A session may hold what was unloaded here.
        if let Some(opened) = slot.opened() {
            self.loaded.insert(id, Arc::clone(&opened));
            return Ok(Some(opened));
        }
        let Some(view) = self.read(state, slot).await? else { return Ok(None) };
        let opened = Opened::new(slot, view);
        self.loaded.insert(id, Arc::clone(&opened));
        Ok(Some(opened))
    }

    async fn read(&self, state: &State, slot: &Slot) -> Result<Option<MailboxView>, Error> {
        let entry = state.tree.entries().map(|(_, entry)| entry).find(|entry| entry.id == slot.id);
        let uid_validity = entry.ok_or(Error::NonExistent("mailbox"))?.uid_validity;
        let version = load::mailbox(&self.core, slot, uid_validity, &self.stored).await?;
        Ok(version.map(|version| MailboxView::publish(version, &slot.readers)))
    }

    /// Shows what was committed.
    fn publish(&mut self, batch: Batch) {
        self.row = batch.row;
        self.stored = self.row.encode().into();
        self.known = batch.known;
        if self.known.len() > KNOWN_BODIES {
            self.known.clear();
        }
        let old = self.core.state.load_full();
        let tree_changed = !Arc::ptr_eq(&old.tree, &batch.tree);
        for (id, working) in batch.working {
            match working.fate {
                Fate::Untouched => {}
                Fate::Changed => {
                    let view = working.view();
                    working.slot.publish(&view);
                    match working.opened {
                        Some(opened) => opened.publish(view),
                        None => {
                            self.used.push_back(id);
                            self.loaded.insert(id, Opened::new(&working.slot, view));
                        }
                    }
                }
                Fate::Deleted => {
                    self.forget(id, working.opened.as_deref());
                }
            }
        }
        for (id, slot) in old.slots.iter().filter(|(id, _)| !batch.slots.contains_key(id)) {
            self.forget(*id, slot.opened().as_deref());
        }
        if tree_changed || !Arc::ptr_eq(&old.slots, &batch.slots) {
            let state = State { tree: batch.tree, slots: batch.slots };
            self.core.state.store(Arc::new(state));
            self.core.tree_changes.send_modify(|version| *version += 1);
        }
        self.garbage.extend(batch.garbage.into_iter().map(Waiting::new));
        self.reclaim_later();
    }

    fn forget(&mut self, id: MailboxId, opened: Option<&Opened>) {
        if let Some(opened) = opened {
            opened.delete();
        }
        self.loaded.remove(&id);
        self.used.retain(|used| *used != id);
    }

    /// Learns which bodies are stored, after a commit that guessed wrongly.
    async fn learn(&mut self, batch: &Batch) -> Result<(), Error> {
        self.known.clear();
        let hashes: Vec<[u8; 32]> = batch.met.iter().copied().collect();
        let indexes: Vec<Key> = hashes.iter().map(|hash| keys::index(self.core.id, hash)).collect();
        let snapshot = self.core.engine.snapshot().await?;
        for (hash, row) in hashes.into_iter().zip(snapshot.get_many(&indexes).await?) {
            if let Some(row) = row {
                self.known.insert(hash, index::decode(&row)?);
            }
        }
        Ok(())
    }

    /// Looks whether another process has changed the account.
    async fn refresh(&mut self) {
        self.refresh_at = None;
        let changed = async {
            let snapshot = self.core.engine.snapshot().await?;
            let row = snapshot.get(&keys::account(self.core.id)).await?;
            drop(snapshot);
            if row.as_ref() != Some(&self.stored) { self.reload().await } else { Ok(()) }
        };
        match changed.await {
            Ok(()) | Err(Error::NonExistent(_)) => {}
            Err(error) => tracing::warn!(account = self.core.id.0, %error, "refreshing failed"),
        }
    }

    /// Reads the account anew, and those mailboxes in memory that another process has changed.
    pub(crate) async fn reload(&mut self) -> Result<(), Error> {
        self.known.clear();
        for _ in 0..COMMIT_TRIES {
            let old = self.core.state.load_full();
            let engine = &*self.core.engine;
            let unread = &self.core.unread;
            let read = load::account(engine, self.core.id, &old.slots, unread).await;
            if matches!(read, Err(Error::NonExistent(_))) {
                self.account_is_gone(&old);
            }
            let loaded = read?;
            (self.row, self.stored) = (loaded.row, loaded.stored);
            self.core.state.store(Arc::new(loaded.state));
            self.core.tree_changes.send_modify(|version| *version += 1);
            if self.renew(&old).await? {
                return Ok(());
            }
        }
        Err(CommitError::Expectation(0).into())
    }

    /// Brings the mailboxes in memory up to date; false if the account changed meanwhile.
    async fn renew(&mut self, old: &State) -> Result<bool, Error> {
        let state = self.core.state.load_full();
        for (id, slot) in old.slots.iter() {
            let Some(opened) = slot.opened() else { continue };
            if !state.slots.contains_key(id) {
                self.forget(*id, Some(&opened));
            } else if opened.view().mod_seq() != slot.head().mod_seq {
                let Some(view) = self.read(&state, slot).await? else { return Ok(false) };
                slot.publish(&view);
                opened.publish(view);
            }
        }
        Ok(true)
    }

    fn account_is_gone(&mut self, old: &State) {
        for (id, slot) in old.slots.iter() {
            self.forget(*id, slot.opened().as_deref());
        }
        self.core.state.store(Arc::default());
        self.core.tree_changes.send_modify(|version| *version += 1);
    }

    fn reclaim_later(&mut self) {
        if !self.garbage.is_empty() {
            self.reclaim_at = Some(Instant::now() + RECLAIM_DELAY);
        }
    }

    /// Lets go of mailboxes that nobody has open, but for those used last.
    fn cool(&mut self) {
        let idle = |opened: &Arc<Opened>| Arc::strong_count(opened) == 1;
        let (mut mailboxes, mut messages) = (0, 0);
        let mut cold = Vec::new();
        for id in self.used.iter().rev() {
            let Some(opened) = self.loaded.get(id).filter(|opened| idle(opened)) else { continue };
            mailboxes += 1;
            messages += u64::from(opened.slot.head().counts.messages);
            // The one used last stays, however large it is.
            if mailboxes > 1 && (mailboxes > WARM_MAILBOXES || messages > WARM_MESSAGES) {
                cold.push(*id);
            }
        }
        for id in cold {
            self.loaded.remove(&id);
            self.used.retain(|used| *used != id);
        }
    }

    /// Commits which messages were claimed as recent, where no other commit has.
    async fn save_claims(&mut self) {
        let state = self.core.state.load_full();
        let known = KnownBodies::new();
        let mut batch = Batch::new(self.core.id, self.row, &state, known, &self.core.unread);
        for slot in state.slots.values().filter(|slot| slot.take_claimed()) {
            batch.put(keys::head(self.core.id, slot.id), slot.head().encode());
        }
        if batch.changed {
            let transaction = batch.transaction(&self.stored);
            if let Err(error) = self.core.engine.commit(transaction).await {
                // A later session sees the messages as recent again, which does no harm.
                tracing::debug!(account = self.core.id.0, %error, "claims were not kept");
            }
        }
    }
}

/// Waits until then; for ever without a time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
