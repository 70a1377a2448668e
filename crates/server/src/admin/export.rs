//! Taking mail out into a Maildir++, with flags, keywords, dates and subscriptions.
//!
//! It can be run again and then adds what is new and renames where flags changed. A file's name
//! begins with the message's date, UIDVALIDITY and UID, so that a message is known by its name.
//! Every file is synced before it appears in `cur`.

mod folder;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use peregrine_proto::{Flag, MailboxName};
use peregrine_store::{Account, Error, Mailbox, MailboxView, Message, SystemFlags};

use super::AdminError;
use super::import::{Problem, Progress};
use super::maildir::{SUBSCRIPTIONS_FILE, folder_of_mailbox};
use folder::{Folder, Wanted};

/// Octets of messages that are written between two syncs of the folder.
const BATCH_OCTETS: usize = 4 << 20;

/// Messages that are written between two syncs of the folder.
const BATCH_MESSAGES: usize = 256;

/// What came of an export.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExportReport {
    /// By mailbox.
    pub mailboxes: Vec<Exported>,
    /// Messages and mailboxes that are damaged and were left out.
    pub damaged: u64,
    /// What could not be written as it is.
    pub problems: Vec<Problem>,
}

/// What came of one mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exported {
    /// The mailbox.
    pub mailbox: String,
    /// Messages that it holds.
    pub messages: u64,
    /// Those that were written now.
    pub written: u64,
    /// Those that are damaged, and were left out.
    pub damaged: u64,
    /// Those that were there from an earlier run.
    pub present: u64,
    /// Messages of this mailbox that the Maildir holds now.
    pub after: u64,
}

impl ExportReport {
    /// Whether every message of every mailbox is in the Maildir now. A message that was deleted
    /// after an earlier run stays there.
    #[must_use]
    pub fn counts_agree(&self) -> bool {
        let agree = |m: &Exported| {
            m.messages == m.written + m.present + m.damaged && m.after >= m.messages - m.damaged
        };
        self.mailboxes.iter().all(agree)
    }
}

/// Exports all mail of an account. `user` becomes part of the files' names.
///
/// # Errors
/// [`AdminError::File`] where the target cannot be written, and failures of the store.
pub async fn export(
    account: &Account,
    user: &str,
    target: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<ExportReport, AdminError> {
    let tree = account.tree();
    let names: Vec<MailboxName> = tree
        .entries()
        .filter(|(_, entry)| entry.selectable)
        .map(|(name, _)| name.clone())
        .collect();
    let (mut mailboxes, mut damaged) = (Vec::new(), Vec::new());
    for name in names {
        match account.open(&name).await {
            Ok(mailbox) => mailboxes.push((name, mailbox)),
            Err(Error::NonExistent(_)) => {} // deleted meanwhile
            Err(error @ Error::Corrupt { .. }) => damaged.push((name, error)),
            Err(error) => return Err(error.into()),
        }
    }
    let total = mailboxes.iter().map(|(_, mailbox)| mailbox.view().counts().octets).sum();
    let mut work = Work {
        user,
        target,
        progress,
        report: ExportReport::default(),
        total,
        done: 0,
        messages: 0,
    };
    for (name, error) in damaged {
        work.leave_out(Path::new(name.as_str()), "the whole mailbox", 0, &error);
    }
    for (name, mailbox) in &mailboxes {
        work.mailbox(name, mailbox).await?;
    }
    let subscriptions = tree.subscriptions().map(|name| match folder_of_mailbox(name) {
        Some(folder) => format!("{}\n", folder.trim_start_matches('.')),
        None => "INBOX\n".into(),
    });
    let path = target.join(SUBSCRIPTIONS_FILE);
    folder::replace(&path, &subscriptions.collect::<String>())
        .and_then(|()| std::fs::File::open(target)?.sync_all())
        .map_err(AdminError::file("cannot write", &path))?;
    Ok(work.report)
}

struct Work<'a> {
    user: &'a str,
    target: &'a Path,
    progress: &'a mut dyn FnMut(Progress<'_>),
    report: ExportReport,
    total: u64,
    done: u64,
    messages: u64,
}

impl Work<'_> {
    async fn mailbox(&mut self, name: &MailboxName, mailbox: &Mailbox) -> Result<(), AdminError> {
        let view = mailbox.view();
        let path = self.path(name);
        let fail = || AdminError::file("cannot write", &path);
        let mut folder = Folder::open(&path, !name.is_inbox()).map_err(fail())?;
        let mut counts = Exported {
            mailbox: name.as_str().to_owned(),
            messages: u64::from(view.exists()),
            written: 0,
            present: 0,
            damaged: 0,
            after: 0,
        };
        let mut lost = 0;
        let mut batch = Vec::new();
        let mut octets = 0;
        for index in 0..view.exists() {
            let Some(message) = view.message(index) else { break };
            let flags = flags(&view, message);
            let wanted = Wanted {
                base: base(self.user, &view, message),
                unix: message.date().unix,
                letters: folder.letters(&flags, &mut lost),
            };
            if folder.has(&wanted.base) {
                counts.present += 1;
                folder.rename(&wanted).map_err(fail())?;
                self.done += u64::from(message.size);
                self.messages += 1;
                continue;
            }
            match read(mailbox, &view, index).await {
                Err(AdminError::Store(error @ Error::Corrupt { .. })) => {
                    counts.damaged += 1;
                    let what = format!("UID {}", message.uid.0);
                    self.leave_out(Path::new(name.as_str()), &what, 1, &error);
                }
                Err(error) => return Err(error),
                Ok(Some(body)) => {
                    octets += body.len();
                    batch.push((wanted, body));
                }
                Ok(None) => counts.messages -= 1,
            }
            if octets >= BATCH_OCTETS || batch.len() >= BATCH_MESSAGES {
                folder = self.write(folder, std::mem::take(&mut batch), &mut counts).await?;
                octets = 0;
            }
        }
        folder = self.write(folder, batch, &mut counts).await?;
        counts.after = folder.count(&suffix(self.user, &view));
        self.problems(name, &path, lost);
        self.report.mailboxes.push(counts);
        Ok(())
    }

    /// Writes a batch off the async threads.
    async fn write(
        &mut self,
        mut folder: Folder,
        batch: Vec<(Wanted, Bytes)>,
        counts: &mut Exported,
    ) -> Result<Folder, AdminError> {
        let count = batch.len() as u64;
        let octets: u64 = batch.iter().map(|(_, body)| body.len() as u64).sum();
        let path = folder.path().to_owned();
        let folder = tokio::task::spawn_blocking(move || {
            let written = folder.write(&batch);
            written.map(|()| folder)
        })
        .await?
        .map_err(AdminError::file("cannot write into", &path))?;
        counts.written += count;
        self.done += octets;
        self.messages += count;
        (self.progress)(Progress {
            mailbox: &counts.mailbox,
            messages: self.messages,
            done: self.done,
            total: self.total,
        });
        Ok(folder)
    }

    /// Goes on past damage, and remembers it.
    fn leave_out(&mut self, place: &Path, what: &str, messages: u64, error: &Error) {
        self.messages += messages;
        self.report.damaged += 1;
        let error = super::store_words(error);
        self.report.problems.push(Problem::at(place, format!("left out: {what}: {error}")));
    }

    fn problems(&mut self, name: &MailboxName, path: &Path, lost: usize) {
        if lost > 0 {
            let reason = format!(
                "{lost} keyword(s) left out: Maildir++ has letters for 26 keywords in a mailbox"
            );
            self.report.problems.push(Problem::at(path, reason));
        }
        if name.as_str().contains('.') {
            let reason = format!(
                "Maildir++ parts levels by dots, so the dot in `{}` is written as &AC4-, which \
                 only peregrine import reads back",
                name.as_str()
            );
            self.report.problems.push(Problem::at(path, reason));
        }
    }

    fn path(&self, name: &MailboxName) -> PathBuf {
        match folder_of_mailbox(name) {
            Some(folder) => self.target.join(folder),
            None => self.target.to_owned(),
        }
    }
}

/// A message's octets; none if it was removed meanwhile.
async fn read(
    mailbox: &Mailbox,
    view: &MailboxView,
    index: u32,
) -> Result<Option<Bytes>, AdminError> {
    match mailbox.body(view, index).await {
        Ok(body) => Ok(Some(body.whole().await?)),
        Err(Error::Expunged) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a file's name begins with: the same for a message at every run, and for no other.
fn base(user: &str, view: &MailboxView, message: &Message) -> String {
    let unix = message.date().unix.max(0);
    format!("{unix}.U{:010}{}", message.uid.0, suffix(user, view))
}

/// Octets of a user's name in names of files, which may have 255 in all.
const LONGEST_USER: usize = 128;

/// The end of every base name of a mailbox.
fn suffix(user: &str, view: &MailboxView) -> String {
    // As Maildir asks for host names, and what ends a base name for Dovecot.
    let mut escaped = user.replace('/', "\\057").replace(':', "\\072").replace(',', "\\054");
    if escaped.len() > LONGEST_USER {
        let hash = blake3::hash(user.as_bytes()).to_hex();
        escaped.truncate(escaped.floor_char_boundary(LONGEST_USER / 2));
        escaped.push('-');
        escaped.push_str(&hash[..32]);
    }
    format!("V{}.{escaped}", view.uid_validity().0)
}

pub(super) fn flags(view: &MailboxView, message: &Message) -> Vec<Flag> {
    let system = [
        (SystemFlags::ANSWERED, Flag::Answered),
        (SystemFlags::FLAGGED, Flag::Flagged),
        (SystemFlags::DELETED, Flag::Deleted),
        (SystemFlags::SEEN, Flag::Seen),
        (SystemFlags::DRAFT, Flag::Draft),
    ];
    let system = system.into_iter().filter(|(bit, _)| message.flags.intersects(*bit));
    let names = view.keywords().names();
    let keywords = message.keywords.iter().filter_map(|number| names.get(number).cloned());
    system.map(|(_, flag)| flag).chain(keywords.map(Flag::Keyword)).collect()
}
