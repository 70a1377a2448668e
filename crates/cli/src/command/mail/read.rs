//! `peregrine mail read`: a message on the screen.

use std::io::{self, Write};

use peregrine_client::proto::{Flag, Section, SectionText, Uid};
use peregrine_client::{Items, Mailbox, Message};

use super::{end, examine};
use crate::account::secret::Input;
use crate::failure::Failure;
use crate::mail::connect::Whose;
use crate::mail::part::{self, Part};
use crate::mail::summary::Summary;
use crate::mail::{text, words};
use crate::output::{self, say};

/// Show a message: who, when, what about, its text, and what is attached.
///
/// It stays unread on the server unless --seen is given.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  peregrine mail read work INBOX 57
  peregrine mail read work INBOX 57 --part 2 > photo.jpg
  peregrine mail read work INBOX 57 --raw | less")]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// The mailbox.
    mailbox: String,
    /// The message.
    uid: std::num::NonZeroU32,
    /// Its octets as they are.
    #[arg(long, conflicts_with_all = ["header", "part", "json"])]
    raw: bool,
    /// Its header as it is.
    #[arg(long, conflicts_with_all = ["part", "json"])]
    header: bool,
    /// One part, decoded, such as 2 or 1.2.
    #[arg(long, value_name = "NUMBER", value_parser = words::part, conflicts_with = "json")]
    part: Option<Section>,
    /// Mark it as read.
    #[arg(long)]
    seen: bool,
    /// For scripts: one object, as in `mail list`, and with `text` and `parts`, each with `part`,
    /// `type`, `name`, `octets`, `encoding`, `charset`, `attachment`.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.whose.connect(Input::Free).await?;
    let mailbox = match arguments.seen {
        true => client.select(&arguments.mailbox).await?,
        false => examine(&client, &arguments.mailbox).await?,
    };
    let uid = Uid(arguments.uid);
    match (&arguments.part, arguments.raw || arguments.header) {
        (_, true) => {
            let text = if arguments.header { SectionText::Header } else { SectionText::Whole };
            let section = Section { text, ..Section::default() };
            put(&section_of(&mailbox, uid, section).await?)?;
        }
        (Some(section), false) => {
            let parts = parts(&fetched(&mailbox, uid, Items::new().structure()).await?);
            let part = parts.iter().find(|part| part.section() == *section);
            let part = part.ok_or_else(|| no_part(&parts))?;
            let octets = section_of(&mailbox, uid, section.clone()).await?;
            put(&text::decoded(part, &octets))?;
        }
        (None, false) => show(&mailbox, uid, arguments.json).await?,
    }
    if arguments.seen {
        mailbox.add_flags(uid, &[Flag::Seen]).await?;
    }
    end(&client).await;
    Ok(())
}

async fn show(mailbox: &Mailbox, uid: Uid, json: bool) -> Result<(), Failure> {
    let items = super::listed().structure();
    let message = fetched(mailbox, uid, items).await?;
    let parts = parts(&message);
    let readable = part::readable(&parts);
    let body = match readable {
        Some(part) => {
            let octets = section_of(mailbox, uid, part.section()).await?;
            Some(text::readable(part, &octets))
        }
        None => None,
    };
    if json {
        let mut object = serde_json::json!(Summary::new(&message));
        object["text"] = serde_json::json!(body);
        object["parts"] = serde_json::json!(parts);
        say!("{object}");
        return Ok(());
    }
    head(&message);
    say!("");
    match &body {
        Some(body) => say!("{}", output::printable_text(body.trim_end())),
        None => say!("(no text)"),
    }
    let others: Vec<&Part> = parts.iter().filter(|part| Some(*part) != readable).collect();
    if !others.is_empty() {
        say!("");
        let rows = others.iter().map(|part| {
            let name = part.name.clone().unwrap_or_default();
            vec![part.part.clone(), part.kind.clone(), name, output::size(part.octets)]
        });
        say!("{}", output::text_table(&["part", "type", "name", "size"], rows));
    }
    Ok(())
}

fn head(message: &Message) {
    let bold = output::colours(&io::stdout());
    let field = |name: &str, value: &str| {
        let value = output::printable(value).replace('\n', " ");
        match bold {
            _ if value.is_empty() => {}
            true => say!("\x1b[1m{name:>8}\x1b[0m  {value}"),
            false => say!("{name:>8}  {value}"),
        }
    };
    if let Some(envelope) = &message.envelope {
        for (name, people) in [("From", &envelope.from), ("To", &envelope.to), ("Cc", &envelope.cc)]
        {
            let people: Vec<String> = people.iter().filter_map(text::full_address).collect();
            field(name, &people.join(", "));
        }
        field("Date", &envelope.date.as_deref().map(text::words).unwrap_or_default());
        field("Subject", &envelope.subject.as_deref().map(text::words).unwrap_or_default());
    }
    let flags = message.flags.iter().flatten().map(words::flag_name);
    field("Flags", &flags.collect::<Vec<_>>().join(" "));
}

fn parts(message: &Message) -> Vec<Part> {
    message.structure.as_deref().map(part::parts).unwrap_or_default()
}

async fn fetched(mailbox: &Mailbox, uid: Uid, items: Items) -> Result<Message, Failure> {
    mailbox.fetch_one(uid, items).await?.ok_or(Failure::NoMessage(uid))
}

async fn section_of(mailbox: &Mailbox, uid: Uid, section: Section) -> Result<Vec<u8>, Failure> {
    let message = fetched(mailbox, uid, Items::new().section(section.clone())).await?;
    Ok(message.text(&section).map(|octets| octets.to_vec()).unwrap_or_default())
}

fn no_part(parts: &[Part]) -> Failure {
    let numbers: Vec<&str> = parts.iter().map(|part| part.part.as_str()).collect();
    Failure::Usage(format!("the message has no such part; there are: {}", numbers.join(", ")))
}

/// Octets as they are: what they do to a terminal is what was asked for.
fn put(octets: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(octets).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Io("cannot write to standard output", error))
        }
        _ => Ok(()),
    }
}
