//! `peregrine user`: adding, listing and removing users, also while a server runs.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use peregrine_server::admin::user;

use crate::failure::Failure;
use crate::output::say;
use crate::{load, output, password};

const EXAMPLE: &str = "\
Example:
  peregrine user add ~/mail bob
  peregrine user list ~/mail
  peregrine user passwd ~/mail bob < password.txt";

/// Add, list and remove users; a running server need not stop.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(clap::Subcommand)]
enum Deed {
    /// Add a user with INBOX, Drafts, Sent, Junk, Trash and Archive.
    ///
    /// The password is asked for, or read from standard input where that is no terminal.
    #[command(after_help = "Example: peregrine user add ~/mail bob")]
    Add(Named),
    /// List users with their messages and octets.
    #[command(after_help = "Example: peregrine user list ~/mail --json")]
    List {
        /// The server's folder.
        dir: PathBuf,
        /// For scripts: an array of objects with `name`, `messages` and `octets`.
        #[arg(long)]
        json: bool,
    },
    /// Set a user's password; sessions go on, the next login needs the new one.
    #[command(after_help = "Example: peregrine user passwd ~/mail bob")]
    Passwd(Named),
    /// Remove a user with all mail, for good.
    #[command(after_help = "Example: peregrine user remove ~/mail bob --yes")]
    Remove {
        #[command(flatten)]
        named: Named,
        /// Do not ask; needed where there is no terminal to ask on.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(clap::Args)]
struct Named {
    /// The server's folder.
    dir: PathBuf,
    /// The user.
    #[arg(value_name = "NAME")]
    name: String,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.deed {
        Deed::Add(Named { dir, name }) => {
            let config = load(&dir)?;
            let password = password::ask_new(&name)?;
            let store = user::open_store(&config).await?;
            let added = user::add(&store, &name, &password).await;
            store.close().await;
            added?;
            say!("added {}", output::printable(&name));
        }
        Deed::List { dir, json } => list(dir, json).await?,
        Deed::Passwd(Named { dir, name }) => {
            let config = load(&dir)?;
            let password = password::ask_new(&name)?;
            let store = user::open_store(&config).await?;
            let set = user::set_password(&store, &name, &password).await;
            store.close().await;
            set?;
            say!("{} has a new password", output::printable(&name));
        }
        Deed::Remove { named: Named { dir, name }, yes } => {
            let config = load(&dir)?;
            if !yes {
                confirm(&name)?;
            }
            let store = user::open_store(&config).await?;
            let removed = user::remove(&store, &name).await;
            store.close().await;
            removed?;
            say!("removed {}", output::printable(&name));
        }
    }
    Ok(())
}

async fn list(dir: PathBuf, json: bool) -> Result<(), Failure> {
    let config = load(&dir)?;
    let store = user::open_store(&config).await?;
    let users = user::list(&store).await;
    store.close().await;
    let users = users?;
    if json {
        let users: Vec<_> = users
            .iter()
            .map(|user| {
                serde_json::json!({
                    "name": user.name, "messages": user.messages, "octets": user.octets
                })
            })
            .collect();
        say!("{}", serde_json::Value::Array(users));
        return Ok(());
    }
    let rows = users
        .into_iter()
        .map(|user| vec![user.name, output::number(user.messages), output::size(user.octets)]);
    say!("{}", output::table(&["user", "messages", "size"], rows));
    Ok(())
}

/// The mail is gone afterwards, so the name is typed once more.
fn confirm(name: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage("add --yes to remove without being asked".into()));
    }
    let failed = |error| Failure::Io("cannot ask", error);
    print!("All mail of {name} will be gone for good. Type the name to go on: ");
    io::stdout().flush().map_err(failed)?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(failed)?;
    if line.trim_end_matches(['\r', '\n']) == name {
        Ok(())
    } else {
        Err(Failure::Usage("that is another name; nothing was removed".into()))
    }
}
