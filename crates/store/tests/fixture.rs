//! What several tests need: a store in memory, messages, names and sets.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(dead_code, reason = "each test takes what it needs")]

use peregrine_kv::{Engine, MemoryEngine};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::{DateTime, Flag, MailboxName, Uid};
use peregrine_store::{Account, Credentials, NewMessage, Store};
use std::sync::Arc;

/// A store in memory with one account.
pub async fn account() -> (Store, Account) {
    on(Arc::new(MemoryEngine::new())).await
}

/// A store on an engine, with the account `ann`.
pub async fn on(engine: Arc<dyn Engine>) -> (Store, Account) {
    let store = Store::open(engine).await.unwrap();
    let id = match store.credentials("ann").await.unwrap() {
        Some((id, _)) => id,
        None => store.create_account("Ann", Credentials::default()).await.unwrap(),
    };
    let account = store.account(id).await.unwrap();
    (store, account)
}

/// INBOX.
pub fn inbox() -> MailboxName {
    MailboxName::INBOX
}

/// A name.
pub fn name(text: &str) -> MailboxName {
    MailboxName::new(text).unwrap()
}

/// A set of UIDs.
pub fn uids(list: &[u32]) -> UidRanges {
    list.iter().filter_map(|uid| Uid::new(*uid)).collect()
}

/// A small message.
pub fn message(text: &str, flags: &[Flag]) -> NewMessage {
    NewMessage {
        body: format!("Subject: {text}\r\nFrom: a@example.org\r\n\r\n{text}\r\n").into(),
        flags: flags.to_vec(),
        date: DateTime { unix: 1_000_000_000, offset: 60 },
    }
}

/// How many rows a space of keys has, by its letter, in all accounts.
pub async fn rows(engine: &Arc<dyn Engine>, space: u8) -> usize {
    let snapshot = engine.snapshot().await.unwrap();
    let mut range = peregrine_kv::Range::all();
    let mut count = 0;
    loop {
        let page = snapshot.scan(range.clone(), 1000).await.unwrap();
        count += page.rows.iter().filter(|(key, _)| key[8] == space).count();
        match page.rows.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return count,
        }
    }
}
