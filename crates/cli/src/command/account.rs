//! `peregrine account`: the servers that a person has mail on, by name.

use std::path::PathBuf;
use std::time::Instant;

use peregrine_client::Security;

use crate::account::secret::Input;
use crate::account::{Account, Method, SECURITY, edit, file, keyring};
use crate::failure::Failure;
use crate::mail::connect::{Means, Whose};
use crate::output::{self, say};
use crate::password;

const EXAMPLE: &str = "\
Example:
  peregrine account add work --host imap.example.org --user ann@example.org \\
      --password-command 'pass show work'
  peregrine account check work
  peregrine mail list work

The file is ~/.config/peregrine/accounts.toml, or what PEREGRINE_CONFIG names:
  [work]
  host = \"imap.example.org\"
  user = \"ann@example.org\"
  security = \"tls\"                     # starttls, plain
  port = 993                           # 143 without tls
  mechanism = \"auto\"                   # login, plain, scram-sha-256, oauthbearer, xoauth2
  password_command = \"pass show work\"  # else it is asked for
  certificate = \"server.pem\"           # of a server that no authority vouches for

With --keyring the password is asked for once and kept by the desktop's keyring (through
secret-tool). On macOS:
  --password-command 'security find-internet-password -w -s imap.example.org'";

/// Name the mail accounts that the commands mail, fetch and shell use.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(clap::Subcommand)]
enum Deed {
    /// Add an account. Nothing is connected; `check` does that.
    #[command(after_help = "Example: peregrine account add home --host 127.0.0.1 --user alice")]
    Add(Box<Add>),
    /// List accounts.
    #[command(after_help = "Example: peregrine account list")]
    List {
        /// For scripts: one object a line with `name`, `host`, `port`, `security`, `user`,
        /// `mechanism`, `password_command`, `certificate`.
        #[arg(long)]
        json: bool,
    },
    /// Check the file, or log in to an account and say what its server can do.
    #[command(after_help = "Example: peregrine account check work")]
    Check(Box<Check>),
    /// Remove an account from the file; the mail stays on its server.
    #[command(after_help = "Example: peregrine account remove work")]
    Remove {
        /// The account.
        name: String,
    },
}

#[derive(clap::Args)]
struct Add {
    /// What to call it.
    name: String,
    /// The server.
    #[arg(long)]
    host: String,
    /// The user there.
    #[arg(long)]
    user: String,
    /// The port, where it is not 993 with TLS or 143 without.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// How the connection is protected: tls, starttls or plain.
    #[arg(long, default_value = "tls", value_parser = security)]
    security: Security,
    /// How to log in: auto, login, plain, scram-sha-256, scram-sha-256-plus, oauthbearer, xoauth2.
    #[arg(long, default_value = "auto", value_parser = mechanism)]
    mechanism: Method,
    /// A command that prints the password, or the token, on its first line.
    #[arg(long, value_name = "COMMAND")]
    password_command: Option<String>,
    /// Ask for the password now and keep it in the desktop's keyring (through secret-tool).
    #[arg(long, conflicts_with = "password_command")]
    keyring: bool,
    /// The server's own certificate (PEM), where no authority vouches for it.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Check {
    /// An account of accounts.toml, or imaps://USER@HOST[:PORT]; without it the file is checked.
    account: Option<String>,
    #[command(flatten)]
    means: Means,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.deed {
        Deed::Add(add) => self::add(*add),
        Deed::List { json } => list(json),
        Deed::Check(check) => match check.account {
            Some(account) => log_in(&Whose::new(account, check.means)).await,
            None => check_file(),
        },
        Deed::Remove { name } => remove(&name),
    }
}

fn add(add: Add) -> Result<(), Failure> {
    file::check_name(&add.name).map_err(|reason| Failure::Usage(reason.to_owned()))?;
    for text in [Some(&add.host), Some(&add.user), add.password_command.as_ref()] {
        if text.is_some_and(|text| text.is_empty() || text.contains(char::is_control)) {
            return Err(Failure::Usage("an argument is empty or holds control characters".into()));
        }
    }
    let path = file::path()?;
    if file::load(&path)?.contains_key(&add.name) {
        let message = format!("there is an account `{}` already: remove it first", add.name);
        return Err(Failure::Usage(message));
    }
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let mut account = Account {
        host: add.host,
        port: add.port.unwrap_or(Account::default_port(add.security)),
        security: add.security,
        user: add.user,
        mechanism: add.mechanism,
        password_command: add.password_command,
        certificate: add.certificate.map(absolute),
    };
    // Whatever cannot be used is refused now rather than at the first login.
    account.connector()?;
    if add.keyring {
        let password = password::ask_new(&account.user)?;
        account.password_command = Some(keyring::keep(&add.name, &password)?);
    }
    edit::add(&path, &add.name, &account)?;
    say!("added {} to {}: {}", add.name, path.display(), account.shown());
    Ok(())
}

fn list(json: bool) -> Result<(), Failure> {
    let path = file::path()?;
    let accounts = file::load(&path)?;
    if json {
        for (name, account) in &accounts {
            say!("{}", object(name, account));
        }
        return Ok(());
    }
    if accounts.is_empty() {
        eprintln!("no accounts in {} yet; peregrine account add makes one", path.display());
        return Ok(());
    }
    let rows = accounts.iter().map(|(name, account)| {
        let password = account.password_command.as_deref().unwrap_or("(asked for)");
        vec![
            name.clone(),
            account.shown(),
            security_word(account.security).to_owned(),
            account.mechanism.word().to_owned(),
            password.to_owned(),
        ]
    });
    say!("{}", output::text_table(&["account", "server", "security", "login", "password"], rows));
    Ok(())
}

fn object(name: &str, account: &Account) -> serde_json::Value {
    serde_json::json!({
        "name": name,
        "host": account.host,
        "port": account.port,
        "security": security_word(account.security),
        "user": account.user,
        "mechanism": account.mechanism.word(),
        "password_command": account.password_command,
        "certificate": account.certificate,
    })
}

fn check_file() -> Result<(), Failure> {
    let path = file::path()?;
    let accounts = file::load(&path)?;
    say!("{} is right: {}", path.display(), output::count(accounts.len() as u64, "account"));
    Ok(())
}

async fn log_in(whose: &Whose) -> Result<(), Failure> {
    let access = whose.access(Input::Free).await?;
    let start = Instant::now();
    let client = access.connect().await?;
    let took = start.elapsed().as_millis();
    let tls = if client.is_private() { "under TLS" } else { "WITHOUT TLS" };
    say!("{}: logged in after {took} ms, {tls}", output::printable(&access.account.shown()));
    let capabilities = client.capabilities();
    let mut names: Vec<&str> = capabilities.iter().collect();
    names.sort_unstable();
    say!("capabilities: {}", output::printable(&names.join(" ")));
    // All is known by now: a server that is not polite does no harm.
    _ = client.logout().await;
    Ok(())
}

fn remove(name: &str) -> Result<(), Failure> {
    let path = file::path()?;
    let account = file::load(&path)?.remove(name);
    if !edit::remove(&path, name)? {
        // Says what was probably meant.
        Account::find(name)?;
        return Err(Failure::Usage(format!("no account is called `{name}`")));
    }
    keyring::forget(name, account.and_then(|account| account.password_command).as_deref())?;
    say!("removed {} from {}", output::printable(name), path.display());
    Ok(())
}

fn security_word(security: Security) -> &'static str {
    SECURITY.iter().find(|(_, one)| *one == security).map_or("tls", |(word, _)| word)
}

fn security(word: &str) -> Result<Security, String> {
    among(&SECURITY, word)
}

fn mechanism(word: &str) -> Result<Method, String> {
    among(&Method::WORDS, word)
}

fn among<T: Copy>(words: &[(&str, T)], word: &str) -> Result<T, String> {
    let found = words.iter().find(|(name, _)| *name == word).map(|(_, found)| *found);
    let names = || words.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| format!("one of {}", names()))
}
