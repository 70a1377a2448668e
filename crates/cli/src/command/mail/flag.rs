//! `peregrine mail flag`: changing flags.

use peregrine_client::Items;
use peregrine_client::proto::{Flag, UidSet};

use super::{end, tell_missing};
use crate::account::secret::Input;
use crate::failure::Failure;
use crate::mail::connect::Whose;
use crate::mail::words;
use crate::output::{self, say};

/// Set or take away flags; shows the flags that the messages then have.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  peregrine mail flag work INBOX 57 --add flagged
  peregrine mail flag work INBOX 3,5:9 --add seen,$Forwarded --remove flagged")]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["add", "remove", "set"]))]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// The mailbox.
    mailbox: String,
    /// The messages: 57, 3,5:9, 100:*.
    #[arg(value_parser = words::uids)]
    uids: UidSet,
    /// Set these: seen, flagged, answered, deleted, draft, or keywords.
    #[arg(long, value_delimiter = ',', value_parser = words::flag)]
    add: Vec<Flag>,
    /// Take these away.
    #[arg(long, value_delimiter = ',', value_parser = words::flag)]
    remove: Vec<Flag>,
    /// These alone; all others are taken away.
    #[arg(long, value_delimiter = ',', value_parser = words::flag, conflicts_with_all = ["add", "remove"])]
    set: Vec<Flag>,
    /// For scripts: one object a line with `uid` and `flags`.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.whose.connect(Input::Free).await?;
    let mailbox = client.select(&arguments.mailbox).await?;
    let uids = &arguments.uids;
    if !arguments.set.is_empty() {
        mailbox.set_flags(uids.clone(), &arguments.set).await?;
    }
    if !arguments.add.is_empty() {
        mailbox.add_flags(uids.clone(), &arguments.add).await?;
    }
    if !arguments.remove.is_empty() {
        mailbox.remove_flags(uids.clone(), &arguments.remove).await?;
    }
    let messages = mailbox.fetch(uids.clone(), Items::new().flags()).await?;
    end(&client).await;
    for message in &messages {
        let (Some(uid), Some(flags)) = (message.uid, &message.flags) else { continue };
        let names: Vec<String> = flags.iter().map(words::flag_name).collect();
        match arguments.json {
            true => say!("{}", serde_json::json!({"uid": uid.0.get(), "flags": names})),
            false => say!("{uid}: {}", output::printable(&names.join(" "))),
        }
    }
    tell_missing(uids, &messages)
}
