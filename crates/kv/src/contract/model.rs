//! Random transactions against an ordered map; the seed is printed and can be given again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Outcome, paged};
use crate::{
    CommitError, Engine, Expectation, Key, Operation, Range, Template, Transaction, Value,
};

/// Name of the environment variable that gives the seed again.
const SEED: &str = "PEREGRINE_KV_SEED";
/// Transactions in one run.
const STEPS: u32 = 400;

type Model = BTreeMap<Key, Value>;

pub(super) async fn run(engine: Arc<dyn Engine>) -> Outcome {
    let seed = match std::env::var(SEED) {
        Ok(seed) => seed.parse()?,
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64,
    };
    eprintln!("{SEED}={seed}");
    let mut random = Random(seed);
    let mut model = Model::new();
    for step in 0..STEPS {
        let old = (engine.snapshot().await?, model.clone());
        let transaction = random.transaction(&model);
        let answer = engine.commit(transaction.clone()).await;
        let expected = apply(&mut model, &transaction);
        match (&answer, expected) {
            (Ok(committed), Ok(bumped)) => assert_eq!(committed.bumped, bumped, "step {step}"),
            (Err(CommitError::Expectation(found)), Err(index)) => {
                assert_eq!(*found, index, "step {step}");
            }
            (answer, expected) => panic!("step {step}: {answer:?}, not {expected:?}"),
        }
        let (start, end) = (random.key(), random.key());
        let range = Range { reverse: random.below(2) == 0, ..Range::new(start, end) };
        let limit = 1 + random.below(20);
        for (snapshot, model) in [old, (engine.snapshot().await?, model.clone())] {
            let found = paged(&*snapshot, range.clone(), limit).await?;
            assert_eq!(found, rows(&model, &range), "step {step}: {range:?}");
            let key = random.key();
            assert_eq!(snapshot.get(&key).await?, model.get(&key).cloned(), "step {step}");
        }
    }
    Ok(())
}

/// What the transaction should answer: bumped values or the failed expectation.
fn apply(model: &mut Model, transaction: &Transaction) -> Result<Vec<u64>, usize> {
    for (index, expectation) in transaction.expectations.iter().enumerate() {
        let holds = match expectation {
            Expectation::Absent(key) => !model.contains_key(key),
            Expectation::Equals(key, value) => model.get(key) == Some(value),
        };
        if !holds {
            return Err(index);
        }
    }
    let mut bumped = Vec::new();
    let fill = |template: &Template, bumped: &[u64]| template.fill(bumped).unwrap_or_default();
    for operation in &transaction.operations {
        match operation {
            Operation::Put { key, value } => {
                model.insert(fill(key, &bumped), fill(value, &bumped));
            }
            Operation::Delete(key) => {
                model.remove(&fill(key, &bumped));
            }
            Operation::DeleteRange { start, end } => {
                model.retain(|key, _| !(start <= key && key < end));
            }
            Operation::Bump { key, by } => {
                let old = model.get(key).and_then(|value| value.as_ref().try_into().ok());
                let new = old.map_or(0, u64::from_be_bytes).wrapping_add_signed(*by);
                model.insert(key.clone(), Value::copy_from_slice(&new.to_be_bytes()));
                bumped.push(new);
            }
        }
    }
    Ok(bumped)
}

fn rows(model: &Model, range: &Range) -> Vec<(Key, Value)> {
    let inside = |key: &Key| *key >= range.start && range.end.as_ref().is_none_or(|e| key < e);
    let rows = model.iter().filter(|(key, _)| inside(key)).map(|(k, v)| (k.clone(), v.clone()));
    if range.reverse { rows.rev().collect() } else { rows.collect() }
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn transaction(&mut self, model: &Model) -> Transaction {
        let mut transaction = Transaction::new();
        for _ in 0..self.below(3) {
            let key = self.key();
            // Mostly true, so that most transactions are committed.
            let read = if self.below(8) == 0 { None } else { model.get(&key).cloned() };
            transaction.expect(key, read);
        }
        let counter = transaction.bump(vec![b'#', self.below(3) as u8], self.below(5) as i64);
        for _ in 0..self.below(8) {
            let key = self.key();
            match self.below(10) {
                0 => transaction.delete_range(key, self.key()),
                1 | 2 => transaction.delete(key),
                3 => transaction.put(Template::from(key).bumped(counter), self.value()),
                4 => transaction.put(key, Template::new().bumped_plus(counter, 7)),
                _ => transaction.put(key, self.value()),
            };
        }
        transaction
    }

    /// Few different keys, so that they meet.
    fn key(&mut self) -> Key {
        let len = self.below(4);
        (0..len).map(|_| b"\0az\xff"[self.below(4)]).collect()
    }

    /// Mostly small, at times large.
    fn value(&mut self) -> Value {
        let len = [0, 10, 100, 1590, 1700, 9000][self.below(6)];
        Value::from(vec![self.below(256) as u8; len + self.below(20)])
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
