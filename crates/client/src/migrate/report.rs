//! What a migration tells: how far it is, and what came of it.

use peregrine_proto::MailboxName;

/// Differences and problems that are kept of each kind; of more only the number is told.
const KEPT: usize = 1_000;

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What is done with the mailbox.
    pub step: Step,
    /// The mailbox in hand, by its name in the source.
    pub mailbox: &'a str,
    /// Messages done, in all mailboxes.
    pub messages: u64,
    /// Messages of the source.
    pub total: u64,
    /// Octets read from the source and from the target.
    pub octets: u64,
}

/// A step of the work with a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Finding out what is missing.
    Looking,
    /// Copying it.
    Copying,
    /// Comparing both sides.
    Comparing,
}

/// What came of a migration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// By mailbox.
    pub mailboxes: Vec<Migrated>,
    /// What could not be done, at most the first thousand.
    pub problems: Vec<Problem>,
    /// How many problems there were.
    pub problem_count: u64,
    /// Where both sides differ at the end, at most the first thousand.
    pub differences: Vec<Difference>,
    /// How many differences there are.
    pub difference_count: u64,
}

/// Something that could not be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The mailbox in the source, and the message where it is about one.
    pub place: String,
    /// Why, for a person.
    pub reason: String,
}

/// A message of the source that is not alike in the target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The mailbox in the source.
    pub mailbox: String,
    /// The message's UID there.
    pub uid: u32,
    /// What is different.
    pub what: Unlike,
}

/// What is different.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unlike {
    /// No message of these octets is there.
    Missing,
    /// INTERNALDATE: seconds since 1970 in the source and in the target.
    Date(i64, i64),
    /// Flags in the source and in the target, by name.
    Flags(String, String),
}

/// What came of one mailbox. `found` is the sum of `copied`, `present` and `failed`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Migrated {
    /// Its name in the source.
    pub source: MailboxName,
    /// Its name in the target.
    pub target: MailboxName,
    /// Messages of the source.
    pub found: u64,
    /// Those that were copied (or would be).
    pub copied: u64,
    /// Those that were there already.
    pub present: u64,
    /// Of those, the ones whose flags were changed (or would be).
    pub flags_changed: u64,
    /// Those that were refused, or gone before they were read.
    pub failed: u64,
    /// Both sides at the end; `None` in a dry run and where nothing was compared.
    pub compared: Option<Compared>,
}

/// Both sides of a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// The source.
    pub source: Total,
    /// The messages of the target that are the source's.
    pub target: Total,
    /// Messages that only the target holds.
    pub only_target: u64,
    /// All of them have the UIDs that they have in the source, under the same UIDVALIDITY.
    pub uids_kept: bool,
}

/// Messages of one side.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Total {
    /// How many.
    pub messages: u64,
    /// Octets.
    pub octets: u64,
    /// SHA-256 of the ordered SHA-256 of each; `None` where contents were not compared.
    pub digest: Option<[u8; 32]>,
}

impl Report {
    /// Whether every message of the source is in the target, alike in all that was compared.
    pub fn is_complete(&self) -> bool {
        self.problem_count == 0 && self.difference_count == 0
    }

    pub(super) fn problem(&mut self, place: impl Into<String>, reason: impl ToString) {
        self.problem_count += 1;
        if self.problems.len() < KEPT {
            self.problems.push(Problem { place: place.into(), reason: reason.to_string() });
        }
    }

    pub(super) fn difference(&mut self, mailbox: &MailboxName, uid: u32, what: Unlike) {
        self.difference_count += 1;
        if self.differences.len() < KEPT {
            self.differences.push(Difference { mailbox: mailbox.as_str().into(), uid, what });
        }
    }
}
