//! Accounts: whom to connect to as whom, by a name in the user's file or by a URL.
//!
//! - `file`: `accounts.toml`, read with all its mistakes; `edit`: changing it, comments kept.
//! - `url`: `imaps://ann@example.org`.
//! - `secret`: the password, from a command or a person.
//!
//! Nothing here prints. Passwords are in no file and on no command line.

pub mod edit;
pub mod file;
pub mod keyring;
pub mod secret;
mod url;

use std::path::{Path, PathBuf};

use peregrine_client::{Client, Connector, Credentials, Mechanism, Security, Settings, Trust};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::failure::Failure;

/// An account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who.
    pub user: String,
    /// How to log in.
    pub mechanism: Method,
    /// Prints the password, or the token, on its first line.
    pub password_command: Option<String>,
    /// The server's own certificate (PEM), where no authority vouches for it.
    pub certificate: Option<PathBuf>,
}

/// How to log in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Method {
    /// In the best way that the server knows.
    #[default]
    Auto,
    /// LOGIN.
    Login,
    /// AUTHENTICATE with this mechanism.
    Mechanism(Mechanism),
}

impl Method {
    /// The words of the file.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("auto", Self::Auto),
        ("login", Self::Login),
        ("plain", Self::Mechanism(Mechanism::Plain)),
        ("scram-sha-256", Self::Mechanism(Mechanism::ScramSha256)),
        ("scram-sha-256-plus", Self::Mechanism(Mechanism::ScramSha256Plus)),
        ("oauthbearer", Self::Mechanism(Mechanism::OAuthBearer)),
        ("xoauth2", Self::Mechanism(Mechanism::XOAuth2)),
    ];

    /// The word of the file.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, login)| *login == self).map_or("auto", |(word, _)| word)
    }

    /// Whether the secret is a token and no password.
    pub fn wants_token(self) -> bool {
        matches!(self, Self::Mechanism(Mechanism::OAuthBearer | Mechanism::XOAuth2))
    }
}

/// The words of the file for how a connection is protected.
pub const SECURITY: [(&str, Security); 3] =
    [("tls", Security::Tls), ("starttls", Security::StartTls), ("plain", Security::None)];

impl Account {
    /// The account that an argument means: a URL, or a name in the user's file.
    pub fn find(name: &str) -> Result<Self, Failure> {
        if name.contains("://") {
            return url::parse(name).map_err(Failure::Usage);
        }
        let path = file::path()?;
        let mut accounts = file::load(&path)?;
        let known: Vec<String> = accounts.keys().cloned().collect();
        accounts.remove(name).ok_or_else(|| unknown(name, &known, &path))
    }

    /// The port where the file names none.
    pub fn default_port(security: Security) -> u16 {
        if security == Security::Tls { 993 } else { 143 }
    }

    /// `imaps://ann@example.org:993`, for a person.
    pub fn shown(&self) -> String {
        let scheme = if self.security == Security::Tls { "imaps" } else { "imap" };
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{scheme}://{}@{host}:{}", self.user, self.port)
    }

    /// How to connect.
    pub fn connector(&self) -> Result<Connector, Failure> {
        let mut connector = Connector::new(self.host.clone(), self.port, self.security);
        connector.settings = Settings::default();
        if let Some(path) = &self.certificate {
            let read = CertificateDer::from_pem_file(path);
            let certificate = read
                .map_err(|error| Failure::file(path)(std::io::Error::other(error.to_string())))?;
            connector.trust = Trust::Certificate(certificate);
        }
        Ok(connector)
    }

    /// What is needed to log in, once the secret is known.
    pub fn credentials(&self, secret: &str) -> Credentials {
        if !self.mechanism.wants_token() {
            return Credentials::password_of(&self.user, secret);
        }
        let token = secret.to_owned();
        Credentials::token_of(&self.user, move || std::future::ready(Ok(token.clone())))
    }

    /// Logs in on a connection that was just made.
    pub async fn log_in(&self, client: &Client, secret: &str) -> peregrine_client::Result<()> {
        match self.mechanism {
            Method::Auto => client.authenticate(&self.credentials(secret)).await,
            Method::Login => client.login(&self.user, secret).await,
            Method::Mechanism(one) => client.authenticate_by(one, &self.credentials(secret)).await,
        }
    }
}

fn unknown(name: &str, known: &[String], path: &Path) -> Failure {
    let words: Vec<&str> = known.iter().map(String::as_str).collect();
    let help = match peregrine_server::config::did_you_mean(name, &words) {
        Some(help) => help,
        None if known.is_empty() => {
            format!("{} has none yet: peregrine account add {name}", path.display())
        }
        None => format!("there are: {}", known.join(", ")),
    };
    Failure::Usage(format!("no account is called `{name}`; {help}"))
}
