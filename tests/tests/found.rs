//! What is found while several sessions change a mailbox, beside a plain reading of it: SEARCH and
//! SORT find what a scan finds (I20, I23), MIN, MAX, COUNT, ALL and PARTIAL agree (I21), `$` follows
//! expunges (I22), THREAD has each message once and by ORDEREDSUBJECT in the RFC's order (I24), and
//! the pairs of COPYUID are of one message (I18).
//!
//! `PEREGRINE_FOUND_SEED=n` repeats a run, `PEREGRINE_FOUND_STEPS=n` makes it longer.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

mod found {
    mod client;
    mod judge;
    mod mail;

    pub use client::Client;
    pub use judge::Judge;
    pub use mail::{Change, change};
}

use found::{Change, Client, Judge, change};
use peregrine_kv::MemoryEngine;
use peregrine_server::{Options, Server, credentials};
use peregrine_store::Store;
use peregrine_testkit::model::Random;
use std::sync::Arc;

const SEEDS: u64 = 6;
const STEPS: u64 = 60;

#[tokio::test]
async fn what_is_found_is_what_a_scan_finds() {
    let chosen = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let steps = chosen("PEREGRINE_FOUND_STEPS").unwrap_or(STEPS);
    let first = chosen("PEREGRINE_FOUND_SEED").unwrap_or(1);
    let mut looks = 0;
    for seed in first..first + SEEDS {
        looks += run(seed, steps).await;
    }
    println!("found: seeds {first} to {}, {looks} answers compared", first + SEEDS - 1);
}

async fn run(seed: u64, steps: u64) -> usize {
    let store = Store::open(Arc::new(MemoryEngine::new())).await.unwrap();
    store.create_account("alice", credentials("wonderland").unwrap()).await.unwrap();
    let server = Server::start(Options::new(store.clone())).await.unwrap();
    let mut random = Random::new(seed);
    let mut judge = Judge::new(Client::new(&server).await, Client::new(&server).await).await;
    let mut writers = Vec::new();
    for _ in 0..3 {
        let mut writer = Client::new(&server).await;
        writer.ok("SELECT INBOX").await;
        writers.push(writer);
    }
    for step in 0..steps {
        let context = format!("PEREGRINE_FOUND_SEED={seed}, step {step}");
        // Two at once now and then: the second is sent before the first is answered.
        let count = 1 + usize::from(random.chance(40));
        let mut sent = Vec::new();
        for _ in 0..count {
            let at = random.below(writers.len());
            let change: Change = change(&mut random, judge.messages());
            writers[at].send(&change.command).await;
            sent.push((at, change));
        }
        for (at, change) in sent {
            let told = writers[at].finish().await;
            judge.note(&change, &told, &context).await;
        }
        judge.look(&mut random, &context).await;
    }
    let looks = judge.looks;
    server.shutdown().await;
    store.close().await;
    looks
}
