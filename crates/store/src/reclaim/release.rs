//! Giving back references to bodies, and the bodies to which none is left.

use crate::row::body::{BodyRow, Place};
use crate::row::index;
use crate::{AccountId, BodyNumber, Error, keys};
use peregrine_kv::{Key, ObjectName, Operation, Snapshot, Transaction};
use std::collections::BTreeMap;

/// Bodies whose rows are read at a time: 4 MiB at most.
const BODIES: usize = 64;

/// References that are given back in one step.
#[derive(Default)]
pub(super) struct Release {
    /// How many of each body.
    references: BTreeMap<BodyNumber, u64>,
    /// What becomes of the counters of references beyond the first: taken off, or gone.
    counters: Vec<(BodyNumber, Option<i64>)>,
    /// Bodies that go.
    gone: Vec<BodyNumber>,
    /// Their hashes, as far as they are the ones that the index names.
    pub hashes: Vec<[u8; 32]>,
    objects: Vec<ObjectName>,
    /// How many bodies go.
    pub bodies: u64,
}

impl Release {
    /// One reference more.
    pub(super) fn add(&mut self, body: BodyNumber) {
        *self.references.entry(body).or_default() += 1;
    }

    /// Of how many bodies.
    pub(super) fn len(&self) -> usize {
        self.references.len()
    }

    /// Reads how often each is referred to, and what goes with those that go.
    pub(super) async fn read(
        &mut self,
        account: AccountId,
        snapshot: &dyn Snapshot,
    ) -> Result<(), Error> {
        let keys: Vec<Key> =
            self.references.keys().map(|number| keys::extra(account, *number)).collect();
        let counters = snapshot.get_many(&keys).await?;
        for ((number, given_back), counter) in self.references.iter().zip(counters) {
            let extra = match counter {
                None => 0,
                Some(row) => u64::from_be_bytes(
                    (*row).try_into().map_err(|_| Error::corrupt("a counter of references"))?,
                ),
            };
            if *given_back > extra {
                self.gone.push(*number);
            }
            if *given_back < extra {
                self.counters.push((*number, Some(-given_back.cast_signed())));
            } else if extra > 0 {
                self.counters.push((*number, None));
            }
        }
        for some in self.gone.chunks(BODIES) {
            let keys: Vec<Key> = some.iter().map(|number| keys::body(account, *number)).collect();
            let mut found = Vec::new();
            for (number, row) in some.iter().zip(snapshot.get_many(&keys).await?) {
                let Some(row) = row else { continue };
                let body = BodyRow::decode(&row)?;
                if let Place::Object { name, .. } = body.place {
                    self.objects.push(name);
                }
                found.push((*number, body.hash));
                self.bodies += 1;
            }
            let keys: Vec<Key> = found.iter().map(|(_, hash)| keys::index(account, hash)).collect();
            for ((number, hash), row) in found.iter().zip(snapshot.get_many(&keys).await?) {
                if row.map(|row| index::decode(&row)).transpose()? == Some(*number) {
                    self.hashes.push(*hash);
                }
            }
        }
        Ok(())
    }

    /// Adds all of it to a transaction; tells whether objects were marked.
    pub(super) fn apply(&self, account: AccountId, transaction: &mut Transaction) -> bool {
        for (number, by) in &self.counters {
            let key = keys::extra(account, *number);
            match by {
                Some(by) => transaction.operations.push(Operation::Bump { key, by: *by }),
                None => {
                    transaction.delete(key);
                }
            }
        }
        for number in &self.gone {
            transaction.delete(keys::body(account, *number));
        }
        for hash in &self.hashes {
            transaction.delete(keys::index(account, hash));
        }
        for name in &self.objects {
            transaction.put(keys::doomed(account, name), vec![1]);
        }
        !self.objects.is_empty()
    }
}
