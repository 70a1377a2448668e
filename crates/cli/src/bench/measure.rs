//! The measurements, each for one server and a short time.

mod behind;
mod change;
mod idle;
mod many;
mod read;

use std::time::{Duration, Instant};

use super::site::Site;
use super::what::What;
use crate::failure::Failure;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Nothing is begun after this.
    pub time: Duration,
    /// Messages that are appended at most.
    pub messages: usize,
    /// Connections at once, where there are several.
    pub connections: usize,
}

/// Things that are done at most, of those that leave nothing behind.
const MOST: usize = 200_000;

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Things, or octets.
    pub amount: f64,
    /// From the first to the last.
    pub time: Duration,
    /// Of each deed.
    pub each: Vec<Duration>,
}

/// Measures once.
pub async fn slice(what: What, site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    match what {
        What::Login => many::logins(site, budget, 1).await,
        What::LoginMany => many::logins(site, budget, budget.connections).await,
        What::Append => many::appends(site, budget, 1).await,
        What::AppendMany => many::appends(site, budget, budget.connections).await,
        What::Select => read::select(site, budget).await,
        What::Flags => read::flags(site, budget).await,
        What::Envelopes => read::envelopes(site, budget).await,
        What::Bodies => read::bodies(site, budget).await,
        What::Large => read::large(site, budget).await,
        What::SearchFlag => read::search_flag(site, budget).await,
        What::SearchHeader => read::search_header(site, budget).await,
        What::SearchBody => read::search_body(site, budget).await,
        What::Store => change::store(site, budget).await,
        What::StoreAll => change::store_all(site, budget).await,
        What::IdleAppend => idle::append(site, budget).await,
        What::IdleFlag => idle::flag(site, budget).await,
        What::Noop => read::noop(site, budget).await,
        What::NoopMany => many::noops(site, budget).await,
        What::FetchOne => read::fetch(site, budget).await,
        What::FetchMany => many::fetches(site, budget).await,
        What::FetchBehindSearch => behind::fetch_behind_search(site, budget).await,
        What::StatusBehindSearch => behind::status_behind_search(site, budget).await,
        What::FetchBehindFetch => behind::fetch_behind_fetch(site, budget).await,
        What::StatusBehindFetch => behind::status_behind_fetch(site, budget).await,
    }
}

/// Does something, which tells how much it was, again and again: once at least.
async fn repeat(
    time: Duration,
    most: usize,
    mut deed: impl AsyncFnMut(usize) -> Result<f64, Failure>,
) -> Result<Taken, Failure> {
    let begin = Instant::now();
    let mut taken = Taken::default();
    while taken.each.is_empty() || (begin.elapsed() < time && taken.each.len() < most) {
        let start = Instant::now();
        taken.amount += deed(taken.each.len()).await?;
        taken.each.push(start.elapsed());
    }
    taken.time = begin.elapsed();
    Ok(taken)
}

/// The same for something of which only a part counts, whose time it tells.
async fn repeat_part(
    time: Duration,
    most: usize,
    mut deed: impl AsyncFnMut(usize) -> Result<Duration, Failure>,
) -> Result<Taken, Failure> {
    let mut each = Vec::new();
    let taken = repeat(time, most, async |number| {
        each.push(deed(number).await?);
        Ok(1.0)
    });
    let taken = taken.await?;
    Ok(Taken { each, ..taken })
}
