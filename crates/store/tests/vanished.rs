//! The log of what vanished is bounded, and what it forgets is told as all that is gone
//! (RFC 7162 §3.2.6).
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;

use fixture::{inbox, message, on, rows, uids};
use peregrine_kv::{Engine, MemoryEngine};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::{Flag, ModSeq, Uid};
use peregrine_store::limits::VANISHED_ROWS;
use std::sync::Arc;

/// Guards the bound, and that nothing is lost beyond it.
#[tokio::test]
async fn what_is_forgotten_is_told_whole() {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
    let (store, account) = on(Arc::clone(&engine)).await;
    let mailbox = account.open(&inbox()).await.unwrap();
    let count = VANISHED_ROWS as u32 + 10;
    let messages = (0..count + 2).map(|_| message("x", &[Flag::Deleted])).collect();
    account.append(&inbox(), messages).await.unwrap();
    // The second to last one stays.
    let stays = count + 1;
    for uid in 1..=count {
        mailbox.expunge(Some(&uids(&[uid]))).await.unwrap();
    }
    mailbox.expunge(Some(&uids(&[count + 2]))).await.unwrap();
    let all = UidRanges::from_unordered(vec![(Uid::new(1).unwrap(), Uid::new(u32::MAX).unwrap())]);
    let highest = mailbox.view().mod_seq().0;
    let gone = |since: u64| {
        let (mailbox, all) = (mailbox.clone(), all.clone());
        async move { mailbox.vanished(&mailbox.view(), ModSeq(since), &all).await.unwrap() }
    };
    assert_eq!(gone(highest - 1).await, uids(&[count + 2]));
    assert_eq!(gone(2).await.count(), u64::from(count + 1));
    account.reclaim().await.unwrap();
    assert!(rows(&engine, b'v').await <= VANISHED_ROWS, "the log is not bounded");
    let mut everything: Vec<u32> = (1..=count + 2).collect();
    everything.retain(|uid| *uid != stays);
    assert_eq!(gone(1).await, uids(&everything), "before the log");
    assert_eq!(gone(highest - 2).await, uids(&[count, count + 2]), "within the log");
    assert_eq!(gone(highest).await, UidRanges::new());
    store.close().await;
}
