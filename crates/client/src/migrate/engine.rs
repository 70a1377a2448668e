//! The work: mailbox by mailbox, what is missing is found, copied, and compared.

use super::pair::same_flags;
use super::plan::{self, Plan};
use super::report::{Migrated, Progress, Report, Step};
use super::side::{Overview, Side, SideError, Target};
use peregrine_proto::{Flag, Uid};

/// What to migrate, and how.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Look and tell, change nothing.
    pub dry_run: bool,
    /// What is compared at the end.
    pub compare: Compare,
    /// Mailboxes of the source that are left out, with those below them: levels parted by `/`.
    pub exclude: Vec<String>,
    /// A mailbox with a special use goes to the target's mailbox of the same use, whatever that
    /// one's name is.
    pub by_use: bool,
}

/// How both sides are compared at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Compare {
    /// Every message is read from the target again, and its octets compared with the source's.
    #[default]
    Content,
    /// Size, date, Message-ID and flags.
    Summary,
    /// Not at all.
    Nothing,
}

/// Why a migration ended before its end. What was done stays; running it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source failed.
    #[error("the source: {0}")]
    Source(#[source] SideError),
    /// The target failed.
    #[error("the target: {0}")]
    Target(#[source] SideError),
}

/// Copies what is missing from the source to the target, and compares both.
///
/// It can be run again, after an interruption too: a message is taken for the same where size,
/// INTERNALDATE and Message-ID agree; where several have all of these in common, their contents
/// are compared. That needs no memory of earlier runs, so it also holds on another machine, after
/// another program's migration, and where the target has changed since.
///
/// Nothing is ever removed from the target; flags of messages that were there already are set to
/// the source's. Memory: some 100 octets for each message of one mailbox, and what is on its way,
/// which is bounded.
///
/// # Errors
/// [`Error`] where a side cannot go on. Mailboxes and messages that are refused are no error: they
/// stand in the report.
pub async fn migrate(
    source: &mut dyn Side,
    target: &mut dyn Target,
    options: &Options,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Report, Error> {
    let theirs = target.folders().await.map_err(Error::Target)?;
    let ours = source.folders().await.map_err(Error::Source)?;
    let mut report = Report::default();
    let plans = plan::plan(ours, &theirs, target, options, &mut report);
    let total = plans.iter().map(|plan| plan.source.messages).sum();
    let teller = Teller { progress, mailbox: String::new(), messages: 0, total, octets: 0 };
    let mut work = Work { source, target, options, teller, report };
    for plan in &plans {
        work.mailbox(plan).await?;
    }
    Ok(work.report)
}

pub(super) struct Work<'a> {
    pub source: &'a mut dyn Side,
    pub target: &'a mut dyn Target,
    pub options: &'a Options,
    pub teller: Teller<'a>,
    pub report: Report,
}

/// Knows how far the work is.
pub(super) struct Teller<'a> {
    progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    mailbox: String,
    messages: u64,
    total: u64,
    octets: u64,
}

impl Teller<'_> {
    pub fn tell(&mut self, step: Step, messages: u64, octets: u64) {
        self.messages += messages;
        self.octets += octets;
        (self.progress)(Progress {
            step,
            mailbox: &self.mailbox,
            messages: self.messages,
            total: self.total.max(self.messages),
            octets: self.octets,
        });
    }
}

impl Work<'_> {
    async fn mailbox(&mut self, plan: &Plan) -> Result<(), Error> {
        self.teller.mailbox = plan.source.name.as_str().to_owned();
        self.teller.tell(Step::Looking, 0, 0);
        let source = match self.source.open(&plan.source.name).await {
            Ok(source) => source,
            Err(error) if error.is_refusal() => {
                let reason = format!("it cannot be opened: {error}");
                self.report.problem(plan.source.name.as_str(), reason);
                return Ok(());
            }
            Err(error) => return Err(Error::Source(error)),
        };
        let Some(target) = self.prepare(plan, &source).await? else { return Ok(()) };
        let pairs = self.pair(&source.messages, &target.messages).await?;
        let mut counts = Migrated {
            source: plan.source.name.clone(),
            target: plan.target.clone(),
            found: source.messages.len() as u64,
            copied: pairs.source.len() as u64,
            present: pairs.both.len() as u64,
            flags_changed: 0,
            failed: 0,
            compared: None,
        };
        self.teller.tell(Step::Copying, counts.present, 0);
        let changes = flag_changes(&source, &target, &pairs.both);
        counts.flags_changed = changes.iter().map(|(_, uids)| uids.len() as u64).sum();
        if self.options.dry_run {
            self.report.mailboxes.push(counts);
            return Ok(());
        }
        for (flags, uids) in changes {
            let count = uids.len() as u64;
            match self.target.set_flags(uids, flags.to_vec()).await {
                Ok(()) => {}
                Err(error) if error.is_refusal() => {
                    counts.flags_changed -= count;
                    let reason = format!("flags cannot be changed: {error}");
                    self.report.problem(plan.source.name.as_str(), reason);
                }
                Err(error) => return Err(Error::Target(error)),
            }
        }
        let hashes = self.copy(plan, &source, &pairs.source, &mut counts).await?;
        if self.options.compare != Compare::Nothing {
            counts.compared = Some(self.compare(plan, &source, hashes).await?);
        }
        self.report.mailboxes.push(counts);
        Ok(())
    }

    /// Makes and opens the target's mailbox; `None` where that cannot be.
    async fn prepare(&mut self, plan: &Plan, source: &Overview) -> Result<Option<Overview>, Error> {
        if self.options.dry_run && !plan.exists {
            return Ok(Some(Overview::default()));
        }
        if !plan.exists
            && let Err(error) = self.target.create(&plan.target, plan.special_use).await
        {
            if !error.is_refusal() {
                return Err(Error::Target(error));
            }
            let reason = format!("`{}` cannot be made: {error}", plan.target.as_str());
            self.report.problem(plan.source.name.as_str(), reason);
            return Ok(None);
        }
        if !self.options.dry_run {
            if plan.source.subscribed
                && !plan.subscribed
                && let Err(error) = self.target.subscribe(&plan.target).await
            {
                let reason = format!("`{}` cannot be subscribed: {error}", plan.target.as_str());
                self.report.problem(plan.source.name.as_str(), reason);
            }
            if let Some(uid_validity) = source.uid_validity {
                self.target.adopt(&plan.target, uid_validity).await.map_err(Error::Target)?;
            }
        }
        match self.target.open(&plan.target).await {
            Ok(target) => Ok(Some(target)),
            Err(error) if error.is_refusal() => {
                let reason = format!("`{}` cannot be opened: {error}", plan.target.as_str());
                self.report.problem(plan.source.name.as_str(), reason);
                Ok(None)
            }
            Err(error) => Err(Error::Target(error)),
        }
    }
}

/// The target's messages whose flags are not the source's, by the flags that they are to have.
fn flag_changes<'s>(
    source: &'s Overview,
    target: &Overview,
    pairs: &[(usize, usize)],
) -> Vec<(&'s [Flag], Vec<Uid>)> {
    let mut changes: Vec<(&[Flag], Vec<Uid>)> = Vec::new();
    for (ours, theirs) in pairs {
        let (ours, theirs) = (&source.messages[*ours], &target.messages[*theirs]);
        if same_flags(&ours.flags, &theirs.flags) {
            continue;
        }
        match changes.iter_mut().find(|(flags, _)| *flags == ours.flags) {
            Some((_, uids)) => uids.push(theirs.uid),
            None => changes.push((&ours.flags, vec![theirs.uid])),
        }
    }
    changes
}
