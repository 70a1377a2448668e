//! `peregrine mail list`: mailboxes with their counts, or a mailbox's messages.

use peregrine_client::Client;
use peregrine_client::proto::command::status::StatusItem;
use peregrine_client::proto::response::ListData;
use peregrine_client::proto::response::list::ListAttribute;
use serde::Serialize;

use super::{end, examine, listed, numbers, show};
use crate::account::secret::Input;
use crate::failure::Failure;
use crate::mail::connect::Whose;
use crate::output::{self, say};

/// Messages that are asked for at once.
const BATCH: u32 = 500;

/// List mailboxes with their counts, or the newest messages of a mailbox.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  peregrine mail list work\n  peregrine mail list work INBOX --limit 50"
)]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// The mailbox; without it mailboxes are listed.
    mailbox: Option<String>,
    /// How many messages, the newest.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// All messages.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// For scripts: one object a line. Mailboxes have `name`, `separator`, `attributes`,
    /// `messages`, `unseen`, `size`; messages have `uid`, `flags`, `received`, `size`, `from`,
    /// `to`, `cc`, `subject`, `date`, `message_id`.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.whose.connect(Input::Free).await?;
    match &arguments.mailbox {
        Some(mailbox) => messages(&client, mailbox, &arguments).await?,
        None => mailboxes(&client, arguments.json).await?,
    }
    end(&client).await;
    Ok(())
}

async fn messages(client: &Client, mailbox: &str, arguments: &Arguments) -> Result<(), Failure> {
    let mailbox = examine(client, mailbox).await?;
    let exists = mailbox.status().exists;
    let wanted = if arguments.all { exists } else { arguments.limit.min(exists) };
    let mut batches = (exists - wanted..exists).step_by(BATCH as usize).filter_map(|before| {
        let last = exists.min(before.saturating_add(BATCH));
        Some(mailbox.fetch(numbers(before + 1, last)?, listed()))
    });
    let mut all = Vec::new();
    let mut next = batches.next();
    while let Some(batch) = next {
        // The next is asked for before this one has come.
        next = batches.next();
        let messages = batch.await?;
        match arguments.json {
            true => show(&messages, true),
            false => all.extend(messages),
        }
    }
    if !arguments.json {
        show(&all, false);
        let (shown, exists) = (output::number(wanted.into()), output::number(exists.into()));
        if shown != exists {
            eprintln!("the newest {shown} of {exists} messages; --all shows all");
        }
    }
    Ok(())
}

/// A mailbox in one object. What the server does not tell is `null`.
#[derive(Serialize)]
struct Listed {
    name: String,
    separator: Option<char>,
    attributes: Vec<String>,
    messages: Option<u64>,
    unseen: Option<u64>,
    size: Option<u64>,
}

async fn mailboxes(client: &Client, json: bool) -> Result<(), Failure> {
    let mut found = client.list("*").await?;
    found.sort_by_cached_key(order);
    let mut items = vec![StatusItem::Messages, StatusItem::Unseen];
    if client.capabilities().has("STATUS=SIZE") {
        items.push(StatusItem::Size);
    }
    // All are asked at once.
    let calls: Vec<_> = found
        .into_iter()
        .map(|one| {
            let there = selectable(&one).then(|| client.status(&one.mailbox, &items));
            (one, there)
        })
        .collect();
    let mut rows = Vec::new();
    for (one, call) in calls {
        let counts = match call {
            Some(call) => match call.await {
                Ok(counts) => counts.items,
                Err(error) if error.is_lost() => return Err(error.into()),
                Err(_) => Default::default(),
            },
            None => Default::default(),
        };
        let count = |wanted| counts.iter().find(|(item, _)| *item == wanted).map(|(_, n)| *n);
        rows.push(Listed {
            name: one.mailbox.as_str().to_owned(),
            separator: one.separator,
            attributes: one.attributes.iter().map(|one| one.name().to_owned()).collect(),
            messages: count(StatusItem::Messages),
            unseen: count(StatusItem::Unseen),
            size: count(StatusItem::Size),
        });
    }
    if json {
        rows.iter().for_each(|row| say!("{}", serde_json::json!(row)));
    } else {
        table(&rows);
    }
    Ok(())
}

fn table(rows: &[Listed]) {
    let sized = rows.iter().any(|row| row.size.is_some());
    let mut header = vec!["mailbox", "messages", "unseen"];
    if sized {
        header.push("size");
    }
    header.push("use");
    let count = |count: Option<u64>| count.map(output::number).unwrap_or_default();
    let uses = ["All", "Archive", "Drafts", "Flagged", "Junk", "Sent", "Trash"];
    let rows = rows.iter().map(|row| {
        let mut cells = vec![row.name.clone(), count(row.messages), count(row.unseen)];
        if sized {
            cells.push(row.size.map(output::size).unwrap_or_default());
        }
        let known = |name: &&String| uses.contains(&name.as_str());
        let used: Vec<&str> = row.attributes.iter().filter(known).map(String::as_str).collect();
        cells.push(used.join(", "));
        cells
    });
    let mut table = output::table(&header, rows);
    if let Some(uses) = table.column_iter_mut().last() {
        uses.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    say!("{table}");
}

/// INBOX first, the others by name.
fn order(data: &ListData) -> (bool, String) {
    (!data.mailbox.is_inbox(), data.mailbox.as_str().to_lowercase())
}

fn selectable(data: &ListData) -> bool {
    let unselectable = [ListAttribute::NoSelect, ListAttribute::NonExistent];
    !data.attributes.iter().any(|one| unselectable.contains(one))
}
