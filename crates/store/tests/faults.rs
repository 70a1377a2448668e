//! An engine that fails: an operation that fails has no effect, later ones work, and what was
//! acknowledged is there after opening again. Two stores on one engine stand for two processes.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;

use fixture::{inbox, message, name, on, uids};
use peregrine_kv::fault::{Call, FaultEngine, Faults};
use peregrine_kv::{Engine, Error as Fault, MemoryEngine};
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::{Flag, Keyword};
use peregrine_store::{Account, Error, FlagChange, Mailbox, MailboxView, NewMessage};
use std::sync::Arc;

fn faulty() -> (Arc<dyn Engine>, Faults) {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    (Arc::new(engine), faults)
}

fn flagged(flag: Flag) -> FlagChange {
    FlagChange {
        action: StoreAction::Add,
        flags: vec![flag],
        unchanged_since: None,
        replaced_since: None,
    }
}

fn large() -> NewMessage {
    NewMessage { body: vec![b'l'; 80_000].into(), ..message("", &[]) }
}

/// All that a session could see of an account.
async fn image(account: &Account) -> Vec<String> {
    let mut image = Vec::new();
    let tree = account.tree();
    image.extend(tree.subscriptions().map(|name| format!("subscribed {}", name.as_str())));
    for (name, entry) in tree.entries() {
        image.push(format!("{name:?} {:?} {:?}", entry.uid_validity, account.status(name).ok()));
        if entry.selectable {
            let view = account.open(name).await.unwrap().view();
            let mut flags = Vec::new();
            for message in view.messages(0..view.exists()) {
                view.write_flags(message, false, &mut flags);
                image.push(format!("{:?} {:?} {}", message.uid, message.mod_seq, message.size));
            }
            image.push(String::from_utf8(flags).unwrap());
        }
    }
    image
}

/// One of each operation, by number; false beyond the last.
async fn operate(number: u32, account: &Account, mailbox: &Mailbox) -> Option<Result<(), Error>> {
    let (view, all): (MailboxView, _) = (mailbox.view(), uids(&[1, 2]));
    Some(match number {
        0 => account.append(&inbox(), vec![message("new", &[])]).await.map(drop),
        1 => mailbox.store_flags(&all, flagged(Flag::Flagged)).await.map(drop),
        2 => mailbox.copy(&view, &all, &name("Sent")).await.map(drop),
        3 => mailbox.move_messages(&view, &uids(&[2]), &name("Sent")).await.map(drop),
        4 => mailbox.expunge(None).await.map(drop),
        5 => account.create(&name("x/y")).await,
        6 => account.rename(&name("Sent"), &name("Out")).await,
        7 => account.rename(&inbox(), &name("In")).await,
        8 => account.delete(&name("Junk")).await.map(drop),
        9 => account.unsubscribe(&name("Junk")).await,
        10 => account.append(&inbox(), vec![large()]).await.map(drop),
        11 => account.append(&inbox(), vec![message("one", &[])]).await.map(drop),
        _ => return None,
    })
}

async fn prepared(engine: &Arc<dyn Engine>) -> (peregrine_store::Store, Account, Mailbox) {
    let (store, account) = on(Arc::clone(engine)).await;
    let messages =
        vec![message("one", &[]), message("two", &[]), message("three", &[Flag::Deleted])];
    account.append(&inbox(), messages).await.unwrap();
    let mailbox = account.open(&inbox()).await.unwrap();
    (store, account, mailbox)
}

/// A commit that fails leaves all as it was, for sessions and after opening again; then the same
/// operation works.
#[tokio::test]
async fn failed_commits_change_nothing() {
    for number in 0.. {
        let (engine, faults) = faulty();
        let (_store, account, mailbox) = prepared(&engine).await;
        let before = image(&account).await;
        faults.fail(Call::Commit, 1, Fault::Full);
        let Some(failed) = operate(number, &account, &mailbox).await else { break };
        assert!(matches!(failed, Err(Error::Full)), "{number}: {failed:?}");
        assert_eq!(image(&account).await, before, "{number}");
        let (_other, again) = on(Arc::clone(&engine)).await;
        assert_eq!(image(&again).await, before, "{number}");
        operate(number, &account, &mailbox).await.unwrap().unwrap();
        assert_ne!(image(&account).await, before, "{number}");
        let (_other, again) = on(Arc::clone(&engine)).await;
        assert_eq!(image(&again).await, image(&account).await, "{number}");
    }
}

/// A commit whose answer is lost is wholly there or not at all, and the account goes on.
#[tokio::test]
async fn lost_answers_are_caught_up() {
    for number in 0.. {
        let (engine, faults) = faulty();
        let (_store, account, mailbox) = prepared(&engine).await;
        faults.lose_answer(Call::Commit, 1, Fault::Engine("gone".into()));
        let Some(failed) = operate(number, &account, &mailbox).await else { break };
        assert!(matches!(failed, Err(Error::Unavailable { .. })), "{number}: {failed:?}");
        account.subscribe(&inbox()).await.unwrap();
        account.append(&name("Archive"), vec![message("after", &[])]).await.unwrap();
        let (_other, again) = on(Arc::clone(&engine)).await;
        assert_eq!(image(&again).await, image(&account).await, "{number}");
        account.reclaim().await.unwrap();
    }
}

/// Reads that fail fail what needs them, and nothing else.
#[tokio::test]
async fn failed_reads_pass() {
    let (engine, faults) = faulty();
    {
        let (_store, _account, _mailbox) = prepared(&engine).await;
    }
    for n in 1..12 {
        faults.fail(Call::Read, n, Fault::Engine("sick".into()));
        let tried = async {
            let store = peregrine_store::Store::open(Arc::clone(&engine)).await?;
            let (id, _) = store.credentials("ann").await?.ok_or(Error::NonExistent("account"))?;
            let account = store.account(id).await?;
            let mailbox = account.open(&inbox()).await?;
            let view = mailbox.view();
            mailbox.body(&view, 0).await?;
            mailbox.digests(&view, 0..2).next_page().await?;
            account.append(&inbox(), vec![message("more", &[])]).await.map(drop)
        };
        let _: Result<(), Error> = tried.await;
        faults.clear();
        let (_store, account) = on(Arc::clone(&engine)).await;
        let view = account.open(&inbox()).await.unwrap().view();
        assert!(view.exists() >= 3);
    }
}

/// Two processes on one store: neither loses what the other did, and sessions are woken.
#[tokio::test]
async fn two_processes_see_each_other() {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
    let (_here, account, mailbox) = prepared(&engine).await;
    let (_there, other) = on(Arc::clone(&engine)).await;
    let elsewhere = other.open(&inbox()).await.unwrap();
    let mut changes = mailbox.changes();
    let keyword = |text| Flag::Keyword(Keyword::new(text).unwrap());
    elsewhere.store_flags(&uids(&[1]), flagged(keyword("there"))).await.unwrap();
    // Equal bodies from both sides are kept once.
    other.append(&inbox(), vec![message("same", &[])]).await.unwrap();
    changes.changed().await.unwrap();
    mailbox.store_flags(&uids(&[1]), flagged(keyword("here"))).await.unwrap();
    let appended = account.append(&inbox(), vec![message("same", &[])]).await.unwrap();
    assert_eq!(appended.uids, uids(&[5]));
    assert_eq!(fixture::rows(&engine, b'b').await, 4);
    other.create(&name("new")).await.unwrap();
    account.create(&name("newer")).await.unwrap();
    other.delete(&name("Junk")).await.unwrap();
    account.append(&name("new"), vec![message("x", &[])]).await.unwrap();
    let (_third, fresh) = on(Arc::clone(&engine)).await;
    other.subscribe(&name("new")).await.unwrap();
    account.subscribe(&name("newer")).await.unwrap();
    other.unsubscribe(&name("Junk")).await.unwrap();
    fresh.unsubscribe(&name("Trash")).await.unwrap();
    account.subscribe(&name("new")).await.unwrap();
    other.append(&inbox(), vec![message("last", &[])]).await.unwrap();
    account.append(&name("Sent"), vec![message("last", &[])]).await.unwrap();
    let (_fourth, fresh) = on(Arc::clone(&engine)).await;
    assert_eq!(image(&account).await, image(&fresh).await);
}

/// Many callers at once: no update is lost, and each message has a UID of its own (I1, I10).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_do_not_disturb_each_other() {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
    let (_store, account, mailbox) = prepared(&engine).await;
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let (account, mailbox) = (account.clone(), mailbox.clone());
            tokio::spawn(async move {
                let keyword = Keyword::new(&format!("k{number}")).unwrap();
                let change = flagged(Flag::Keyword(keyword));
                mailbox.store_flags(&uids(&[1, 3]), change).await.unwrap();
                let new = vec![message(&format!("m{}", number % 8), &[])];
                account.append(&inbox(), new).await.unwrap().uids
            })
        })
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    for task in tasks {
        assert!(task.await.unwrap().iter().all(|uid| seen.insert(uid)));
    }
    let view = mailbox.view();
    assert_eq!((view.exists(), seen.len()), (35, 32));
    assert_eq!(view.message(0).unwrap().keywords.iter().count(), 32);
    assert_eq!(fixture::rows(&engine, b'b').await, 3 + 8);
}

/// Nothing is shown before it is durable; what waits meanwhile shares one commit; an operation that
/// nobody waits for any more is done all the same (I34).
#[tokio::test]
async fn commits_are_waited_for_and_shared() {
    let (engine, faults) = faulty();
    let (_store, account, mailbox) = prepared(&engine).await;
    let before = revision(&engine, &account).await;
    let gate = faults.hold(Call::Commit, 1);
    let append = |text: &'static str| {
        let account = account.clone();
        tokio::spawn(async move { account.append(&inbox(), vec![message(text, &[])]).await })
    };
    let first = append("first");
    gate.reached().await;
    let rest: Vec<_> = (0..10).map(|_| append("more")).collect();
    while account.queued() < rest.len() {
        tokio::task::yield_now().await;
    }
    assert_eq!(mailbox.view().exists(), 3);
    assert_eq!(account.status(&inbox()).unwrap().uid_next, mailbox.view().uid_next());
    first.abort();
    gate.open();
    for task in rest {
        task.await.unwrap().unwrap();
    }
    assert_eq!(mailbox.view().exists(), 14);
    assert_eq!(revision(&engine, &account).await, before + 2);
}

/// How many commits an account has seen, as its row has it.
async fn revision(engine: &Arc<dyn Engine>, account: &Account) -> u64 {
    let key = [&account.id().0.to_be_bytes()[..], b"a"].concat();
    let row = engine.snapshot().await.unwrap().get(&key).await.unwrap().unwrap();
    u64::from_be_bytes(row[1..9].try_into().unwrap())
}

/// UIDs end before they wrap (T65): the last ones are given, then APPEND and COPY are refused.
#[tokio::test]
async fn uids_end() {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
    let id = on(Arc::clone(&engine)).await.1.id();
    // INBOX is the first mailbox; its UIDNEXT stands behind the version byte of its head.
    let key = [&id.0.to_be_bytes()[..], b"h", &1_u32.to_be_bytes()].concat();
    let mut head = engine.snapshot().await.unwrap().get(&key).await.unwrap().unwrap().to_vec();
    head[1..5].copy_from_slice(&(u32::MAX - 2).to_be_bytes());
    let mut transaction = peregrine_kv::Transaction::new();
    transaction.put(key, head);
    engine.commit(transaction).await.unwrap();
    let (_store, account) = on(Arc::clone(&engine)).await;
    let three = vec![message("a", &[]), message("b", &[]), message("c", &[])];
    let refused = account.append(&inbox(), three.clone()).await;
    assert!(matches!(refused, Err(Error::Limit(_))), "{refused:?}");
    let appended = account.append(&inbox(), three[..2].to_vec()).await.unwrap();
    assert_eq!(appended.uids, uids(&[u32::MAX - 2, u32::MAX - 1]));
    let refused = account.append(&inbox(), three[2..].to_vec()).await;
    assert!(matches!(refused, Err(Error::Limit(_))), "{refused:?}");
    let mailbox = account.open(&inbox()).await.unwrap();
    let copied = mailbox.copy(&mailbox.view(), &appended.uids, &inbox()).await;
    assert!(matches!(copied, Err(Error::Limit(_))), "{copied:?}");
    assert_eq!(mailbox.view().exists(), 2);
}
