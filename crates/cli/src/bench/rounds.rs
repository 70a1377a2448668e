//! The measurements one after the other, in each the servers in turn.

use std::time::Duration;

use super::figure::Figure;
use super::measure::{self, Budget};
use super::site::Site;
use super::what::What;
use crate::failure::Failure;

/// What is measured, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In this order.
    pub whats: Vec<What>,
    /// How often the servers take turns.
    pub rounds: usize,
    /// Of one turn.
    pub budget: Budget,
}

/// A measurement's figures.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which.
    pub what: What,
    /// Of each server, in their order, or why there is none.
    pub cells: Vec<Result<Figure, String>>,
}

/// How long a server may take for one turn beyond its time: one that hangs is not waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures into `rows`, so that what is whole is there even when it is interrupted. `tell` hears
/// of each turn before it begins: what, and which server.
pub async fn run(
    sites: &mut [Site],
    plan: &Plan,
    rows: &mut Vec<Row>,
    tell: &mut dyn FnMut(What, &str),
) {
    for what in &plan.whats {
        rows.push(row(*what, sites, plan, tell).await);
    }
}

async fn row(what: What, sites: &mut [Site], plan: &Plan, tell: &mut dyn FnMut(What, &str)) -> Row {
    let mut taken: Vec<Result<Vec<_>, String>> = sites.iter().map(|_| Ok(Vec::new())).collect();
    for _ in 0..plan.rounds {
        for (site, taken) in sites.iter_mut().zip(&mut taken) {
            tell(what, &site.name);
            let Ok(rounds) = taken else { continue };
            match turn(what, site, plan.budget).await {
                Ok(round) => rounds.push(round),
                Err(failure) => *taken = Err(failure.to_string()),
            }
        }
    }
    let figure = |taken: Result<Vec<_>, String>| {
        Figure::of(what.unit(), &taken?).ok_or_else(|| "nothing was measured".to_owned())
    };
    Row { what, cells: taken.into_iter().map(figure).collect() }
}

async fn turn(what: What, site: &mut Site, budget: Budget) -> Result<measure::Taken, Failure> {
    let slice = measure::slice(what, site, budget);
    match tokio::time::timeout(budget.time + PATIENCE, slice).await {
        Ok(taken) => taken,
        Err(_) => Err(Failure::Work(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}
