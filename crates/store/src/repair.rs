//! Putting a store in order again whose rows are right one by one, but do not go together any more:
//! every message that has octets stays or comes back, everything that is counted is counted anew.
//!
//! A UID never comes to mean another message: where UIDNEXT is lost, the mailbox gets another
//! UIDVALIDITY. Where messages went, or came back, the log of what vanished begins anew, so that
//! clients are told of all that is there.

mod account;
mod found;
mod objects;
mod write;

use crate::row::user::UserRow;
use crate::verify::account::Inspected;
use crate::verify::{Damage, Progress, System, Tell};
use crate::{AccountId, Credentials, Error, keys};
use peregrine_kv::{Engine, Transaction};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Repaired {
    /// What was wrong.
    pub damage: Vec<Damage>,
    /// What was done about it, in words.
    pub done: Vec<String>,
    /// Messages that are lost: whose, in which mailbox, their UID, and what is known of them.
    pub lost: Vec<String>,
}

/// Repairs a store that nobody else uses. Where it is `suspicious` that rows are lost which nothing
/// else tells of, also what cannot be held against anything begins anew.
///
/// # Errors
/// Those of the engine; repairing again does no harm.
pub async fn repair(
    engine: &Arc<dyn Engine>,
    suspicious: bool,
    tell: &mut Tell<'_>,
) -> Result<Repaired, Error> {
    let mut repaired = Repaired::default();
    let snapshot = engine.snapshot().await?;
    let system = System::read(&*snapshot, &mut repaired.damage).await?;
    drop(snapshot);
    for id in &system.nameless {
        let name = name_account(engine, *id).await?;
        repaired.done.push(format!("{name}: a user for mail that had none; give it a password"));
    }
    let last = system.accounts.keys().next_back().copied();
    raise_counter(engine, last.unwrap_or(AccountId(0))).await?;
    let accounts: BTreeSet<AccountId> = system.accounts.keys().copied().collect();
    objects::adopt(engine, &accounts).await?;
    let mut progress = Progress { done: 0, bodies: 0, total: 0, tell };
    for (id, name) in &system.accounts {
        let snapshot = engine.snapshot().await?;
        let mut inspected = Inspected::read(&*snapshot, *id, name).await?;
        let mut bodies = inspected.check_bodies(engine, &*snapshot, &mut progress).await?;
        inspected.check_digests(&*snapshot, &bodies).await?;
        inspected.check_references(&*snapshot, &bodies).await?;
        if inspected.damage.is_empty() && !suspicious {
            continue;
        }
        repaired.damage.append(&mut inspected.damage);
        let mut rebuilt = account::Rebuilt::new(inspected, &bodies, suspicious);
        rebuilt.find(engine, &*snapshot, &mut bodies).await?;
        rebuilt.name_the_lost(&*snapshot, &mut repaired.lost).await?;
        rebuilt.settle();
        drop(snapshot);
        rebuilt.write(engine, &bodies).await?;
        repaired.done.append(&mut rebuilt.done);
    }
    objects::clear(engine, &accounts).await?;
    Ok(repaired)
}

/// Gives an account without a user one that cannot log in yet.
async fn name_account(engine: &Arc<dyn Engine>, id: AccountId) -> Result<String, Error> {
    let name = format!("recovered-{}", id.0);
    let user = UserRow { account: id, name: name.clone(), credentials: Credentials::default() };
    let mut transaction = Transaction::new();
    let key = keys::user(&name);
    transaction.expect_absent(key.clone()).put(key, user.encode()?);
    engine.commit(transaction).await?;
    Ok(name)
}

/// Sees to it that no account gets a number that was used.
async fn raise_counter(engine: &Arc<dyn Engine>, last: AccountId) -> Result<(), Error> {
    let key = keys::account_counter();
    let row = engine.snapshot().await?.get(&key).await?;
    let counter = row.as_deref().and_then(|row| row.try_into().ok()).map(u64::from_be_bytes);
    if counter.is_none_or(|counter| counter < last.0) {
        let mut transaction = Transaction::new();
        transaction.put(key, last.0.to_be_bytes().to_vec());
        engine.commit(transaction).await?;
    }
    Ok(())
}
