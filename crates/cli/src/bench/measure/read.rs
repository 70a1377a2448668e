//! What changes nothing: SELECT, FETCH, SEARCH, NOOP.

use std::time::Instant;

use super::{Budget, MOST, Taken, repeat, repeat_part};
use crate::bench::letter::{RARE, SUBJECT};
use crate::bench::site::{Folder, Site};
use crate::failure::Failure;

/// Whole messages, \Seen left alone.
pub const BODIES: &str = "UID FETCH 1:* (BODY.PEEK[])";

/// A mailbox behind another: a second SELECT of the same would be answered from what is at hand.
pub async fn select(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    let mut wire = site.take(Folder::Small).await?;
    let (small, empty) = (site.name_of(Folder::Small), site.name_of(Folder::Empty));
    let taken = repeat_part(budget.time, MOST, async |_| {
        wire.ask(&format!("SELECT {empty}")).await?;
        let start = Instant::now();
        wire.ask(&format!("SELECT {small}")).await?;
        Ok(start.elapsed())
    });
    let taken = taken.await?;
    site.keep(wire, Folder::Small);
    Ok(taken)
}

/// Of all messages.
pub async fn flags(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    all(site, budget, "UID FETCH 1:* (FLAGS)").await
}

/// Of all messages, as lists of them show.
pub async fn envelopes(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    all(site, budget, "UID FETCH 1:* (ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE)").await
}

async fn all(site: &mut Site, budget: Budget, command: &str) -> Result<Taken, Failure> {
    let messages = site.uids.len() as f64;
    same(site, budget, Folder::Small, command, |_| messages).await
}

/// Small ones.
pub async fn bodies(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    same(site, budget, Folder::Small, BODIES, |octets| octets as f64).await
}

/// Large ones.
pub async fn large(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    same(site, budget, Folder::Large, BODIES, |octets| octets as f64).await
}

/// Half of the messages are found.
pub async fn search_flag(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    same(site, budget, Folder::Small, "UID SEARCH UNSEEN", |_| 1.0).await
}

/// Some are found.
pub async fn search_header(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    same(site, budget, Folder::Small, &format!("UID SEARCH SUBJECT {SUBJECT}"), |_| 1.0).await
}

/// A few are found.
pub async fn search_body(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    same(site, budget, Folder::Small, &format!("UID SEARCH BODY {RARE}"), |_| 1.0).await
}

/// One round trip.
pub async fn noop(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    same(site, budget, Folder::Small, "NOOP", |_| 1.0).await
}

/// Flags of one message after the other.
pub async fn fetch(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    let mut wire = site.take(Folder::Small).await?;
    let taken = repeat(budget.time, MOST, async |number| {
        let uid = site.uids[number % site.uids.len()];
        wire.ask(&format!("UID FETCH {uid} (FLAGS)")).await?;
        Ok(1.0)
    });
    let taken = taken.await?;
    site.keep(wire, Folder::Small);
    Ok(taken)
}

/// One command again and again; `amount` is told the octets of its answer.
async fn same(
    site: &mut Site,
    budget: Budget,
    folder: Folder,
    command: &str,
    amount: impl Fn(usize) -> f64,
) -> Result<Taken, Failure> {
    let mut wire = site.take(folder).await?;
    let taken = repeat(budget.time, MOST, async |_| Ok(amount(wire.ask(command).await?))).await?;
    site.keep(wire, folder);
    Ok(taken)
}
