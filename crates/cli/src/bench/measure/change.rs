//! STORE: each changes something, so that it has to be written.

use super::{Budget, MOST, Taken, repeat};
use crate::bench::site::{Folder, Site};
use crate::failure::Failure;

/// A flag of one message after the other.
pub async fn store(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    let mut wire = site.take(Folder::Small).await?;
    let taken = repeat(budget.time, MOST, async |_| {
        let done = site.stores.0;
        site.stores.0 += 1;
        let uid = site.uids[done % site.uids.len()];
        let sign = sign(done / site.uids.len());
        wire.ask(&format!("UID STORE {uid} {sign}FLAGS.SILENT (\\Flagged)")).await?;
        Ok(1.0)
    });
    let taken = taken.await?;
    site.keep(wire, Folder::Small);
    Ok(taken)
}

/// A flag of all messages.
pub async fn store_all(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    let mut wire = site.take(Folder::Small).await?;
    let taken = repeat(budget.time, MOST, async |_| {
        let sign = sign(site.stores.1);
        site.stores.1 += 1;
        wire.ask(&format!("UID STORE 1:* {sign}FLAGS.SILENT (\\Answered)")).await?;
        Ok(site.uids.len() as f64)
    });
    let taken = taken.await?;
    site.keep(wire, Folder::Small);
    Ok(taken)
}

/// Set, then taken away, then set again.
pub fn sign(pass: usize) -> char {
    if pass.is_multiple_of(2) { '+' } else { '-' }
}
