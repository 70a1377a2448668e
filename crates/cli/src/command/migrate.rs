//! `peregrine migrate`: mail from one place to another, and a comparison of both.

mod show;

use std::path::PathBuf;

use clap::ValueEnum;
use peregrine_client::migrate::{Compare, Options, Report, Side, Target, migrate};

use crate::failure::Failure;
use crate::migrate::open::{self, Access};
use crate::migrate::place::Place;
use crate::progress::migration::Counter;

const EXAMPLE: &str = "\
SOURCE is an account of accounts.toml, imaps://USER@HOST[:PORT], imap://… (STARTTLS, but on this
machine itself), a folder that peregrine serves, a Maildir or an mbox. TARGET is an account, a URL
or a served folder.

Examples:
  peregrine migrate imaps://ann@old.example.org imaps://ann@new.example.org --dry-run
  peregrine migrate imaps://ann@old.example.org ~/mail --user ann
  peregrine migrate old.mbox imaps://ann@new.example.org

Passwords come from the accounts' commands, or are asked for (the source's first), or read from
standard input where that is no terminal, a line each; or from PEREGRINE_SOURCE_PASSWORD and
PEREGRINE_TARGET_PASSWORD, or files.

Mailboxes, flags, keywords, dates, subscriptions and special uses come along; into a served folder
also UIDs and UIDVALIDITY, so that mail programs need not read anything anew. Nothing is deleted,
and the source is not changed. Interrupted? Run it again: messages with the same size, date and
Message-ID are not copied twice (where several have all three, their contents are compared); flags
are set to the source's. At the end every message is read from the target and compared; exit code
1 says that something could not be done or differs, and the output lists it. The two digests of a
mailbox are of the contents of all messages of the source, and of those found in the target.

A Maildir or an mbox is first read into a temporary folder (TMPDIR) as large as itself.";

/// Move mail from a server, a Maildir or an mbox to another server or a served folder.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// Where the mail is.
    source: String,
    /// Where it is to be.
    target: String,
    /// Whose mail, where SOURCE or TARGET is a served folder.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A file whose first line is the source's password.
    #[arg(long, value_name = "FILE")]
    source_password_file: Option<PathBuf>,
    /// A file whose first line is the target's password.
    #[arg(long, value_name = "FILE")]
    target_password_file: Option<PathBuf>,
    /// The source's own certificate (PEM), where no authority vouches for it.
    #[arg(long, value_name = "FILE")]
    source_certificate: Option<PathBuf>,
    /// The target's own certificate (PEM), where no authority vouches for it.
    #[arg(long, value_name = "FILE")]
    target_certificate: Option<PathBuf>,
    /// Leave this mailbox of the source out, with those below it (levels parted by `/`); may be
    /// given several times.
    #[arg(long, value_name = "MAILBOX")]
    exclude: Vec<String>,
    /// Put a mailbox for sent mail, drafts, and so on into the target's mailbox of the same
    /// special use, whatever its name is. Else all keep their names.
    #[arg(long)]
    by_use: bool,
    /// What is compared at the end.
    #[arg(long, value_enum, default_value_t = CompareName::Content)]
    compare: CompareName,
    /// Look and tell, change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Tell the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum CompareName {
    /// Every octet of every message.
    Content,
    /// Size, date, Message-ID and flags.
    Summary,
    /// Nothing.
    None,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let source_place = Place::find(&arguments.source)?;
    let target_place = Place::find(&arguments.target)?;
    if source_place == target_place {
        return Err(Failure::Usage("source and target are the same".into()));
    }
    let user = arguments.user.as_deref();
    let access = Access {
        which: "source",
        user,
        password_file: arguments.source_password_file.as_deref(),
        variable: "PEREGRINE_SOURCE_PASSWORD",
        certificate: arguments.source_certificate.as_ref(),
    };
    let (mut source, source_kept) = open::source(&source_place, &access).await?;
    let access = Access {
        which: "target",
        user,
        password_file: arguments.target_password_file.as_deref(),
        variable: "PEREGRINE_TARGET_PASSWORD",
        certificate: arguments.target_certificate.as_ref(),
    };
    let opened = open::target(&target_place, &access).await;
    let (mut target, target_kept) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            source_kept.close().await;
            return Err(failure);
        }
    };
    let options = Options {
        dry_run: arguments.dry_run,
        compare: match arguments.compare {
            CompareName::Content => Compare::Content,
            CompareName::Summary => Compare::Summary,
            CompareName::None => Compare::Nothing,
        },
        exclude: arguments.exclude,
        by_use: arguments.by_use,
    };
    let outcome = work(&mut *source, &mut *target, &options).await;
    drop((source, target));
    let unread = source_kept.unread();
    source_kept.close().await;
    target_kept.close().await;
    let (report, summary) = outcome?;
    match arguments.json {
        true => show::json(&report),
        false => show::text(&report, options.dry_run, &summary),
    }
    if report.is_complete() && unread == 0 { Ok(()) } else { Err(Failure::Incomplete) }
}

async fn work(
    source: &mut dyn Side,
    target: &mut dyn Target,
    options: &Options,
) -> Result<(Report, String), Failure> {
    let mut counter = Counter::new();
    let outcome = migrate(source, target, options, &mut |progress| counter.tell(progress)).await;
    let found = outcome.as_ref().map_or(0, |report| report.mailboxes.iter().map(|m| m.found).sum());
    let summary = counter.finish(found);
    match outcome {
        Ok(report) => Ok((report, summary)),
        Err(error) => Err(Failure::Work(format!(
            "{error}; what was copied so far stays, run it again to go on"
        ))),
    }
}
