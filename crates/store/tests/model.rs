//! Random changes on the store and on a simple model, compared after each (invariants I1 to I5, I7,
//! I10, I11, I13, I14, I18 to I22, I26, I27, I30, I31); views that sessions hold stay readable.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;
#[path = "model/reference.rs"]
mod reference;

use fixture::{name, uids};
use peregrine_kv::{Engine, MemoryEngine, SqliteEngine, SqliteOptions};
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::number::Number;
use peregrine_proto::{DateTime, Flag, Keyword};
use peregrine_store::{
    Account, Counts, Error, FlagChange, Mailbox, MailboxView, NewMessage, SystemFlags,
};
use proptest::prelude::*;
use reference::{MailboxModel, Model};
use std::collections::BTreeSet;
use std::sync::Arc;

const NAMES: [&str; 6] = ["INBOX", "INBOX/x", "a", "a/b", "a/b/c", "b"];

#[derive(Clone, Debug)]
enum Step {
    Append(usize, Vec<u8>, u8),
    Store(usize, u64, StoreAction, u8),
    Expunge(usize, Option<u64>),
    Copy(usize, usize, u64),
    Move(usize, usize, u64),
    Create(usize),
    Delete(usize),
    Rename(usize, usize),
    Subscribe(usize, bool),
    Hold(usize),
    Release,
    Reclaim,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let (one, other) = (0..NAMES.len(), 0..NAMES.len());
    let action =
        prop_oneof![Just(StoreAction::Add), Just(StoreAction::Remove), Just(StoreAction::Replace)];
    let pair = || (0..NAMES.len(), 0..NAMES.len());
    prop_oneof![
        8 => (one.clone(), prop::collection::vec(0..40u8, 1..40), any::<u8>())
            .prop_map(|(at, bodies, flags)| Step::Append(at, bodies, flags)),
        6 => (one.clone(), any::<u64>(), action, any::<u8>())
            .prop_map(|(at, mask, action, flags)| Step::Store(at, mask, action, flags)),
        4 => (one.clone(), prop::option::of(any::<u64>())).prop_map(|(at, m)| Step::Expunge(at, m)),
        3 => (pair(), any::<u64>()).prop_map(|((a, b), mask)| Step::Copy(a, b, mask)),
        3 => (pair(), any::<u64>()).prop_map(|((a, b), mask)| Step::Move(a, b, mask)),
        3 => one.clone().prop_map(Step::Create),
        1 => one.clone().prop_map(Step::Delete),
        2 => pair().prop_map(|(a, b)| Step::Rename(a, b)),
        1 => (one, any::<bool>()).prop_map(|(at, on)| Step::Subscribe(at, on)),
        2 => other.prop_map(Step::Hold),
        1 => Just(Step::Release),
        1 => Just(Step::Reclaim),
        1 => Just(Step::Reopen),
    ]
}

/// The flags of a mask: five system flags and three keywords.
fn flags(mask: u8) -> Vec<Flag> {
    let keyword = |text| Flag::Keyword(Keyword::new(text).unwrap());
    let all = [
        Flag::Answered,
        Flag::Flagged,
        Flag::Deleted,
        Flag::Seen,
        Flag::Draft,
        keyword("one"),
        keyword("$Two"),
        keyword("three"),
    ];
    all.into_iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, f)| f).collect()
}

/// Some body; large ones become objects.
fn body(number: u8) -> String {
    let length = if number == 39 { 70_000 } else { usize::from(number) };
    format!("Subject: s{number}\r\n\r\n{}", "x".repeat(length))
}

struct World {
    engine: Arc<dyn Engine>,
    store: peregrine_store::Store,
    account: Account,
    model: Model,
    held: Vec<(Mailbox, MailboxView, MailboxModel)>,
}

impl World {
    async fn new(engine: Arc<dyn Engine>) -> Self {
        let (store, account) = fixture::on(Arc::clone(&engine)).await;
        let model = Model::new(account.tree().entries().map(|(name, _)| name.as_str()));
        Self { engine, store, account, model, held: Vec::new() }
    }

    /// The UIDs of a mask, of the messages there now.
    fn named(&self, at: usize, mask: u64) -> Vec<u32> {
        let Some(mailbox) = self.model.selectable(NAMES[at]) else { return Vec::new() };
        let all = mailbox.messages.keys().enumerate();
        all.filter(|(bit, _)| mask >> (bit % 64) & 1 == 1).map(|(_, uid)| *uid).collect()
    }

    async fn run(&mut self, step: Step) {
        match step {
            Step::Append(at, bodies, mask) => self.append(at, &bodies, mask).await,
            Step::Store(at, mask, action, flags) => self.store(at, mask, action, flags).await,
            Step::Expunge(at, mask) => self.expunge(at, mask).await,
            Step::Copy(from, to, mask) => self.transfer(from, to, mask, false).await,
            Step::Move(from, to, mask) => self.transfer(from, to, mask, true).await,
            Step::Create(at) => {
                let done = self.account.create(&name(NAMES[at])).await;
                assert_eq!(done.is_ok(), self.model.create(NAMES[at]), "{done:?}");
            }
            Step::Delete(at) => {
                let done = self.account.delete(&name(NAMES[at])).await;
                assert_eq!(done.is_ok(), self.model.delete(NAMES[at]), "{done:?}");
            }
            Step::Rename(from, to) => {
                let done = self.account.rename(&name(NAMES[from]), &name(NAMES[to])).await;
                assert_eq!(done.is_ok(), self.model.rename(NAMES[from], NAMES[to]), "{done:?}");
            }
            Step::Subscribe(at, true) => {
                let done = self.account.subscribe(&name(NAMES[at])).await;
                assert_eq!(done.is_ok(), self.model.subscribe(NAMES[at]), "{done:?}");
            }
            Step::Subscribe(at, false) => {
                self.account.unsubscribe(&name(NAMES[at])).await.unwrap();
                self.model.subscriptions.remove(NAMES[at]);
            }
            Step::Hold(at) => {
                let Ok(mailbox) = self.account.open(&name(NAMES[at])).await else { return };
                let model = self.model.selectable(NAMES[at]).unwrap().clone();
                self.held.push((mailbox.clone(), mailbox.view(), model));
            }
            Step::Release => self.held.clear(),
            Step::Reclaim => {
                let reclaimed = self.account.reclaim().await.unwrap();
                assert!(!reclaimed.held || !self.held.is_empty());
            }
            Step::Reopen => self.reopen().await,
        }
    }

    async fn append(&mut self, at: usize, bodies: &[u8], mask: u8) {
        let date = DateTime { unix: 1_000_000_000, offset: -90 };
        let new = |number: &u8| NewMessage { body: body(*number).into(), flags: flags(mask), date };
        let messages: Vec<NewMessage> = bodies.iter().map(new).collect();
        let appended = self.account.append(&name(NAMES[at]), messages).await;
        let Some(mailbox) = self.model.selectable_mut(NAMES[at]) else {
            return assert!(appended.is_err());
        };
        let bodies = bodies.iter().map(|number| (body(*number), reference::flag_set(mask)));
        let expected = mailbox.append(bodies.collect());
        assert_eq!(appended.unwrap().uids, uids(&expected));
    }

    async fn store(&mut self, at: usize, mask: u64, action: StoreAction, flag_mask: u8) {
        let Ok(mailbox) = self.account.open(&name(NAMES[at])).await else { return };
        let before = mailbox.view();
        let named = self.named(at, mask);
        let change = FlagChange {
            action,
            flags: flags(flag_mask),
            unchanged_since: None,
            replaced_since: None,
        };
        let stored = mailbox.store_flags(&uids(&named), change).await.unwrap();
        let model = self.model.selectable_mut(NAMES[at]).unwrap();
        let changed = model.store(&named, action, &reference::flag_set(flag_mask));
        assert_eq!(stored.changed, uids(&changed));
        assert_eq!(stored.mod_seq.is_some(), !changed.is_empty());
        assert!(!stored.missing);
        let difference = mailbox.view().difference(&before);
        let told: Vec<u32> = difference.changed.iter().map(|(uid, _)| uid.get()).collect();
        assert_eq!(told, changed);
        let since: Vec<u32> = mailbox
            .view()
            .changed_since(before.mod_seq())
            .map(|(_, message)| message.uid.get())
            .collect();
        assert_eq!(since, changed);
    }

    async fn expunge(&mut self, at: usize, mask: Option<u64>) {
        let Ok(mailbox) = self.account.open(&name(NAMES[at])).await else { return };
        let before = mailbox.view();
        let named = mask.map(|mask| self.named(at, mask));
        let set = named.as_deref().map(uids);
        let expunged = mailbox.expunge(set.as_ref()).await.unwrap();
        let gone = self.model.selectable_mut(NAMES[at]).unwrap().expunge(named.as_deref());
        assert_eq!(expunged.uids, uids(&gone));
        let told = mailbox.view().difference(&before).expunged;
        assert_eq!(told.iter().map(|uid| uid.get()).collect::<Vec<_>>(), gone);
    }

    async fn transfer(&mut self, from: usize, to: usize, mask: u64, moving: bool) {
        let Ok(mailbox) = self.account.open(&name(NAMES[from])).await else { return };
        let named = self.named(from, mask);
        let (view, set, target) = (mailbox.view(), uids(&named), name(NAMES[to]));
        let done = match moving {
            true => mailbox.move_messages(&view, &set, &target).await,
            false => mailbox.copy(&view, &set, &target).await,
        };
        if self.model.selectable(NAMES[to]).is_none() {
            return assert!(done.is_err());
        }
        let source = self.model.selectable(NAMES[from]).unwrap();
        let copies = named.iter().map(|uid| source.messages[uid].clone()).collect();
        let expected = self.model.selectable_mut(NAMES[to]).unwrap().append(copies);
        if moving {
            self.model.selectable_mut(NAMES[from]).unwrap().remove(&named);
        }
        let done = done.unwrap();
        assert_eq!((done.source, done.target), (uids(&named), uids(&expected)));
    }

    async fn reopen(&mut self) {
        self.held.clear();
        (self.store, self.account) = fixture::on(Arc::clone(&self.engine)).await;
        self.check().await;
    }

    async fn check(&self) {
        let tree = self.account.tree();
        let names: Vec<&str> = tree.entries().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, self.model.mailboxes.keys().collect::<Vec<_>>());
        let subscribed: BTreeSet<String> =
            tree.subscriptions().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(subscribed, self.model.subscriptions);
        for (text, model) in &self.model.mailboxes {
            let Some(model) = model else {
                assert!(matches!(self.account.status(&name(text)), Err(Error::OnlyAName)));
                continue;
            };
            let mailbox = self.account.open(&name(text)).await.unwrap();
            let view = mailbox.view();
            check_view(&view, model);
            let status = self.account.status(&name(text)).unwrap();
            assert_eq!((status.counts, status.uid_next), (view.counts(), view.uid_next()));
            assert_eq!(status.mod_seq, view.mod_seq());
        }
    }
}

/// A view shows what the model has, and its counts are those of a recount.
fn check_view(view: &MailboxView, model: &MailboxModel) {
    assert_eq!(view.exists() as usize, model.messages.len());
    assert_eq!(view.uid_next().get(), model.uid_next);
    let mut counts = Counts::default();
    let all = view.messages(0..view.exists()).zip(&model.messages).enumerate();
    for (index, (message, (uid, (body, flags)))) in all {
        assert_eq!(message.uid.get(), *uid);
        assert_eq!(view.index_of(message.uid), Ok(index as u32));
        assert_eq!(view.uid_at(index as u32), Some(message.uid));
        assert_eq!(message.size as usize, body.len());
        let mut written = Vec::new();
        view.write_flags(message, false, &mut written);
        let written = String::from_utf8(written).unwrap();
        let words = written.trim_matches(['(', ')']).split_whitespace();
        assert_eq!(words.map(str::to_owned).collect::<BTreeSet<_>>(), *flags);
        counts.messages += 1;
        counts.unseen += u32::from(!message.flags.intersects(SystemFlags::SEEN));
        counts.deleted += u32::from(message.flags.intersects(SystemFlags::DELETED));
        counts.octets += u64::from(message.size);
        assert!(message.mod_seq <= view.mod_seq());
    }
    assert_eq!(view.counts(), counts);
}

/// All bodies and digests of a view can be read, also of messages that are gone.
async fn check_contents(mailbox: &Mailbox, view: &MailboxView, model: &MailboxModel) {
    let expected: Vec<&String> = model.messages.values().map(|(body, _)| body).collect();
    let mut found = Vec::new();
    let mut bodies = mailbox.bodies(view, 0..view.exists());
    while let Some((first, page)) = bodies.next_page().await.unwrap() {
        assert_eq!(first as usize, found.len());
        for body in page {
            found.push(body.whole().await.unwrap());
        }
    }
    assert!(found.iter().zip(&expected).all(|(found, expected)| **found == *expected.as_bytes()));
    assert_eq!(found.len(), expected.len());
    let mut digests = mailbox.digests(view, 0..view.exists());
    let mut read = 0;
    while let Some(page) = digests.next_page().await.unwrap() {
        for digest in page.digests {
            let subject = expected[read].split(['\r', ' ']).nth(1).unwrap();
            let envelope = String::from_utf8_lossy(digest.envelope()).into_owned();
            assert!(envelope.contains(&format!("\"{subject}\"")), "{envelope} {subject}");
            assert!(digest.structure().is_ok());
            read += 1;
        }
    }
    assert_eq!(read, expected.len());
}

async fn run(engine: Arc<dyn Engine>, steps: Vec<Step>) {
    let mut world = World::new(engine).await;
    for step in steps {
        world.run(step).await;
        world.check().await;
    }
    world.account.reclaim().await.unwrap();
    for (mailbox, view, model) in &world.held {
        check_view(view, model);
        check_contents(mailbox, view, model).await;
    }
    world.reopen().await;
    world.account.reclaim().await.unwrap();
    for (text, model) in &world.model.mailboxes {
        if let Some(model) = model {
            let mailbox = world.account.open(&name(text)).await.unwrap();
            check_contents(&mailbox, &mailbox.view(), model).await;
        }
    }
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 400, ..Default::default() })]

    #[test]
    fn memory_follows_the_model(steps in prop::collection::vec(step(), 1..40)) {
        block_on(run(Arc::new(MemoryEngine::new()), steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 100, ..Default::default() })]

    #[test]
    fn sqlite_follows_the_model(steps in prop::collection::vec(step(), 1..40)) {
        block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let engine = SqliteEngine::open(folder.path(), SqliteOptions::default()).await.unwrap();
            run(Arc::new(engine), steps).await;
        });
    }
}
