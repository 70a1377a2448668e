//! The bodies of an account: each is what its hash says, each message has one, each reference is
//! counted.

use super::account::Inspected;
use super::sweep::Sweep;
use super::{Loss, Progress, words};
use crate::row::body::{BodyRow, Place, trailer};
use crate::row::index;
use crate::{AccountId, BodyNumber, Error, MailboxId, digest, keys};
use bytes::Bytes;
use peregrine_kv::{Engine, ObjectName, Snapshot};
use peregrine_proto::Uid;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// What was found of an account's bodies.
#[derive(Default)]
pub(crate) struct Bodies {
    /// Those that are right, with the hash of their row and their length.
    pub right: HashMap<BodyNumber, ([u8; 32], u64)>,
    /// Those that have a row or a damaged one, but no octets that are right.
    pub wrong: HashSet<BodyNumber>,
    /// Objects that rows name.
    pub objects: Vec<ObjectName>,
    /// What each message's digest must be, in short.
    pub digests: HashMap<(MailboxId, Uid), u64>,
    pub octets: u64,
}

/// A digest's row in short.
pub(crate) fn short(row: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

/// A body's octets, if they are what was stored, and the row that names them.
pub(crate) async fn octets(
    engine: &dyn Engine,
    account: AccountId,
    row: &Bytes,
) -> Result<(BodyRow, Bytes), Error> {
    let decoded = BodyRow::decode(row)?;
    let body = match &decoded.place {
        Place::Inline(bytes) => {
            if ObjectName::of(bytes).0 != decoded.hash {
                return Err(Error::corrupt("the body is not what its hash says"));
            }
            bytes.clone()
        }
        Place::Object { name, length } => {
            let mut object = engine.objects().read(name).await?;
            let length = usize::try_from(*length).unwrap_or(usize::MAX);
            if decoded.hash != name.0 || object.get(length..) != Some(&trailer(account)[..]) {
                return Err(Error::corrupt(format!("object {name} is not this body")));
            }
            object.truncate(length);
            object
        }
    };
    Ok((decoded, body))
}

impl Inspected {
    /// Reads every body.
    pub(crate) async fn check_bodies(
        &mut self,
        engine: &Arc<dyn Engine>,
        snapshot: &dyn Snapshot,
        progress: &mut Progress<'_, '_>,
    ) -> Result<Bodies, Error> {
        let mut bodies = Bodies::default();
        let sizes = self.sizes();
        let mut sweep = Sweep::new(snapshot, keys::all_bodies(self.id));
        while let Some(page) = sweep.next().await? {
            for (key, row) in page {
                let Some(number) = keys::body_of(&key) else { continue };
                let read = match row {
                    Ok(row) => {
                        if let Ok(BodyRow { place: Place::Object { name, .. }, .. }) =
                            BodyRow::decode(&row)
                        {
                            bodies.objects.push(name);
                        }
                        octets(&**engine, self.id, &row).await
                    }
                    Err(error) => Err(error.into()),
                };
                match read {
                    Ok((row, body)) => {
                        progress.add(&self.name, body.len() as u64);
                        bodies.octets += body.len() as u64;
                        bodies.right.insert(number, (row.hash, body.len() as u64));
                        self.expect_digests(number, body, &mut bodies).await?;
                    }
                    Err(error @ (Error::Unavailable { .. } | Error::Stopped)) => return Err(error),
                    Err(error) => {
                        bodies.wrong.insert(number);
                        self.note_body(number, &words(&error));
                    }
                }
            }
        }
        if let Some(gap) = sweep.gap {
            self.note(Loss::Mail, None, None, format!("bodies are out of reach: {gap}"));
        }
        for (number, size) in sizes {
            match bodies.right.get(&number) {
                Some((_, length)) if *length == u64::from(size) => {}
                Some((_, length)) => {
                    let what = format!("its size is told as {size}, but it has {length} octets");
                    self.note_body(number, &what);
                }
                None if bodies.wrong.contains(&number) => {}
                None => self.note_body(number, "its body is missing"),
            }
        }
        if self.row.is_some_and(|row| bodies.right.keys().any(|body| *body >= row.next_body)) {
            self.note(Loss::Nothing, None, None, "the number of the next body was used already");
        }
        Ok(bodies)
    }

    /// Checks how often each body is referred to, and the way from hashes to bodies.
    pub(crate) async fn check_references(
        &mut self,
        snapshot: &dyn Snapshot,
        bodies: &Bodies,
    ) -> Result<(), Error> {
        let rows = self.rows(snapshot, keys::all_extra(self.id), "a count of references").await?;
        let mut extra: HashMap<BodyNumber, u64> = HashMap::new();
        for (key, row) in rows {
            let count = (*row).try_into().map(u64::from_be_bytes);
            match (keys::body_of(&key), count) {
                (Some(number), Ok(count)) => drop(extra.insert(number, count)),
                _ => self.note(Loss::Nothing, None, None, "a count of references"),
            }
        }
        let mut wrong = Vec::new();
        for number in bodies.right.keys() {
            let found = self.references.get(number).map_or(0, Vec::len) as u64;
            let counted = extra.remove(number).unwrap_or(0) + 1;
            if found == 0 {
                wrong.push(format!("body {} belongs to no message", number.0));
            } else if found != counted {
                wrong.push(format!("body {} has {found} references, not {counted}", number.0));
            }
        }
        let rest = extra.into_keys().filter(|number| !bodies.wrong.contains(number));
        wrong.extend(
            rest.map(|number| format!("references of body {}, which is not there", number.0)),
        );
        let mut known: HashMap<BodyNumber, [u8; 32]> = HashMap::new();
        for (key, row) in self.rows(snapshot, keys::all_index(self.id), "a body's hash").await? {
            let (Some(hash), Ok(number)) = (keys::hash_of(&key), index::decode(&row)) else {
                wrong.push("a body's hash".into());
                continue;
            };
            known.insert(number, hash);
        }
        for (number, (hash, _)) in &bodies.right {
            if known.remove(number) != Some(*hash) {
                wrong.push(format!("body {} is not found by its hash", number.0));
            }
        }
        let rest = known.into_keys().filter(|number| !bodies.wrong.contains(number));
        wrong.extend(
            rest.map(|number| format!("a hash leads to body {}, which is not there", number.0)),
        );
        wrong.sort();
        for what in wrong {
            self.note(Loss::Nothing, None, None, what);
        }
        Ok(())
    }

    /// Objects that the account names, those that are about to be deleted among them.
    pub(super) async fn objects(
        &mut self,
        snapshot: &dyn Snapshot,
        bodies: &Bodies,
    ) -> Result<Vec<ObjectName>, Error> {
        let rows = self.rows(snapshot, keys::all_doomed(self.id), "marks of objects").await?;
        let doomed = rows.iter().filter_map(|(key, _)| keys::doomed_of(key));
        Ok(doomed.chain(bodies.objects.iter().copied()).collect())
    }

    /// The size that messages tell of each body.
    fn sizes(&self) -> Vec<(BodyNumber, u32)> {
        let messages = self.living().flat_map(|(_, part)| &part.messages);
        let mut sizes: Vec<_> = messages.map(|message| (message.body, message.size)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    async fn expect_digests(
        &self,
        number: BodyNumber,
        body: Bytes,
        bodies: &mut Bodies,
    ) -> Result<(), Error> {
        let Some(users) = self.references.get(&number) else { return Ok(()) };
        let made = tokio::task::spawn_blocking(move || short(&digest::make(&body))).await;
        let made = made.map_err(|error| Error::bug(error.to_string()))?;
        bodies.digests.extend(users.iter().map(|message| (*message, made)));
        Ok(())
    }

    /// Notes damage of a body at each message that has it.
    fn note_body(&mut self, number: BodyNumber, what: &str) {
        let users = self.references.get(&number).cloned().unwrap_or_default();
        let has = |(id, uid): &(MailboxId, Uid)| {
            let part = self.mailboxes.get(id).filter(|part| !part.deleted);
            part.is_some_and(|part| {
                part.messages.binary_search_by_key(uid, |message| message.uid).is_ok()
            })
        };
        let users: Vec<_> = users.into_iter().filter(has).collect();
        if users.is_empty() {
            let what = format!("body {}, which no message has: {what}", number.0);
            return self.note(Loss::Nothing, None, None, what);
        }
        for (mailbox, uid) in users {
            self.note(Loss::Mail, Some(mailbox), Some(uid), what);
        }
    }
}
