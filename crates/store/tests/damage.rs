//! Damage of the files: what is read is exactly what was written, or an error; never other octets,
//! never a panic. Seeds are printed; `PEREGRINE_FLIPS` sets how many stores are damaged.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod damage {
    pub mod harm;
    pub mod mail;
}

use damage::harm::{Harm, Random};
use damage::mail::{self, Mail, Part};
use peregrine_kv::{Engine, SqliteEngine, SqliteOptions, SqliteReader, rescue};
use peregrine_store::{repair, verify};
use std::path::Path;
use std::sync::Arc;

/// Opens a damaged store and reads all of it, as a server would.
async fn read(folder: &Path) -> Mail {
    match SqliteEngine::open(folder, SqliteOptions::default()).await {
        Err(error) => Mail::unreadable(&error.to_string()),
        Ok(engine) => {
            let engine: Arc<dyn Engine> = Arc::new(engine);
            let mail = mail::read(&engine).await;
            engine.close().await;
            mail
        }
    }
}

/// How many things `verify` finds; `None` where it cannot look.
async fn found(folder: &Path) -> Option<usize> {
    let engine: Arc<dyn Engine> = Arc::new(SqliteReader::open(folder).await.ok()?);
    let verified = verify(&engine, None, &mut |_| {}).await;
    engine.close().await;
    verified.ok().map(|verified| verified.damage.len())
}

/// Guards: a checksum for each row, a hash for each body, counts for what may be out of reach.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_never_give_other_mail() {
    let stores: u64 = std::env::var("PEREGRINE_FLIPS").map_or(60, |n| n.parse().unwrap());
    let first: u64 = std::env::var("PEREGRINE_SEED").map_or(1, |n| n.parse().unwrap());
    let sample = tempfile::tempdir().unwrap();
    let right = mail::make(sample.path()).await;
    assert_eq!(right, read(sample.path()).await);
    assert_eq!(found(sample.path()).await, Some(0));
    let (mut seen, mut unseen, mut errors) = (0, 0, 0);
    for seed in first..first + stores {
        let folder = tempfile::tempdir().unwrap();
        mail::copy(sample.path(), folder.path());
        let mut random = Random::new(seed);
        let harm = Harm::any(&mut random, folder.path());
        harm.inflict(folder.path());
        let verified = found(folder.path()).await;
        let got = read(folder.path()).await;
        let wrong = got.differences(&right);
        assert!(wrong.is_empty(), "seed {seed}, {harm:?}: {wrong:#?}");
        let failed = got.parts.iter().any(|(_, part)| matches!(part, Part::Error(_)));
        errors += u64::from(failed);
        match verified {
            Some(0) => {
                assert!(!failed, "seed {seed}, {harm:?}: verify sees nothing of {got:#?}");
                unseen += 1;
            }
            _ => seen += 1,
        }
    }
    println!(
        "seeds {first} to {}: {seen} seen by verify, {unseen} harmless, {errors} with errors in \
         answers, none with wrong ones",
        first + stores - 1
    );
}

/// Guards: what is repaired is in order, and has nothing that was not there before: no octet, and no
/// UID that means another message.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_repaired_is_in_order() {
    let stores: u64 = std::env::var("PEREGRINE_FLIPS").map_or(30, |n| n.parse().unwrap());
    let first: u64 = std::env::var("PEREGRINE_SEED").map_or(1, |n| n.parse().unwrap());
    let sample = tempfile::tempdir().unwrap();
    let right = mail::make(sample.path()).await;
    let (mut saved, mut all) = (0, 0);
    for seed in first..first + stores {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        std::fs::create_dir(&old).unwrap();
        mail::copy(sample.path(), &old);
        let mut random = Random::new(seed);
        let harms: Vec<Harm> =
            (0..1 + random.below(4)).map(|_| Harm::any(&mut random, &old)).collect();
        harms.iter().for_each(|harm| harm.inflict(&old));
        let rescued = rescue(&old, &new).await.unwrap();
        let engine: Arc<dyn Engine> = Arc::new(rescued.engine);
        let found = rescued.salvaged;
        let suspicious = found.unreadable > 0 || !found.lost.is_empty();
        repair(&engine, suspicious, &mut |_| {}).await.unwrap();
        let left = verify(&engine, None, &mut |_| {}).await.unwrap().damage;
        assert!(left.is_empty(), "seed {seed}, {harms:?}: {left:#?}");
        let got = mail::read(&engine).await;
        engine.close().await;
        for (question, part) in &got.parts {
            assert!(matches!(part, Part::Told(_)), "seed {seed}, {harms:?}: {question}: {part:?}");
        }
        let same = got.same_messages(&right);
        assert!(same.wrong.is_empty(), "seed {seed}, {harms:?}: {:#?}", same.wrong);
        saved += same.right;
        all += same.all;
    }
    println!("seeds {first} to {}: {saved} of {all} messages under their UIDs", first + stores - 1);
}
