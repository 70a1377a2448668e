//! The operator's file `peregrine.toml`: typed, with every mistake in it told at once.
//!
//! [`load`] reads `DIR/peregrine.toml`; paths in it are taken relative to `DIR`. Unknown keys
//! are refused, so that a misspelt limit is never silently the default.

mod document;
mod error;
mod limits;
mod quantity;
mod read;
mod template;

use crate::oauth::TokenPolicy;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use document::{did_you_mean, document};
pub use error::ConfigError;
pub use limits::Limits;
pub use template::template;

/// Name of the configuration file within its folder.
pub const FILE_NAME: &str = "peregrine.toml";

/// Everything that the operator may set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The folder that the file stands in.
    pub folder: PathBuf,
    /// The process as a whole.
    pub server: Server,
    /// Where to listen.
    pub listeners: Listeners,
    /// Certificate and key.
    pub tls: Tls,
    /// Where the mail is kept.
    pub store: Store,
    /// What one client, user or address may use.
    pub limits: Limits,
    /// What is written about the work.
    pub log: Log,
    /// Who may log in how.
    pub auth: Auth,
    /// Which messages may come in.
    pub append: Append,
    /// Whose access tokens open the mail, where any do.
    pub oauth: Option<OAuth>,
}

/// The process as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// How far the process confines itself before it serves.
    pub sandbox: Sandbox,
    /// Shown to everybody after login, as an ALERT (RFC 3501 §7.1): one line of printable ASCII.
    pub alert: Option<String>,
}

/// How far the process confines itself; see [`crate::sandbox`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sandbox {
    /// As far as the system can.
    On,
    /// Fully, or it does not serve.
    Required,
    /// Not at all: for finding out whether the sandbox is in somebody's way.
    Off,
}

/// Addresses to listen on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listeners {
    /// Plain TCP, STARTTLS offered (RFC 3501 §6.2.1).
    pub imap: Vec<SocketAddr>,
    /// TLS from the first byte (RFC 8314 §3.2).
    pub imaps: Vec<SocketAddr>,
}

/// Files of the certificate, PEM, absolute or relative to the current folder once loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tls {
    /// The certificate and those that vouch for it.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The mail's place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// Folder of the store.
    pub path: PathBuf,
}

/// The log's form and amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// The least important line that is still written.
    pub level: LogLevel,
}

/// How a line of the log looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How important a line of the log is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something will need attention.
    Warn,
    /// Starts, stops, logins.
    Info,
    /// Each command.
    Debug,
    /// Each step.
    Trace,
}

/// Who may log in how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Auth {
    /// Whether a password may cross an unencrypted connection from elsewhere than this machine.
    /// From this machine (loopback) it always may.
    pub cleartext_login: bool,
    /// Whether a connection may change its user (UNAUTHENTICATE, RFC 8437).
    pub unauthenticate: bool,
}

/// Which messages may come in by APPEND and REPLACE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Append {
    /// Whether a client that has not enabled UTF-8 may add messages with 8-bit header fields.
    pub eight_bit_headers: bool,
}

/// Whose access tokens open the mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OAuth {
    /// What a token must say.
    pub policy: TokenPolicy,
    /// File of the authority's public keys, a JWK set, absolute or relative to the current folder.
    pub keys: PathBuf,
}

impl LogLevel {
    /// The level's name, as in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Config {
    /// What stands in the file that `init` writes: the defaults, for a server in `folder`.
    pub fn defaults(folder: &Path) -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            folder: folder.to_owned(),
            server: Server { sandbox: Sandbox::On, alert: None },
            listeners: Listeners {
                imap: vec![local(Listeners::DEFAULT_IMAP_PORT)],
                imaps: vec![local(Listeners::DEFAULT_IMAPS_PORT)],
            },
            tls: Tls {
                certificate: folder.join(Tls::DEFAULT_CERTIFICATE),
                key: folder.join(Tls::DEFAULT_KEY),
            },
            store: Store { path: folder.join(Store::DEFAULT_PATH) },
            limits: Limits::default(),
            log: Log { format: LogFormat::Text, level: LogLevel::Info },
            auth: Auth { cleartext_login: false, unauthenticate: true },
            append: Append { eight_bit_headers: false },
            oauth: None,
        }
    }
}

impl Listeners {
    /// Port of the plain listener: not 143, so that no privilege is needed to try.
    pub const DEFAULT_IMAP_PORT: u16 = 1143;
    /// Port of the TLS listener: not 993, so that no privilege is needed to try.
    pub const DEFAULT_IMAPS_PORT: u16 = 1993;
}

impl Server {
    /// Octets of the text that everybody is shown after login: a line on a small screen or two.
    pub const MAX_ALERT: usize = 200;
}

impl Tls {
    /// Name of the certificate's file.
    pub const DEFAULT_CERTIFICATE: &str = "certificate.pem";
    /// Name of the key's file.
    pub const DEFAULT_KEY: &str = "key.pem";
}

impl OAuth {
    /// The claim that names the user.
    pub const DEFAULT_CLAIM: &str = "email";
}

impl Store {
    /// Name of the store's folder.
    pub const DEFAULT_PATH: &str = "mail";
}

/// Reads `DIR/peregrine.toml`.
///
/// # Errors
/// Every mistake found, in the order of the file: what cannot be read, what is no TOML, unknown
/// keys, wrong values, and values that contradict each other.
pub fn load(folder: &Path) -> Result<Config, Vec<ConfigError>> {
    let path = folder.join(FILE_NAME);
    let text = std::fs::read_to_string(&path).map_err(|e| vec![unreadable(&path, &e)])?;
    parse(folder, &text)
}

/// As [`load`], and what could be understood in spite of mistakes; the rest has its default. `None`
/// where the file cannot be read or is no TOML.
#[must_use]
pub fn examine(folder: &Path) -> (Option<Config>, Vec<ConfigError>) {
    let path = folder.join(FILE_NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => read::examine(folder, &path, &text),
        Err(error) => (None, vec![unreadable(&path, &error)]),
    }
}

/// As [`load`], from text in hand.
///
/// # Errors
/// As [`load`].
pub fn parse(folder: &Path, text: &str) -> Result<Config, Vec<ConfigError>> {
    read::read(folder, &folder.join(FILE_NAME), text)
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    let help = match error.kind() {
        std::io::ErrorKind::NotFound => {
            "make one with: peregrine init DIR --user NAME (or name the folder that has it)"
        }
        std::io::ErrorKind::InvalidData => "the file must be UTF-8 text",
        std::io::ErrorKind::NotADirectory => "name the folder that it is in, not the file",
        _ => "check who may read it",
    };
    ConfigError::whole_file(path, format!("cannot read {}: {error}", path.display()))
        .with_help(help)
}
