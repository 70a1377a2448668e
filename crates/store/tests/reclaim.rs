//! What nobody can see any more is given back, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;

use fixture::{inbox, message, name, on, rows, uids};
use peregrine_kv::fault::{Call, FaultEngine};
use peregrine_kv::{Engine, MemoryEngine};
use peregrine_proto::Flag;
use peregrine_store::{Account, Mailbox, NewMessage};
use std::sync::Arc;

fn engine() -> Arc<dyn Engine> {
    Arc::new(MemoryEngine::new())
}

/// Bodies, index, digests, counters of references, garbage, objects.
async fn left(engine: &Arc<dyn Engine>) -> [usize; 6] {
    let objects = engine.objects().list(None, 1000).await.unwrap().objects.len();
    let marks = rows(engine, b'o').await;
    assert_eq!(marks, 0, "marks of objects");
    [
        rows(engine, b'b').await,
        rows(engine, b'i').await,
        rows(engine, b'd').await,
        rows(engine, b'x').await,
        rows(engine, b'g').await,
        objects,
    ]
}

async fn expunge(mailbox: &Mailbox, list: &[u32]) {
    let change = peregrine_store::FlagChange {
        action: peregrine_proto::command::store::StoreAction::Add,
        flags: vec![Flag::Deleted],
        unchanged_since: None,
        replaced_since: None,
    };
    mailbox.store_flags(&uids(list), change).await.unwrap();
    mailbox.expunge(Some(&uids(list))).await.unwrap();
}

async fn append(account: &Account, texts: &[&str]) {
    let messages = texts.iter().map(|text| message(text, &[])).collect();
    account.append(&inbox(), messages).await.unwrap();
}

/// A view keeps what it shows; without one, nothing stays.
#[tokio::test]
async fn views_keep_bodies() {
    let engine = engine();
    let (_store, account) = on(Arc::clone(&engine)).await;
    append(&account, &["one", "two"]).await;
    let mailbox = account.open(&inbox()).await.unwrap();
    let view = mailbox.view();
    expunge(&mailbox, &[1]).await;
    assert!(account.reclaim().await.unwrap().held);
    assert!(mailbox.body(&view, 0).await.is_ok());
    assert_eq!(left(&engine).await, [2, 2, 2, 0, 1, 0]);
    drop(view);
    let reclaimed = account.reclaim().await.unwrap();
    assert_eq!((reclaimed.messages, reclaimed.bodies, reclaimed.held), (1, 1, false));
    assert_eq!(left(&engine).await, [1, 1, 1, 0, 0, 0]);
}

/// Equal bodies are kept once, and go with the last message that has them; so do copies.
#[tokio::test]
async fn references_are_counted() {
    let engine = engine();
    let (_store, account) = on(Arc::clone(&engine)).await;
    append(&account, &["same", "same", "other"]).await;
    append(&account, &["same"]).await;
    assert_eq!(left(&engine).await, [2, 2, 4, 1, 0, 0]);
    let mailbox = account.open(&inbox()).await.unwrap();
    mailbox.copy(&mailbox.view(), &uids(&[3, 4]), &name("Sent")).await.unwrap();
    mailbox.move_messages(&mailbox.view(), &uids(&[1]), &name("Sent")).await.unwrap();
    expunge(&mailbox, &[2, 3, 4]).await;
    account.reclaim().await.unwrap();
    // Sent has "other" once and "same" twice.
    assert_eq!(left(&engine).await, [2, 2, 3, 1, 0, 0]);
    let sent = account.open(&name("Sent")).await.unwrap();
    expunge(&sent, &[2]).await;
    account.reclaim().await.unwrap();
    assert_eq!(left(&engine).await, [2, 2, 2, 0, 0, 0]);
    drop(sent);
    account.delete(&name("Sent")).await.unwrap();
    account.reclaim().await.unwrap();
    assert_eq!(left(&engine).await, [0; 6]);
    // What comes again is stored again.
    append(&account, &["same"]).await;
    assert!(mailbox.body(&mailbox.view(), 0).await.unwrap().whole().await.is_ok());
}

/// Large bodies are objects of the account, deleted with the last message.
#[tokio::test]
async fn objects_go() {
    let engine = engine();
    let (store, account) = on(Arc::clone(&engine)).await;
    let large = NewMessage { body: vec![b'x'; 100_000].into(), ..message("", &[]) };
    account.append(&inbox(), vec![large.clone(), large.clone()]).await.unwrap();
    assert_eq!(left(&engine).await, [1, 1, 2, 1, 0, 1]);
    let id = store.create_account("bob", Default::default()).await.unwrap();
    let other = store.account(id).await.unwrap();
    other.append(&inbox(), vec![large.clone()]).await.unwrap();
    assert_eq!(left(&engine).await[5], 2);

    let mailbox = account.open(&inbox()).await.unwrap();
    let body = mailbox.body(&mailbox.view(), 0).await.unwrap();
    assert_eq!((body.len(), body.in_memory()), (100_000, None));
    assert_eq!(body.whole().await.unwrap(), large.body);
    assert_eq!(body.read_at(99_990, 100).await.unwrap().len(), 10);
    expunge(&mailbox, &[1, 2]).await;
    account.reclaim().await.unwrap();
    assert_eq!(left(&engine).await, [1, 1, 1, 0, 0, 1]);
    account.append(&inbox(), vec![large]).await.unwrap();
    assert_eq!(left(&engine).await[5], 2);

    store.remove_account("BOB").await.unwrap();
    assert!(other.append(&inbox(), vec![message("late", &[])]).await.is_err());
    assert_eq!(left(&engine).await[5], 1);
    store.remove_account("ann").await.unwrap();
    drop((account, mailbox));
    assert_eq!(left(&engine).await, [0; 6]);
    assert_eq!((rows(&engine, b'a').await, rows(&engine, b't').await), (0, 0));
}

/// What a process leaves when it ends is reclaimed by the next one.
#[tokio::test]
async fn left_overs_go() {
    let engine = engine();
    {
        let (_store, account) = on(Arc::clone(&engine)).await;
        append(&account, &["one"]).await;
        let mailbox = account.open(&inbox()).await.unwrap();
        expunge(&mailbox, &[1]).await;
    }
    assert_eq!(left(&engine).await, [1, 1, 1, 0, 1, 0]);
    let (_store, account) = on(Arc::clone(&engine)).await;
    account.reclaim().await.unwrap();
    assert_eq!(left(&engine).await, [0; 6]);
}

/// An object that is deleted while the same body comes again is stored again: once when it was
/// found before it was marked, once while it is marked, here or by another process.
#[tokio::test]
async fn objects_that_come_again_stay() {
    let cases = [(Call::Commit, false), (Call::ObjectDelete, false), (Call::ObjectDelete, true)];
    for (held, elsewhere) in cases {
        let (faulty, faults) = FaultEngine::new(engine());
        let engine: Arc<dyn Engine> = Arc::new(faulty);
        let (_store, account) = on(Arc::clone(&engine)).await;
        let large = NewMessage { body: vec![b'x'; 100_000].into(), ..message("", &[]) };
        account.append(&inbox(), vec![large.clone()]).await.unwrap();
        let mailbox = account.open(&inbox()).await.unwrap();
        expunge(&mailbox, &[1]).await;

        let (_there, other) = on(Arc::clone(&engine)).await;
        let appender = if elsewhere { other } else { account.clone() };
        let gate = faults.hold(held, 1);
        let reclaiming = tokio::spawn({
            let account = account.clone();
            async move { account.reclaim().await.map(drop) }
        });
        gate.reached().await;
        let again = large.clone();
        let appending = tokio::spawn(async move { appender.append(&inbox(), vec![again]).await });
        // Held by the commit, the new message has its object and waits for the writer.
        while held == Call::Commit && account.queued() == 0 {
            tokio::task::yield_now().await;
        }
        // Another process that does not wait would now find the object still there.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        gate.open();
        reclaiming.await.unwrap().unwrap();
        appending.await.unwrap().unwrap();
        account.subscribe(&inbox()).await.unwrap();
        account.append(&name("Sent"), vec![message("next", &[])]).await.unwrap();
        let body = mailbox.body(&mailbox.view(), 0).await.unwrap();
        assert_eq!(body.whole().await.unwrap(), large.body, "{held:?}");
        assert_eq!(left(&engine).await, [2, 2, 2, 0, 0, 1]);
    }
}
