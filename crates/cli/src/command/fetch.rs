//! `peregrine fetch`: messages, parts or attachments into files.

mod save;

use std::path::PathBuf;

use peregrine_client::proto::{Section, UidSet};
use peregrine_client::{Items, Message, all};
use peregrine_server::admin::import::Progress;
use serde::Serialize;

use crate::account::secret::Input;
use crate::failure::Failure;
use crate::mail::connect::Whose;
use crate::mail::part::{self, Part};
use crate::mail::{file_name, words};
use crate::output::{self, say};
use crate::progress::Teller;
use save::{Saved, Saving};

/// Messages whose structure is asked for at once.
const BATCH: usize = 200;

/// Files that are fetched at the same time.
const AT_ONCE: usize = 16;

/// Fetch messages, their parts or their attachments into files.
///
/// A message becomes UID.eml, its octets as they are; a part UID-NUMBER-NAME, decoded. Files that
/// are there are left alone, so that it can be run again.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  peregrine fetch work INBOX --to backup
  peregrine fetch work INBOX 3,5:9 --attachments --to invoices
  peregrine fetch work INBOX 57 --part 1.2")]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// The mailbox.
    mailbox: String,
    /// The messages: 57, 3,5:9, 100:*; without it all.
    #[arg(value_parser = words::uids)]
    uids: Option<UidSet>,
    /// The folder for the files; it is made where there is none.
    #[arg(long, value_name = "DIR", default_value = ".")]
    to: PathBuf,
    /// Only this part of each message, such as 1.2.
    #[arg(long, value_name = "NUMBER", value_parser = words::part)]
    part: Option<Section>,
    /// Only what is attached, each to a file of its own.
    #[arg(long, conflicts_with = "part")]
    attachments: bool,
    /// Write over files that are there.
    #[arg(long)]
    force: bool,
    /// For scripts: one object a line with `uid`, `part`, `file`, `octets`, `state`: `written`,
    /// `present` or `failed`, and then `error`.
    #[arg(long)]
    json: bool,
}

/// A file to be.
#[derive(Clone, Debug, Serialize)]
struct Wanted {
    uid: u32,
    part: Option<String>,
    file: PathBuf,
    #[serde(skip)]
    decode: Option<Part>,
    /// About how many octets come.
    #[serde(skip)]
    octets: u64,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.whose.connect(Input::Free).await?;
    let mailbox = client.examine(&arguments.mailbox).await?;
    std::fs::create_dir_all(&arguments.to).map_err(Failure::file(&arguments.to))?;
    let items = match arguments.part.is_some() || arguments.attachments {
        true => Items::new().structure(),
        false => Items::new().size(),
    };
    let asked = arguments.uids.clone().unwrap_or_else(all);
    let mut wanted = Vec::new();
    let mut found = Vec::new();
    // Two steps, for structures take memory and there may be very many messages.
    let there = mailbox.fetch(asked.clone(), Items::new()).await?;
    let there: Vec<_> = there.into_iter().filter_map(|message| message.uid).collect();
    for batch in there.chunks(BATCH) {
        let batch = peregrine_client::uids(batch.iter().copied());
        for mut message in mailbox.fetch(batch, items.clone()).await? {
            files(&message, &arguments, &mut wanted);
            message.structure = None;
            found.push(message);
        }
    }
    let total = wanted.iter().map(|wanted| wanted.octets).sum();
    let mut saving = Saving::new(mailbox, arguments.force, wanted, AT_ONCE);
    let report = follow(&mut saving, &arguments, total).await;
    _ = client.logout().await;
    report?;
    super::mail::tell_missing(&asked, &found)
}

/// What is to be fetched of a message.
fn files(message: &Message, arguments: &Arguments, wanted: &mut Vec<Wanted>) {
    let Some(uid) = message.uid.map(|uid| uid.0.get()) else { return };
    let parts = message.structure.as_deref().map(part::parts).unwrap_or_default();
    let chosen = |part: &&Part| match &arguments.part {
        Some(section) => part.section() == *section,
        None => part.attachment || part.name.is_some(),
    };
    if arguments.part.is_none() && !arguments.attachments {
        let file = arguments.to.join(format!("{uid}.eml"));
        let octets = message.size.unwrap_or_default();
        wanted.push(Wanted { uid, part: None, file, decode: None, octets });
        return;
    }
    for part in parts.iter().filter(chosen) {
        let name = part.name.as_deref().and_then(file_name::safe);
        let name = name.unwrap_or_else(|| format!("part{}", ending(&part.kind)));
        let file = arguments.to.join(format!("{uid}-{}-{name}", part.part));
        let (number, decode) = (Some(part.part.clone()), Some(part.clone()));
        wanted.push(Wanted { uid, part: number, file, decode, octets: part.octets });
    }
}

fn ending(kind: &str) -> &'static str {
    match kind {
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/calendar" => ".ics",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "application/pdf" => ".pdf",
        "message/rfc822" => ".eml",
        _ => "",
    }
}

async fn follow(saving: &mut Saving, arguments: &Arguments, total: u64) -> Result<(), Failure> {
    let mut teller = Teller::new("fetching");
    let (mut written, mut present, mut failed, mut done, mut octets) = (0, 0, 0, 0, 0);
    while let Some((wanted, saved)) = saving.next().await {
        done += wanted.octets;
        match &saved {
            Saved::Written(length) => {
                written += 1;
                octets += length;
            }
            Saved::Present => present += 1,
            Saved::Failed(_) => failed += 1,
        }
        let messages = written + present + failed;
        let mailbox = &arguments.mailbox;
        teller.tell(Progress { mailbox, messages, done, total: total.max(done) });
        tell(&wanted, &saved, arguments.json, &teller);
        if let Saved::Failed(Failure::Mail(error)) = saved
            && error.is_lost()
        {
            return Err(Failure::Mail(error));
        }
    }
    let rate = teller.finish(written);
    if !arguments.json {
        let to = arguments.to.display().to_string();
        let kept = match present {
            0 => String::new(),
            present => format!("; {present} were there already"),
        };
        say!(
            "{}, {} in {}{kept}",
            output::count(written, "file"),
            output::size(octets),
            output::printable(&to)
        );
        eprintln!("{rate}");
    }
    if failed > 0 { Err(Failure::Incomplete) } else { Ok(()) }
}

fn tell(wanted: &Wanted, saved: &Saved, json: bool, teller: &Teller) {
    if json {
        let mut object = serde_json::json!(wanted);
        let (state, octets) = match saved {
            Saved::Written(octets) => ("written", Some(*octets)),
            Saved::Present => ("present", None),
            Saved::Failed(_) => ("failed", None),
        };
        object["state"] = serde_json::json!(state);
        object["octets"] = serde_json::json!(octets);
        if let Saved::Failed(failure) = saved {
            object["error"] = serde_json::json!(failure.to_string());
        }
        return say!("{object}");
    }
    if let Saved::Failed(failure) = saved {
        let text = output::printable(&failure.to_string());
        teller.above(&format!("peregrine: message {}: {text}", wanted.uid));
    }
}
