//! `peregrine mail`: mail on any IMAP server, one file for each deed.

mod append;
mod flag;
mod list;
mod r#move;
mod read;
mod search;
mod watch;

use peregrine_client::proto::SequenceNumber;
use peregrine_client::proto::number::UidRanges;
use peregrine_client::{Client, Items, Mailbox, Message, uids};

use crate::failure::Failure;
use crate::mail::summary::{self, Summary};
use crate::output::{self, say};

const EXAMPLE: &str = "\
Examples:
  peregrine mail list work
  peregrine mail list work INBOX
  peregrine mail read work INBOX 57
  peregrine mail search work INBOX --unseen --from ann
  peregrine mail flag work INBOX 57 --add flagged
  peregrine mail move work INBOX 57 Archive
  peregrine mail append work Drafts letter.eml --flag draft
  peregrine mail watch work

ACCOUNT is a name (peregrine account) or a URL such as imaps://ann@example.org. Messages are named
by their UIDs: 57, 3,5:9, 100:*. With --json each line is an object that programs can rely on.";

/// List, read, find, flag, move, add and watch mail on any IMAP server.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(clap::Subcommand)]
enum Deed {
    List(list::Arguments),
    Read(read::Arguments),
    Search(Box<search::Arguments>),
    Flag(flag::Arguments),
    Move(r#move::Arguments),
    Append(append::Arguments),
    Watch(watch::Arguments),
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.deed {
        Deed::List(arguments) => list::run(arguments).await,
        Deed::Read(arguments) => read::run(arguments).await,
        Deed::Search(arguments) => search::run(*arguments).await,
        Deed::Flag(arguments) => flag::run(arguments).await,
        Deed::Move(arguments) => r#move::run(arguments).await,
        Deed::Append(arguments) => append::run(arguments).await,
        Deed::Watch(arguments) => watch::run(arguments).await,
    }
}

/// What a list shows of a message.
fn listed() -> Items {
    Items::new().flags().internal_date().size().envelope()
}

/// Shows messages in a table, or an object a line.
fn show(messages: &[Message], json: bool) {
    if json {
        messages.iter().for_each(|message| say!("{}", serde_json::json!(Summary::new(message))));
        return;
    }
    let rows = messages.iter().map(summary::row);
    say!("{}", output::message_table(&summary::HEADER, rows));
}

/// Selects without being able to change anything, nor taking \Recent away.
async fn examine(client: &Client, mailbox: &str) -> Result<Mailbox, Failure> {
    Ok(client.examine(mailbox).await?)
}

/// Logs out. By then all is done, so that a server that is not polite about it does no harm.
async fn end(client: &Client) {
    _ = client.logout().await;
}

/// Those of the messages that were asked for and are not there.
pub fn tell_missing(
    asked: &peregrine_client::proto::UidSet,
    found: &[Message],
) -> Result<(), Failure> {
    if asked.names_largest() {
        return Ok(());
    }
    /// More are not looked for one by one.
    const MOST: u64 = 100_000;
    let there = uids(found.iter().filter_map(|message| message.uid)).resolve(None);
    let asked = asked.resolve(None);
    if asked.count() > MOST {
        return Ok(());
    }
    let gone: UidRanges = asked.iter().filter(|uid| !there.contains(*uid)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let mut text = Vec::new();
    gone.write(&mut text);
    eprintln!("peregrine: not in the mailbox: {}", String::from_utf8_lossy(&text));
    Err(Failure::Incomplete)
}

/// A range of sequence numbers.
fn numbers(first: u32, last: u32) -> Option<peregrine_client::proto::SequenceSet> {
    use peregrine_client::proto::number::{Number, Ranges};
    let (first, last) = (SequenceNumber::new(first)?, SequenceNumber::new(last)?);
    Some((&Ranges::from_unordered(vec![(first, last)])).into())
}
