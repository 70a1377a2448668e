//! From an argument to a connection that is logged in.

use std::path::PathBuf;

use peregrine_client::{Client, Connector, Credentials, Error, Line, Log};

use crate::account::Account;
use crate::account::secret::{self, Input};
use crate::failure::Failure;
use crate::output;

/// Which server, and as whom.
#[derive(clap::Args)]
pub struct Whose {
    /// An account of accounts.toml, or imaps://USER@HOST[:PORT].
    #[arg(value_name = "ACCOUNT")]
    account: String,
    #[command(flatten)]
    means: Means,
}

/// How to get there, beyond what the account says.
#[derive(clap::Args)]
pub struct Means {
    /// A command that prints the password on its first line, run by /bin/sh.
    #[arg(long, value_name = "COMMAND")]
    password_command: Option<String>,
    /// The server's own certificate (PEM), where no authority vouches for it.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Show what is sent and received, on standard error; passwords are left out.
    #[arg(long)]
    protocol: bool,
}

/// All that is needed to connect, again and again.
pub struct Access {
    /// Whom.
    pub account: Account,
    /// How.
    pub connector: Connector,
    secret: String,
}

impl Means {
    /// Without a protocol.
    pub fn new(password_command: Option<String>, certificate: Option<PathBuf>) -> Self {
        Self { password_command, certificate, protocol: false }
    }
}

impl Whose {
    /// An account by its name or URL.
    pub fn new(account: String, means: Means) -> Self {
        Self { account, means }
    }

    /// The account, with what the arguments say.
    pub fn account(&self) -> Result<Account, Failure> {
        let mut account = Account::find(&self.account)?;
        if self.means.password_command.is_some() {
            account.password_command.clone_from(&self.means.password_command);
        }
        if self.means.certificate.is_some() {
            account.certificate.clone_from(&self.means.certificate);
        }
        Ok(account)
    }

    /// Gets the password; nothing is sent yet.
    pub async fn access(&self, input: Input) -> Result<Access, Failure> {
        let account = self.account()?;
        let mut connector = account.connector()?;
        if self.means.protocol {
            connector.settings.log = Some(Log::new(show));
        }
        let secret = secret::get(&account, input).await?;
        Ok(Access { account, connector, secret })
    }

    /// A connection that is logged in.
    pub async fn connect(&self, input: Input) -> Result<Client, Failure> {
        self.access(input).await?.connect().await
    }
}

impl Access {
    /// Where everything is known already.
    pub fn new(account: Account, connector: Connector, secret: String) -> Self {
        Self { account, connector, secret }
    }

    /// A connection that is logged in.
    pub async fn connect(&self) -> Result<Client, Failure> {
        let client = self.connector.connect().await?;
        let login = self.account.log_in(&client, &self.secret).await;
        login.map_err(|error| match error {
            Error::Lost { .. } => Failure::Mail(error),
            error => Failure::Login(error),
        })?;
        Ok(client)
    }

    /// What logs in.
    pub fn credentials(&self) -> Credentials {
        self.account.credentials(&self.secret)
    }

    /// The same for who has no other failures.
    pub async fn dial(&self) -> peregrine_client::Result<Client> {
        let client = self.connector.connect().await?;
        self.account.log_in(&client, &self.secret).await?;
        Ok(client)
    }
}

fn show(line: Line<'_>) {
    let (side, octets) = match line {
        Line::Sent(octets) => ("C", octets),
        Line::Received(octets) => ("S", octets),
    };
    let text = String::from_utf8_lossy(octets);
    text.lines().for_each(|line| eprintln!("{side}: {}", output::printable(line)));
}
