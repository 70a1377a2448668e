//! `peregrine verify`: what is damaged in a store.

use std::path::PathBuf;

use peregrine_server::admin::verify::{Damage, Looking, Loss, Verified, verify};

use crate::failure::Failure;
use crate::output::say;
use crate::progress::Teller;
use crate::{load, output};

const EXAMPLE: &str = "\
Examples:
  peregrine verify ~/mail
  peregrine verify ~/mail --user alice --json

Every row and every message is read and held against its checksum, its hash, and what else tells of
it. Nothing is changed, and the server may run meanwhile. What can be lost stands before each line:
  mail      octets, flags or dates of messages
  settings  a name, a password, a counter that clients see
  nothing   it can be made again from what is there
peregrine repair mends what can be mended.

Exit codes: 0 all is well, 1 something is damaged, 2 the store could not be looked at.";

/// Say what is damaged in a store; changes nothing.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The server's folder.
    dir: PathBuf,
    /// Only this user's mail.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Print JSON: counts, and a list of what is damaged.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let blind = |failure: &dyn std::fmt::Display| Failure::Blind(failure.to_string());
    let config = load(&arguments.dir).map_err(|failure| {
        failure.tell();
        blind(&failure)
    })?;
    let mut teller = Teller::new("looking");
    let mut tell = |looking: Looking<'_>| teller.look(&looking);
    let verified = verify(&config, arguments.user.as_deref(), &mut tell).await;
    let verified = verified.map_err(|error| blind(&error));
    let summary = teller.finish(verified.as_ref().map_or(0, |verified| verified.messages));
    let verified = verified?;
    if arguments.json {
        say!("{}", json(&verified));
    } else {
        show(&verified);
        eprintln!("{summary}");
    }
    if verified.damage.is_empty() { Ok(()) } else { Err(Failure::Damaged) }
}

fn show(verified: &Verified) {
    for damage in &verified.damage {
        say!("{:<9} {}", word(damage.loss), output::printable(&damage.to_string()));
    }
    let found = match verified.damage.len() {
        0 => "all is well".to_owned(),
        1 => "1 thing is damaged".to_owned(),
        many => format!("{} things are damaged", output::number(many as u64)),
    };
    say!(
        "{}, {}, {}, {} of bodies: {found}",
        output::count(verified.accounts, "account"),
        output::count(verified.mailboxes, "mailbox"),
        output::count(verified.messages, "message"),
        output::count(verified.octets, "octet")
    );
}

fn word(loss: Loss) -> &'static str {
    match loss {
        Loss::Mail => "mail",
        Loss::Settings => "settings",
        Loss::Nothing => "nothing",
    }
}

fn json(verified: &Verified) -> serde_json::Value {
    let one = |damage: &Damage| {
        serde_json::json!({
            "loss": word(damage.loss),
            "user": damage.user,
            "mailbox": damage.mailbox,
            "uid": damage.uid,
            "what": damage.what,
        })
    };
    serde_json::json!({
        "accounts": verified.accounts,
        "mailboxes": verified.mailboxes,
        "messages": verified.messages,
        "octets": verified.octets,
        "damage": verified.damage.iter().map(one).collect::<Vec<_>>(),
    })
}
