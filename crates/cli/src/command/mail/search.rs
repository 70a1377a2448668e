//! `peregrine mail search`: finding messages, on the server.

use peregrine_client::proto::command::search::SearchFlag;
use peregrine_client::proto::{Date, Keyword, Uid, UidSet};
use peregrine_client::{Query, uids};

use super::{end, examine, listed, show};
use crate::account::secret::Input;
use crate::failure::Failure;
use crate::mail::connect::Whose;
use crate::mail::words;
use crate::output::{self, say};

/// Messages that are asked for at once.
const BATCH: usize = 500;

/// Find messages; all that is said must hold.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  peregrine mail search work INBOX --unseen --from ann
  peregrine mail search work INBOX --since 2026-11-01 --larger 1M --json
  peregrine fetch work INBOX $(peregrine mail search work INBOX --subject invoice --uids)")]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// The mailbox.
    mailbox: String,
    /// With this in From:.
    #[arg(long, value_name = "TEXT")]
    from: Vec<String>,
    /// With this in To:.
    #[arg(long, value_name = "TEXT")]
    to: Vec<String>,
    /// With this in Subject:.
    #[arg(long, value_name = "TEXT")]
    subject: Vec<String>,
    /// With this in the body.
    #[arg(long, value_name = "TEXT")]
    body: Vec<String>,
    /// With this in header or body.
    #[arg(long, value_name = "TEXT")]
    text: Vec<String>,
    /// Came on this day or later.
    #[arg(long, value_name = "DAY", value_parser = words::day)]
    since: Option<Date>,
    /// Came before this day.
    #[arg(long, value_name = "DAY", value_parser = words::day)]
    before: Option<Date>,
    /// Larger than this, such as 1M.
    #[arg(long, value_name = "SIZE", value_parser = words::octets)]
    larger: Option<u64>,
    /// Smaller than this.
    #[arg(long, value_name = "SIZE", value_parser = words::octets)]
    smaller: Option<u64>,
    /// Not read yet.
    #[arg(long)]
    unseen: bool,
    /// Read.
    #[arg(long, conflicts_with = "unseen")]
    seen: bool,
    /// Flagged.
    #[arg(long)]
    flagged: bool,
    /// Not answered yet.
    #[arg(long)]
    unanswered: bool,
    /// With this keyword.
    #[arg(long, value_name = "WORD", value_parser = keyword)]
    keyword: Vec<Keyword>,
    /// Among these messages.
    #[arg(long = "among", value_name = "UIDS", value_parser = words::uids)]
    among: Option<UidSet>,
    /// Show so many, the newest.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print their UIDs alone, as one set that other commands take.
    #[arg(long, conflicts_with_all = ["json", "limit"])]
    uids: bool,
    /// For scripts: one object a line, as in `mail list`.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.whose.connect(Input::Free).await?;
    let mailbox = examine(&client, &arguments.mailbox).await?;
    let mut found: Vec<Uid> = mailbox.search(query(&arguments)).await?;
    found.sort_unstable();
    found.dedup();
    if arguments.uids {
        if !found.is_empty() {
            let mut text = Vec::new();
            uids(found).write(&mut text);
            say!("{}", String::from_utf8_lossy(&text));
        }
        end(&client).await;
        return Ok(());
    }
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let newest = &found[found.len().saturating_sub(limit)..];
    let mut messages = Vec::new();
    for batch in newest.chunks(BATCH) {
        messages.extend(mailbox.fetch(uids(batch.iter().copied()), listed()).await?);
    }
    if arguments.json || !messages.is_empty() {
        show(&messages, arguments.json);
    }
    if newest.len() < found.len() {
        let (shown, all) =
            (output::number(newest.len() as u64), output::number(found.len() as u64));
        eprintln!("the newest {shown} of {all} found; --limit shows more");
    } else if !arguments.json {
        eprintln!("{} found", output::number(found.len() as u64));
    }
    end(&client).await;
    Ok(())
}

fn query(arguments: &Arguments) -> Query {
    let mut query = Query::all();
    // Cheap keys first: not every server orders them by itself.
    if let Some(uids) = &arguments.among {
        query = query.uids(uids.clone());
    }
    if arguments.unseen {
        query = query.unseen();
    }
    for (asked, flag) in
        [(arguments.seen, SearchFlag::Seen), (arguments.flagged, SearchFlag::Flagged)]
    {
        query = if asked { query.flag(flag) } else { query };
    }
    if arguments.unanswered {
        query = query.without_flag(SearchFlag::Answered);
    }
    query = arguments.keyword.iter().fold(query, |query, word| query.keyword(word.clone()));
    query = arguments.since.into_iter().fold(query, Query::since);
    query = arguments.before.into_iter().fold(query, Query::before);
    query = arguments.larger.into_iter().fold(query, Query::larger);
    query = arguments.smaller.into_iter().fold(query, Query::smaller);
    query = arguments.from.iter().fold(query, |query, text| query.from(text));
    query = arguments.to.iter().fold(query, |query, text| query.to(text));
    query = arguments.subject.iter().fold(query, |query, text| query.subject(text));
    query = arguments.body.iter().fold(query, |query, text| query.body(text));
    arguments.text.iter().fold(query, |query, text| query.text(text))
}

fn keyword(text: &str) -> Result<Keyword, String> {
    Keyword::new(text).ok_or_else(|| "a keyword is a word such as $Forwarded".to_owned())
}
