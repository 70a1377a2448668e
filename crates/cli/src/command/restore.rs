//! `peregrine restore`: all of a backup, a user, a mailbox or messages.

use std::path::PathBuf;

use peregrine_client::proto::{DateTime, MailboxName, Uid};
use peregrine_server::admin::backup::{
    Backups, Chosen, Restored, Wanted, restore_mailbox, restore_users,
};
use peregrine_server::admin::verify::Looking;

use crate::failure::Failure;
use crate::output::say;
use crate::progress::Teller;
use crate::{load, output};

const EXAMPLE: &str = "\
Examples:
  peregrine restore /backup/mail --list
  peregrine restore /backup/mail ~/new                               everything
  peregrine restore /backup/mail ~/mail --user alice                 a user who is not there
  peregrine restore /backup/mail ~/mail --user alice --mailbox Sent --as Sent-before
  peregrine restore /backup/mail ~/mail --user alice --mailbox INBOX --uid 17 --uid 18

Everything is checked before it is taken; messages that are damaged in the backup are told, and the
exit code is 1. Everything and users come back as they were: UIDs,
UIDVALIDITY, MODSEQs, flags, keywords, dates, subscriptions, special uses, passwords; a folder that
is not there is made, with a new certificate. A mailbox comes back under a name that is free, with
UIDs, UIDVALIDITY, flags, keywords and dates; messages come into a mailbox that is there, under new
UIDs. The server may run, but for a restore of everything.";

/// Restore a backup: everything, a user, a mailbox, or messages.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The folder of backups.
    backups: PathBuf,
    /// The server's folder to restore into.
    #[arg(required_unless_present = "list")]
    dir: Option<PathBuf>,
    /// Only this user.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only this mailbox of the user.
    #[arg(long, value_name = "MAILBOX", requires = "user")]
    mailbox: Option<String>,
    /// Only the message of this UID; may be given more than once.
    #[arg(long, value_name = "UID", requires = "mailbox")]
    uid: Vec<std::num::NonZeroU32>,
    /// The mailbox to restore into, if it is another one.
    #[arg(long = "as", value_name = "MAILBOX", requires = "mailbox")]
    to: Option<String>,
    /// The backup's number; else the latest.
    #[arg(long, value_name = "NUMBER")]
    number: Option<u32>,
    /// Show which backups there are.
    #[arg(long, conflicts_with_all = ["user", "number"])]
    list: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Some(dir) = arguments.dir.as_ref().filter(|_| !arguments.list) else {
        return list(&arguments);
    };
    let chosen = Chosen { folder: &arguments.backups, number: arguments.number };
    let mut teller = Teller::new("restoring");
    let mut tell = |looking: Looking<'_>| teller.look(&looking);
    let restored = match (&arguments.user, &arguments.mailbox) {
        (Some(user), Some(mailbox)) => {
            let from = name(mailbox)?;
            let to = arguments.to.as_deref().map(name).transpose()?.unwrap_or_else(|| from.clone());
            let uids: Vec<Uid> = arguments.uid.iter().map(|uid| Uid(*uid)).collect();
            let wanted = Wanted { user, from: &from, to: &to, uids: &uids };
            restore_mailbox(&load(dir)?, chosen, wanted, &mut tell).await
        }
        (user, _) => restore_users(dir, chosen, user.as_deref(), &mut tell).await,
    };
    let summary = teller.finish(restored.as_ref().map_or(0, |restored| restored.messages));
    let restored = restored?;
    eprintln!("{summary}");
    show(&restored)
}

fn show(restored: &Restored) -> Result<(), Failure> {
    let users = match restored.users.len() {
        0 => String::new(),
        _ => format!(" of {}", output::printable(&restored.users.join(", "))),
    };
    let messages = output::count(restored.messages, "message");
    say!("restored {messages}{users} from backup {}", restored.number);
    for missing in &restored.missing {
        eprintln!("missing or damaged in the backup: {}", output::printable(missing));
    }
    if restored.missing.is_empty() { Ok(()) } else { Err(Failure::Incomplete) }
}

fn list(arguments: &Arguments) -> Result<(), Failure> {
    let kept = Backups::in_folder(&arguments.backups).kept();
    let kept = kept.map_err(|error| Failure::Work(error.to_string()))?;
    let rows = kept.iter().map(|kept| {
        let date = crate::mail::date::short(DateTime { unix: kept.taken.cast_signed(), offset: 0 });
        let users = kept.users.join(", ");
        let cells = [kept.number.to_string(), date, users];
        let counts = [kept.bodies, kept.octets].into_iter().map(output::number);
        cells.into_iter().chain(counts).collect()
    });
    say!("{}", output::table(&["number", "taken", "users", "bodies", "octets"], rows));
    Ok(())
}

fn name(text: &str) -> Result<MailboxName, Failure> {
    MailboxName::new(text).map_err(|error| Failure::Mail(peregrine_client::Error::Name(error)))
}
