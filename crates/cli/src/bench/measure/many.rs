//! Several at once: over several connections, or in one write.

use futures_util::future::try_join_all;
use std::fmt::Write as _;
use std::time::Instant;

use super::{Budget, MOST, Taken, repeat};
use crate::bench::letter;
use crate::bench::site::{Folder, Site};
use crate::bench::wire::Wire;
use crate::failure::Failure;

/// Commands in one write.
const BATCH: usize = 100;

/// Connects, logs in and out.
pub async fn logins(site: &mut Site, budget: Budget, connections: usize) -> Result<Taken, Failure> {
    let access = &site.access;
    let begin = Instant::now();
    let one = |_| {
        repeat(budget.time, MOST, async |_| {
            Wire::connect(access).await?.leave().await?;
            Ok(1.0)
        })
    };
    Ok(sum(begin, try_join_all((0..connections).map(one)).await?))
}

/// Appends small messages, each connection to a mailbox of its own.
pub async fn appends(
    site: &mut Site,
    budget: Budget,
    connections: usize,
) -> Result<Taken, Failure> {
    let access = &site.access;
    let wires = try_join_all((0..connections).map(|_| Wire::connect(access))).await?;
    let messages: Vec<_> = (0..budget.messages.min(100)).map(letter::small).collect();
    let most = budget.messages.div_ceil(connections);
    let begin = Instant::now();
    let one = |(number, mut wire): (usize, Wire)| {
        let (name, messages) = (site.name_of(Folder::Inbound(number)), &messages);
        async move {
            let taken = repeat(budget.time, most, async |number| {
                wire.append(&name, &messages[number % messages.len()]).await?;
                Ok(1.0)
            });
            Ok::<_, Failure>((taken.await?, wire))
        }
    };
    let done = try_join_all(wires.into_iter().enumerate().map(one)).await?;
    let (taken, wires): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    let taken = sum(begin, taken);
    for wire in wires {
        wire.leave().await?;
    }
    for number in 0..connections {
        site.empty(Folder::Inbound(number)).await?;
    }
    Ok(taken)
}

/// NOOPs in one write.
pub async fn noops(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    batches(site, budget, |_| "NOOP".to_owned()).await
}

/// FETCHes of one message each in one write.
pub async fn fetches(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    let uids = site.uids.clone();
    batches(site, budget, |number| format!("UID FETCH {} (FLAGS)", uids[number % uids.len()])).await
}

async fn batches(
    site: &mut Site,
    budget: Budget,
    command: impl Fn(usize) -> String,
) -> Result<Taken, Failure> {
    let mut wire = site.take(Folder::Small).await?;
    let taken = repeat(budget.time, MOST, async |number| {
        let mut octets = String::new();
        for one in 0..BATCH {
            let tag = wire.tag();
            let _ = write!(octets, "{tag} {}\r\n", command(number * BATCH + one));
        }
        wire.send(octets.as_bytes()).await?;
        wire.until_all(BATCH).await?;
        Ok(BATCH as f64)
    });
    let taken = taken.await?;
    site.keep(wire, Folder::Small);
    Ok(taken)
}

fn sum(begin: Instant, parts: Vec<Taken>) -> Taken {
    let mut all = Taken { time: begin.elapsed(), ..Taken::default() };
    for part in parts {
        all.amount += part.amount;
        all.each.extend(part.each);
    }
    all
}
