//! `peregrine mail watch`: what happens in a mailbox, as it happens.

use std::sync::Arc;

use peregrine_client::proto::MailboxName;
use peregrine_client::proto::number::UidRanges;
use peregrine_client::{BackOff, Change, Error, Mailbox, Message, Resynchronized, Watch, uids};
use serde_json::{Value, json};

use crate::account::secret::Input;
use crate::failure::Failure;
use crate::mail::connect::Whose;
use crate::mail::summary::{Summary, cut};
use crate::mail::{date, text, words};
use crate::output::{self, say};

/// Messages that arrived at once and are shown one by one.
const SHOWN: usize = 100;

/// Show what happens in a mailbox as it happens, until Ctrl-C.
///
/// A lost connection is made again; what happened meanwhile is told then.
#[derive(clap::Args)]
#[command(after_help = "Example: peregrine mail watch work INBOX --json | while read line; do …")]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// The mailbox.
    #[arg(default_value = "INBOX")]
    mailbox: String,
    /// For scripts: one object a line. Each has `time` and `event`: `begun` with `messages`;
    /// `arrived` with what `mail list` has; `flags` with `uid`, `flags`; `expunged` with `uid`;
    /// `alert` with `text`; `lost` with `error`, `again_in` (seconds); `resynchronized` with
    /// `by`, `renewed`, `vanished`, `changed`, `arrived` (counts); `ended` with `error`.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let access = Arc::new(arguments.whose.access(Input::Free).await?);
    let name =
        MailboxName::new(&arguments.mailbox).map_err(|error| Failure::Mail(Error::Name(error)))?;
    let mut watch = Watch::new(name, BackOff::default(), move || {
        let access = Arc::clone(&access);
        async move { access.dial().await }
    });
    let mut shown = Shown { arguments: &arguments, mailbox: None };
    while let Some(change) = watch.next().await {
        if let Change::Ended(error) = change {
            shown.tell_json("ended", json!({"error": error.to_string()}));
            return Err(Failure::Mail(error));
        }
        shown.change(change).await;
    }
    Ok(())
}

struct Shown<'a> {
    arguments: &'a Arguments,
    /// To read what arrives.
    mailbox: Option<Mailbox>,
}

impl Shown<'_> {
    async fn change(&mut self, change: Change) {
        match change {
            Change::Begun { mailbox, messages } => {
                let count = messages.len();
                self.mailbox = Some(mailbox);
                if !self.tell_json("begun", json!({"messages": count})) {
                    let name = output::printable(&self.arguments.mailbox);
                    let messages = output::count(count as u64, "message");
                    eprintln!("watching {name}, {messages}; Ctrl-C ends it");
                }
            }
            Change::Arrived(messages) => self.arrived(messages).await,
            Change::Flags(message) => self.flags(&message),
            Change::Expunged(uid) => {
                let text = format!("{uid} is gone");
                self.tell("expunged", json!({"uid": uid.0.get()}), '-', 31, &text);
            }
            Change::Alert(text) => {
                let said = format!("the server says: {text}");
                self.tell("alert", json!({"text": &*text}), '!', 33, &said);
            }
            Change::Lost { error, again_in } => {
                let (error, seconds) = (error.to_string(), again_in.as_secs_f64());
                let text = format!("{error}; again in {seconds:.0} s");
                let object = json!({"error": error, "again_in": seconds});
                self.tell("lost", object, '!', 33, &text);
            }
            Change::Resynchronized(what) => self.resynchronized(what).await,
            _ => {}
        }
    }

    async fn arrived(&self, messages: Vec<Message>) {
        let more = messages.len().saturating_sub(SHOWN);
        let newest = &messages[more..];
        if more > 0 && !self.arguments.json {
            self.line('+', 32, &output::count(more as u64, "message"));
        }
        // Where they cannot be read any more, their UIDs are told all the same.
        let read = match &self.mailbox {
            Some(mailbox) => {
                let all = if self.arguments.json { &messages[..] } else { newest };
                let set = uids(all.iter().filter_map(|message| message.uid));
                mailbox.fetch(set, super::listed()).await.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let read = if read.is_empty() { newest } else { &read[..] };
        for message in read {
            if self.tell_json("arrived", json!(Summary::new(message))) {
                continue;
            }
            let envelope = message.envelope.as_deref();
            let from = envelope.and_then(|one| one.from.iter().find_map(text::short_address));
            let subject = envelope.and_then(|one| one.subject.as_deref()).map(text::words);
            let uid = message.uid.map(|uid| uid.to_string()).unwrap_or_default();
            let (from, subject) = (from.unwrap_or_default(), subject.unwrap_or_default());
            self.line('+', 32, &format!("{uid} {}: {}", cut(&from, 30), cut(&subject, 80)));
        }
    }

    fn flags(&self, message: &Message) {
        let uid = message.uid.map(|uid| uid.0.get());
        let names: Vec<String> = message.flags.iter().flatten().map(words::flag_name).collect();
        if !self.tell_json("flags", json!({"uid": uid, "flags": names})) {
            let names = if names.is_empty() { "no flags".to_owned() } else { names.join(" ") };
            self.line('*', 36, &format!("{} {names}", uid.unwrap_or_default()));
        }
    }

    async fn resynchronized(&mut self, what: Resynchronized) {
        let Resynchronized { mailbox, by, renewed, vanished, changed, arrived, .. } = what;
        self.mailbox = Some(mailbox);
        let told = self.tell_json(
            "resynchronized",
            json!({
                "by": format!("{by:?}").to_lowercase(),
                "renewed": renewed,
                "vanished": vanished.count(),
                "changed": changed.len(),
                "arrived": arrived.len(),
            }),
        );
        if !told {
            let renewed = if renewed { "; all UIDs are new" } else { "" };
            self.line('=', 33, &format!("connected again{renewed}"));
        }
        self.vanished(&vanished);
        changed.iter().for_each(|message| self.flags(message));
        if !arrived.is_empty() {
            self.arrived(arrived).await;
        }
    }

    fn vanished(&self, vanished: &UidRanges) {
        if self.arguments.json {
            for uid in vanished.iter() {
                self.tell_json("expunged", json!({"uid": uid.0.get()}));
            }
        } else if !vanished.is_empty() {
            let mut text = Vec::new();
            vanished.write(&mut text);
            self.line('-', 31, &format!("{} is gone", cut(&String::from_utf8_lossy(&text), 80)));
        }
    }

    fn tell(&self, event: &str, object: Value, mark: char, colour: u8, text: &str) {
        if !self.tell_json(event, object) {
            self.line(mark, colour, text);
        }
    }

    /// False where no JSON is wanted.
    fn tell_json(&self, event: &str, mut object: Value) -> bool {
        if self.arguments.json {
            object["event"] = json!(event);
            object["time"] = json!(date::rfc3339(date::now()));
            say!("{object}");
        }
        self.arguments.json
    }

    fn line(&self, mark: char, colour: u8, text: &str) {
        let time = date::rfc3339(date::now());
        let time = &time[11..19];
        let text = output::printable(text);
        match output::colours(&std::io::stdout()) {
            true => say!("{time} \x1b[1;{colour}m{mark}\x1b[0m {text}"),
            false => say!("{time} {mark} {text}"),
        }
    }
}
