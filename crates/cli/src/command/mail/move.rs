//! `peregrine mail move`: moving or copying messages.

use peregrine_client::proto::UidSet;
use peregrine_client::{Copied, Error, Items, Mailbox};

use super::{end, tell_missing};
use crate::account::secret::Input;
use crate::failure::Failure;
use crate::mail::connect::Whose;
use crate::mail::words;
use crate::output::{self, say};

/// Move messages to another mailbox, or copy them.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  peregrine mail move work INBOX 57 Archive
  peregrine mail move work INBOX 3,5:9 Projects/New --create
  peregrine mail move work Archive 57 INBOX --copy")]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// Where they are.
    mailbox: String,
    /// The messages: 57, 3,5:9, 100:*.
    #[arg(value_parser = words::uids)]
    uids: UidSet,
    /// Where they are to go.
    target: String,
    /// Leave them where they are, too.
    #[arg(long)]
    copy: bool,
    /// Make the mailbox that they go to where there is none.
    #[arg(long)]
    create: bool,
    /// For scripts: one object with `target`, `uid_validity`, `from` and `to`: sets of UIDs that
    /// pair by position; `null` where the server does not tell.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.whose.connect(Input::Free).await?;
    let mailbox = client.select(&arguments.mailbox).await?;
    let there = mailbox.fetch(arguments.uids.clone(), Items::new()).await?;
    if arguments.create && client.list(&arguments.target).await?.is_empty() {
        client.create(&arguments.target).await?;
    }
    let uids = arguments.uids.clone();
    let copied = match (there.is_empty(), arguments.copy) {
        (true, _) => None,
        (false, true) => mailbox.copy(uids, &arguments.target).await?,
        (false, false) => moved(&mailbox, uids, &arguments.target).await?,
    };
    end(&client).await;
    tell(&arguments, copied.as_ref(), there.len());
    tell_missing(&arguments.uids, &there)
}

/// By MOVE, or by what stands for it; where the server has neither, the old ones stay, marked.
async fn moved(mailbox: &Mailbox, uids: UidSet, to: &str) -> Result<Option<Copied>, Failure> {
    let result = mailbox.move_messages(uids.clone(), to).await;
    if !matches!(result, Err(Error::Unsupported(_))) {
        return Ok(result?);
    }
    let copied = mailbox.move_messages(uids, to).or_mark().await?;
    eprintln!("note: this server can only mark them as deleted in the mailbox they left");
    Ok(copied)
}

fn tell(arguments: &Arguments, copied: Option<&Copied>, count: usize) {
    let set = |set: &UidSet| {
        let mut text = Vec::new();
        set.write(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    if arguments.json {
        let object = serde_json::json!({
            "target": arguments.target,
            "uid_validity": copied.map(|copied| copied.uid_validity.0.get()),
            "from": copied.map(|copied| set(&copied.source)),
            "to": copied.map(|copied| set(&copied.target)),
        });
        return say!("{object}");
    }
    let deed = if arguments.copy { "copied" } else { "moved" };
    let target = output::printable(&arguments.target);
    let new = copied.map(|copied| format!(", now UID {}", set(&copied.target)));
    let messages = output::count(count as u64, "message");
    say!("{deed} {messages} to {target}{}", new.unwrap_or_default());
}
