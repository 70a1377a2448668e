//! How long a quick command takes that was sent in one write right behind a slow one.

use std::time::Instant;

use super::read::BODIES;
use super::{Budget, MOST, Taken, repeat_part};
use crate::bench::letter::RARE;
use crate::bench::site::{Folder, Site};
use crate::failure::Failure;

/// Flags of one message, behind a search through all bodies.
pub async fn fetch_behind_search(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    let quick = fetch(site.uids[0]);
    behind(site, budget, Folder::Small, &search(), &quick).await
}

/// STATUS of another mailbox, behind a search through all bodies.
pub async fn status_behind_search(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    let quick = status(site);
    behind(site, budget, Folder::Small, &search(), &quick).await
}

/// Flags of one message, behind all bodies.
pub async fn fetch_behind_fetch(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    behind(site, budget, Folder::Large, BODIES, "FETCH 1 (FLAGS)").await
}

/// STATUS of another mailbox, behind all bodies.
pub async fn status_behind_fetch(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    let quick = status(site);
    behind(site, budget, Folder::Large, BODIES, &quick).await
}

fn search() -> String {
    format!("UID SEARCH BODY {RARE}")
}

fn fetch(uid: u32) -> String {
    format!("UID FETCH {uid} (FLAGS)")
}

fn status(site: &Site) -> String {
    format!("STATUS {} (MESSAGES UNSEEN)", site.name_of(Folder::Empty))
}

async fn behind(
    site: &mut Site,
    budget: Budget,
    folder: Folder,
    slow: &str,
    quick: &str,
) -> Result<Taken, Failure> {
    let mut wire = site.take(folder).await?;
    let taken = repeat_part(budget.time, MOST, async |_| {
        let (first, second) = (wire.tag(), wire.tag());
        let octets = format!("{first} {slow}\r\n{second} {quick}\r\n");
        let start = Instant::now();
        wire.send(octets.as_bytes()).await?;
        let ended = wire.until_both(&first, &second).await?;
        Ok(ended.duration_since(start))
    });
    let taken = taken.await?;
    site.keep(wire, folder);
    Ok(taken)
}
