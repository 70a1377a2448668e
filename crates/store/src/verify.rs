//! Looking through a whole store: says what is damaged, changes nothing, and goes on past damage.
//!
//! It reads rows, not accounts: an account with one bad row does not open, and the rest of it is to
//! be looked at all the same.

pub(crate) mod account;
pub(crate) mod bodies;
mod digests;
mod mailbox;
mod objects;
pub(crate) mod sweep;

use crate::row::user::UserRow;
use crate::{AccountId, Error, keys};
use account::Inspected;
use peregrine_kv::{Engine, Range, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is lost with some damage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Loss {
    /// Octets of a message, or what a mailbox knows of it: flags, UID, dates.
    Mail,
    /// A name, a password, a subscription, a counter that clients see.
    Settings,
    /// Nothing: it can be made again from what is there.
    Nothing,
}

/// One thing that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// How bad it is.
    pub loss: Loss,
    /// Whose, if it belongs to somebody.
    pub user: Option<String>,
    /// In which mailbox.
    pub mailbox: Option<String>,
    /// Of which message.
    pub uid: Option<u32>,
    /// What it is.
    pub what: String,
}

/// What was looked at, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// Accounts.
    pub accounts: u64,
    /// Mailboxes of all of them.
    pub mailboxes: u64,
    /// Messages of all mailboxes.
    pub messages: u64,
    /// Octets of all bodies; equal ones of an account count once.
    pub octets: u64,
    /// All that is wrong; nothing, if all is well.
    pub damage: Vec<Damage>,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// Whose mail is looked at.
    pub user: &'a str,
    /// Bodies so far.
    pub bodies: u64,
    /// Octets of bodies so far.
    pub done: u64,
    /// Octets of messages in all, as the mailboxes count them.
    pub total: u64,
}

/// Hears how far it is; called often.
pub type Tell<'t> = dyn FnMut(Looking<'_>) + Send + 't;

/// Looks through a store, or through one user's part of it. Others may use it meanwhile: each
/// account is looked at as it was at one instant.
///
/// # Errors
/// [`Error::NonExistent`] for a user, [`Error::Unavailable`] where nothing can be read at all.
pub async fn verify(
    engine: &Arc<dyn Engine>,
    user: Option<&str>,
    tell: &mut Tell<'_>,
) -> Result<Verified, Error> {
    let mut verified = Verified::default();
    let snapshot = engine.snapshot().await?;
    let mut system = System::read(&*snapshot, &mut verified.damage).await?;
    if let Some(user) = user {
        let wanted = user.to_lowercase();
        system.accounts.retain(|_, name| name.to_lowercase() == wanted);
        if system.accounts.is_empty() {
            return Err(Error::NonExistent("account"));
        }
        verified.damage.clear();
    } else {
        let problems = engine.check().await?;
        let problems = problems.into_iter().map(|what| Damage::of(Loss::Nothing, what));
        verified.damage.extend(problems);
    }
    let mut progress =
        Progress { done: 0, bodies: 0, total: system.octets(&*snapshot).await, tell };
    drop(snapshot);
    let mut objects = BTreeSet::new();
    for (id, name) in &system.accounts {
        let snapshot = engine.snapshot().await?;
        let mut inspected = Inspected::read(&*snapshot, *id, name).await?;
        let bodies = inspected.check_bodies(engine, &*snapshot, &mut progress).await?;
        inspected.check_digests(&*snapshot, &bodies).await?;
        inspected.check_references(&*snapshot, &bodies).await?;
        objects.extend(inspected.objects(&*snapshot, &bodies).await?);
        verified.accounts += 1;
        verified.mailboxes += inspected.living().count() as u64;
        verified.messages +=
            inspected.living().map(|(_, part)| part.messages.len() as u64).sum::<u64>();
        verified.octets += bodies.octets;
        verified.damage.append(&mut inspected.damage);
    }
    if user.is_none() {
        objects::check(engine, &objects, &mut verified.damage).await?;
    }
    Ok(verified)
}

/// What belongs to no account, and which accounts there are.
pub(crate) struct System {
    /// Names of users, and of accounts that have no user.
    pub accounts: BTreeMap<AccountId, String>,
    /// Accounts that have mail but no user.
    pub nameless: Vec<AccountId>,
}

impl System {
    pub(crate) async fn read(
        snapshot: &dyn Snapshot,
        damage: &mut Vec<Damage>,
    ) -> Result<Self, Error> {
        let mut system = Self { accounts: BTreeMap::new(), nameless: Vec::new() };
        let users = sweep::all(snapshot, keys::users(), "the users", damage).await?;
        for (_, row) in users {
            match UserRow::decode(&row) {
                Ok(user) => drop(system.accounts.insert(user.account, user.name)),
                Err(error) => damage.push(Damage::of(Loss::Settings, words(&error))),
            }
        }
        let marks = sweep::all(snapshot, keys::all_removed(), "removed accounts", damage).await?;
        let removed: BTreeSet<AccountId> =
            marks.iter().filter_map(|(key, _)| keys::removed_of(key)).collect();
        let mut last = system.accounts.keys().next_back().copied();
        for id in ids(snapshot).await? {
            if removed.contains(&id) || system.accounts.contains_key(&id) {
                continue;
            }
            last = last.max(Some(id));
            system.nameless.push(id);
            system.accounts.insert(id, format!("account {}", id.0));
            damage.push(Damage::of(Loss::Settings, format!("account {} has no user", id.0)));
        }
        let counter = snapshot.get(&keys::account_counter()).await;
        let counter = counter.ok().flatten().and_then(|row| (*row).try_into().ok());
        let counter = AccountId(counter.map_or(0, u64::from_be_bytes));
        if last.is_some_and(|last| counter < last) {
            let what = "the number of the next account was used already";
            damage.push(Damage::of(Loss::Nothing, what));
        }
        Ok(system)
    }

    /// Octets of all messages, as far as the mailboxes' heads can be read.
    async fn octets(&self, snapshot: &dyn Snapshot) -> u64 {
        let mut octets = 0;
        for id in self.accounts.keys() {
            let heads = sweep::all(snapshot, keys::heads(*id), "", &mut Vec::new()).await;
            let heads = heads.unwrap_or_default();
            let heads =
                heads.iter().filter_map(|(_, row)| crate::row::head::Head::decode(row).ok());
            octets += heads.map(|head| head.counts.octets).sum::<u64>();
        }
        octets
    }
}

/// The accounts that any row belongs to.
async fn ids(snapshot: &dyn Snapshot) -> Result<Vec<AccountId>, Error> {
    let mut ids = Vec::new();
    let mut next = Some(1_u64);
    while let Some(first) = next {
        let range = Range { start: first.to_be_bytes().to_vec().into(), ..Range::all() };
        let survey = snapshot.survey(range, 1).await?;
        let id = survey.rows.first().and_then(|(key, _)| key.first_chunk::<8>().copied());
        let Some(id) = id.map(u64::from_be_bytes) else { break };
        ids.push(AccountId(id));
        next = id.checked_add(1);
    }
    Ok(ids)
}

/// Octets that were looked at.
pub(crate) struct Progress<'p, 't> {
    pub done: u64,
    pub bodies: u64,
    pub total: u64,
    pub tell: &'p mut Tell<'t>,
}

impl Progress<'_, '_> {
    fn add(&mut self, user: &str, octets: u64) {
        self.done += octets;
        self.bodies += 1;
        let Self { done, bodies, total, .. } = *self;
        (self.tell)(Looking { user, bodies, done, total: total.max(done) });
    }
}

impl Damage {
    /// That belongs to nobody.
    pub(crate) fn of(loss: Loss, what: impl Into<String>) -> Self {
        Self { loss, user: None, mailbox: None, uid: None, what: what.into() }
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}: ")?;
        }
        if let Some(mailbox) = &self.mailbox {
            write!(f, "{mailbox}: ")?;
        }
        if let Some(uid) = self.uid {
            write!(f, "UID {uid}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// An error with the words for the log.
pub(crate) fn words(error: &Error) -> String {
    match error {
        Error::Corrupt { what } | Error::Bug { what } => what.clone(),
        Error::Unavailable { cause } => cause.clone(),
        other => other.to_string(),
    }
}
