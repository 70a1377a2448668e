//! Bringing mail in: Maildir, Maildir++ and mbox, with flags and dates.
//!
//! It can be run again: a message that is already in its mailbox, with the same octets and the
//! same date, is left alone. A message that the source has twice comes in twice. Memory is
//! bounded: messages are read, compared and appended in batches.

mod from_line;
mod maildir;
mod mbox;
mod present;
mod source;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use peregrine_proto::{DateTime, Flag, MailboxName};
use peregrine_store::{Account, NewMessage};
use tokio::sync::mpsc;

use super::AdminError;
use present::Present;
pub use source::Problem;
use source::{Item, Kind, SourceMailbox, SourceMessage};

/// Octets of messages in a batch; one message may be larger.
const BATCH_OCTETS: usize = 4 << 20;

/// Messages in a batch.
const BATCH_MESSAGES: usize = 512;

/// Batches that are read ahead while one is stored.
const BATCHES_AHEAD: usize = 2;

/// Problems that are kept; of more only the number is told.
const PROBLEMS_KEPT: usize = 1_000;

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The Maildir, the mbox, or the folder of mboxes.
    pub source: PathBuf,
    /// What it is.
    pub format: Format,
    /// The mailbox that takes the source's INBOX, or the source where it is a single file; those
    /// below it go below. By default each goes to the mailbox of its own name.
    pub into: Option<String>,
    /// Read and compare everything, change nothing.
    pub dry_run: bool,
    /// Leave lines that end in LF alone as they are; else they end in CRLF as in all mail on the
    /// wire (RFC 5322 §2.1).
    pub keep_line_ends: bool,
    /// Largest message that is taken, in octets.
    pub message_size: u64,
}

/// What a source is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Found out by looking.
    Auto,
    /// Maildir or Maildir++.
    Maildir,
    /// mbox, or a folder of them.
    Mbox,
}

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The mailbox in hand.
    pub mailbox: &'a str,
    /// Messages looked at so far, in all mailboxes.
    pub messages: u64,
    /// Octets of the source done so far.
    pub done: u64,
    /// Octets of the source.
    pub total: u64,
}

/// What came of an import.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// By mailbox.
    pub mailboxes: Vec<Imported>,
    /// What could not be read or taken; at most the first thousand.
    pub problems: Vec<Problem>,
    /// How many problems there were.
    pub problem_count: u64,
}

/// What came of one mailbox. `found` is the sum of `imported`, `present` and `failed`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imported {
    /// The mailbox here.
    pub mailbox: String,
    /// Messages of the source.
    pub found: u64,
    /// Those that were appended (or would be).
    pub imported: u64,
    /// Those that were here already.
    pub present: u64,
    /// Those that could not be read or taken.
    pub failed: u64,
    /// Messages here before.
    pub before: u64,
    /// Messages here now.
    pub after: u64,
}

impl ImportReport {
    /// Whether every mailbox holds now what it held before and what came in.
    #[must_use]
    pub fn counts_agree(&self, dry_run: bool) -> bool {
        self.mailboxes.iter().all(|m| {
            let came = if dry_run { 0 } else { m.imported };
            m.before + came == m.after && m.found == m.imported + m.present + m.failed
        })
    }

    fn problem(&mut self, problem: Problem) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_KEPT {
            self.problems.push(problem);
        }
    }
}

/// Imports mail into an account.
///
/// # Errors
/// [`AdminError::NoMail`] for a source that is none, and failures of the store. Single messages
/// that cannot be read or taken are no error: they stand in the report.
pub async fn import(
    account: &Account,
    options: &ImportOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<ImportReport, AdminError> {
    let mut report = ImportReport::default();
    let into = options.into.as_deref().map(MailboxName::new).transpose();
    let into = into.map_err(|error| AdminError::Mailbox(error.to_string()))?;
    let (source, format) = (options.source.clone(), options.format);
    let survey = tokio::task::spawn_blocking(move || survey(&source, format)).await??;
    survey.problems.into_iter().for_each(|problem| report.problem(problem));
    let mut mailboxes = survey.mailboxes;
    if let ([only], true) = (&mut mailboxes[..], into.is_some() && options.source.is_file()) {
        only.name = "INBOX".into();
    }
    let mut work = Work {
        account,
        options,
        progress,
        report,
        total: mailboxes.iter().map(|mailbox| mailbox.octets).sum(),
        done: 0,
        messages: 0,
    };
    for (target, sources) in targets(mailboxes, into.as_ref(), &mut work.report) {
        work.mailbox(&target, sources).await?;
    }
    if !options.dry_run {
        for name in survey.subscriptions {
            // One that names nothing here is left out: subscribing needs a mailbox.
            if let Some(name) = target(&name, into.as_ref()) {
                let _ = account.subscribe(&name).await;
            }
        }
    }
    Ok(work.report)
}

struct Survey {
    mailboxes: Vec<SourceMailbox>,
    subscriptions: Vec<String>,
    problems: Vec<Problem>,
}

/// Finds the mailboxes of a source.
fn survey(source: &Path, format: Format) -> Result<Survey, AdminError> {
    let mut problems = Vec::new();
    std::fs::metadata(source).map_err(AdminError::file("cannot read", source))?;
    let mut mailboxes = Vec::new();
    if format != Format::Mbox && source.is_dir() {
        mailboxes = maildir::mailboxes(source, &mut problems);
    }
    let subscriptions =
        if mailboxes.is_empty() { Vec::new() } else { maildir::subscriptions(source) };
    if mailboxes.is_empty()
        && format != Format::Maildir
        && (format == Format::Mbox || source.is_dir() || mbox::is_mbox(source))
    {
        mailboxes = mbox::mailboxes(source, &mut problems);
    }
    if mailboxes.is_empty() {
        return Err(AdminError::NoMail(source.to_owned()));
    }
    Ok(Survey { mailboxes, subscriptions, problems })
}

/// Sources by the mailbox that takes them: two may go to one.
fn targets(
    sources: Vec<SourceMailbox>,
    into: Option<&MailboxName>,
    report: &mut ImportReport,
) -> Vec<(MailboxName, Vec<SourceMailbox>)> {
    let mut targets: Vec<(MailboxName, Vec<SourceMailbox>)> = Vec::new();
    for source in sources {
        let Some(name) = target(&source.name, into) else {
            let reason = format!("`{}` cannot be a mailbox name here; skipped", source.name);
            report.problem(Problem::at(&source.path, reason));
            continue;
        };
        match targets.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sources)) => sources.push(source),
            None => targets.push((name, vec![source])),
        }
    }
    targets
}

/// The mailbox here for a mailbox of the source.
fn target(name: &str, into: Option<&MailboxName>) -> Option<MailboxName> {
    let inbox = name.eq_ignore_ascii_case("INBOX");
    // Clients find it by the form that names have in commands.
    let new = |name: &str| MailboxName::new(name).and_then(MailboxName::composed).ok();
    match into {
        Some(into) if inbox => Some(into.clone()),
        Some(into) => new(&format!("{}/{name}", into.as_str())),
        None => new(name),
    }
}

/// A message ready to be compared and appended.
struct Prepared {
    body: Bytes,
    flags: Vec<Flag>,
    date: DateTime,
    place: String,
    octets: u64,
}

enum Delivery {
    Batch(Vec<Prepared>),
    Problem(Problem),
}

struct Work<'a> {
    account: &'a Account,
    options: &'a ImportOptions,
    progress: &'a mut dyn FnMut(Progress<'_>),
    report: ImportReport,
    total: u64,
    done: u64,
    messages: u64,
}

impl Work<'_> {
    async fn mailbox(
        &mut self,
        target: &MailboxName,
        sources: Vec<SourceMailbox>,
    ) -> Result<(), AdminError> {
        let exists = self.account.tree().get(target).is_some_and(|entry| entry.selectable);
        if !exists {
            let made = match self.options.dry_run {
                true => self.account.tree().check_new(target),
                false => self.account.create(target).await,
            };
            if let Err(error) = made {
                if AdminError::is_fatal(&error) {
                    return Err(error.into());
                }
                let reason = format!("cannot make the mailbox `{}`: {error}", target.as_str());
                for source in sources {
                    self.report.problem(Problem::at(&source.path, &reason));
                }
                return Ok(());
            }
        }
        if !exists && !self.options.dry_run {
            self.account.subscribe(target).await?;
        }
        let mut present = match exists {
            true => Present::of(self.account.open(target).await?),
            false => Present::nothing(),
        };
        let mut counts = Imported {
            mailbox: target.as_str().to_owned(),
            found: 0,
            imported: 0,
            present: 0,
            failed: 0,
            before: present.total(),
            after: 0,
        };
        for source in sources {
            self.source(target, source, &mut present, &mut counts).await?;
        }
        counts.after = match self.account.open(target).await {
            Ok(mailbox) => u64::from(mailbox.view().exists()),
            Err(_) => 0, // not made: a dry run
        };
        self.report.mailboxes.push(counts);
        Ok(())
    }

    async fn source(
        &mut self,
        target: &MailboxName,
        source: SourceMailbox,
        present: &mut Present,
        counts: &mut Imported,
    ) -> Result<(), AdminError> {
        let start = self.done;
        let octets = source.octets;
        let (sender, mut receiver) = mpsc::channel(BATCHES_AHEAD);
        let (most, keep) = (self.options.message_size, self.options.keep_line_ends);
        let reader =
            tokio::task::spawn_blocking(move || read_batches(&source, most, keep, &sender));
        while let Some(delivery) = receiver.recv().await {
            match delivery {
                Delivery::Problem(problem) => {
                    counts.found += 1;
                    counts.failed += 1;
                    self.report.problem(problem);
                }
                Delivery::Batch(batch) => self.batch(target, batch, present, counts).await?,
            }
        }
        reader.await?;
        // What the mbox has between its messages counts too.
        self.done = start + octets;
        Ok(())
    }

    async fn batch(
        &mut self,
        target: &MailboxName,
        batch: Vec<Prepared>,
        present: &mut Present,
        counts: &mut Imported,
    ) -> Result<(), AdminError> {
        let mut new = Vec::with_capacity(batch.len());
        let size = batch.len() as u64;
        let octets: u64 = batch.iter().map(|message| message.octets).sum();
        counts.found += size;
        for message in batch {
            if present.take(&message.body, message.date).await? {
                counts.present += 1;
            } else {
                new.push(message);
            }
        }
        if self.options.dry_run {
            counts.imported += new.len() as u64;
        } else if !new.is_empty() {
            self.append(target, new, counts).await?;
        }
        self.done += octets;
        self.messages += size;
        let (messages, done, total) = (self.messages, self.done, self.total);
        (self.progress)(Progress { mailbox: target.as_str(), messages, done, total });
        Ok(())
    }

    /// Appends all at once; if that is refused, one by one, to find those that are to blame.
    async fn append(
        &mut self,
        target: &MailboxName,
        messages: Vec<Prepared>,
        counts: &mut Imported,
    ) -> Result<(), AdminError> {
        let all = messages.iter().map(new_message).collect();
        let count = messages.len() as u64;
        match self.account.append(target, all).await {
            Ok(_) => counts.imported += count,
            Err(error) if AdminError::is_fatal(&error) => return Err(error.into()),
            Err(_) => {
                for message in &messages {
                    match self.account.append(target, vec![new_message(message)]).await {
                        Ok(_) => counts.imported += 1,
                        Err(error) if AdminError::is_fatal(&error) => return Err(error.into()),
                        Err(error) => {
                            counts.failed += 1;
                            self.report.problem(Problem::new(message.place.clone(), error));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn new_message(message: &Prepared) -> NewMessage {
    NewMessage { body: message.body.clone(), flags: message.flags.clone(), date: message.date }
}

/// Reads a mailbox and sends its messages in batches, until the receiver is gone.
fn read_batches(
    source: &SourceMailbox,
    most: u64,
    keep_line_ends: bool,
    sender: &mpsc::Sender<Delivery>,
) {
    let mut batch = Vec::new();
    let mut octets = 0;
    let mut sink = |item: Item| match item {
        Item::Problem(problem) => sender.blocking_send(Delivery::Problem(problem)).is_ok(),
        Item::Message(message) => {
            octets += message.body.len();
            batch.push(prepare(message, keep_line_ends));
            if octets < BATCH_OCTETS && batch.len() < BATCH_MESSAGES {
                return true;
            }
            octets = 0;
            sender.blocking_send(Delivery::Batch(std::mem::take(&mut batch))).is_ok()
        }
    };
    match source.kind {
        Kind::Maildir => maildir::read(source, most, &mut sink),
        Kind::Mbox => mbox::read(source, most, &mut sink),
    }
    if !batch.is_empty() {
        // Nobody listening means that the work was given up.
        let _ = sender.blocking_send(Delivery::Batch(batch));
    }
}

fn prepare(message: SourceMessage, keep_line_ends: bool) -> Prepared {
    let SourceMessage { body, flags, date, place, octets } = message;
    let body = if keep_line_ends { body } else { source::with_crlf(body) };
    Prepared { body: body.into(), flags, date, place, octets }
}
