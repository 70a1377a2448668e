//! Objects and accounts: an object that no row names may be the body of a message whose row is
//! lost, and it says itself whose it is. What nobody needs in the end is deleted.

use crate::limits::PAGE_ROWS;
use crate::row::account::AccountRow;
use crate::row::body::{BodyRow, Place, TRAILER};
use crate::verify::sweep::Sweep;
use crate::{AccountId, BodyNumber, Error, keys};
use peregrine_kv::{Engine, ObjectName, Range, Transaction};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Gives every whole object that no row names a row.
pub(super) async fn adopt(
    engine: &Arc<dyn Engine>,
    accounts: &BTreeSet<AccountId>,
) -> Result<(), Error> {
    let named = named(engine, accounts).await?;
    for name in all(engine).await?.into_iter().filter(|name| !named.contains(name)) {
        let Ok(object) = engine.objects().read(&name).await else { continue };
        let Some(length) = (object.len() as u64).checked_sub(TRAILER) else { continue };
        let Some(trailer) = object.last_chunk::<8>() else { continue };
        let account = AccountId(u64::from_be_bytes(*trailer));
        if !accounts.contains(&account) {
            continue;
        }
        let number = next(engine, account).await?;
        let row = BodyRow { hash: name.0, place: Place::Object { name, length } };
        let mut transaction = Transaction::new();
        transaction.put(keys::body(account, number), row.encode());
        engine.commit(transaction).await?;
    }
    Ok(())
}

/// Deletes every object that no row names.
pub(super) async fn clear(
    engine: &Arc<dyn Engine>,
    accounts: &BTreeSet<AccountId>,
) -> Result<(), Error> {
    let named = named(engine, accounts).await?;
    for name in all(engine).await?.into_iter().filter(|name| !named.contains(name)) {
        engine.objects().delete(&name).await?;
    }
    Ok(())
}

/// A number that no body of the account has had.
async fn next(engine: &Arc<dyn Engine>, account: AccountId) -> Result<BodyNumber, Error> {
    let snapshot = engine.snapshot().await?;
    let row = snapshot.get(&keys::account(account)).await?;
    let counted =
        row.and_then(|row| AccountRow::decode(&row).ok()).map_or(1, |row| row.next_body.0);
    let range: Range = keys::all_bodies(account).reversed();
    let last = snapshot.survey(range, 1).await?;
    let last = last.rows.first().and_then(|(key, _)| keys::body_of(key));
    Ok(BodyNumber(counted.max(last.map_or(1, |last| last.0 + 1))))
}

async fn all(engine: &Arc<dyn Engine>) -> Result<Vec<ObjectName>, Error> {
    let mut names = Vec::new();
    loop {
        let page = engine.objects().list(names.last(), PAGE_ROWS).await?;
        names.extend(page.objects.iter().map(|object| object.name));
        if !page.more {
            return Ok(names);
        }
    }
}

/// Objects that rows of bodies and marks name.
async fn named(
    engine: &Arc<dyn Engine>,
    accounts: &BTreeSet<AccountId>,
) -> Result<BTreeSet<ObjectName>, Error> {
    let snapshot = engine.snapshot().await?;
    let mut named = BTreeSet::new();
    for account in accounts {
        let mut sweep = Sweep::new(&*snapshot, keys::all_bodies(*account));
        while let Some(page) = sweep.next().await? {
            for (_, row) in page {
                let row = row.map_err(Error::from).and_then(|row| BodyRow::decode(&row));
                if let Ok(BodyRow { place: Place::Object { name, .. }, .. }) = row {
                    named.insert(name);
                }
            }
        }
        let mut sweep = Sweep::new(&*snapshot, keys::all_doomed(*account));
        while let Some(page) = sweep.next().await? {
            named.extend(page.iter().filter_map(|(key, _)| keys::doomed_of(key)));
        }
    }
    Ok(named)
}
