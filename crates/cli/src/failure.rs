//! What can go wrong, how it is told, and with which exit code the process then ends.

use std::fmt::Display;
use std::process::ExitCode;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};
use peregrine_client::Error;
use peregrine_client::proto::Uid;
use peregrine_server::admin::AdminError;
use peregrine_server::config::ConfigError;

use crate::output;

/// `EX_USAGE` is 64, but clap and most shells' tools say 2.
const USAGE: u8 = 2;

/// `EX_UNAVAILABLE` of sysexits: no connection to the server.
const UNAVAILABLE: u8 = 69;

/// `EX_NOPERM` of sysexits: the login was refused.
const REFUSED: u8 = 77;

/// `EX_CONFIG` of sysexits.
const CONFIG: u8 = 78;

/// Why a subcommand did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration file has mistakes.
    #[error("the configuration has mistakes")]
    Config(Vec<ConfigError>),
    /// What the configuration names cannot be used.
    #[error("{0}")]
    Named(AdminError),
    /// The work failed.
    #[error("{0}")]
    Admin(#[from] AdminError),
    /// What was asked makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The terminal, a signal or a connection failed.
    #[error("{0}: {1}")]
    Io(&'static str, std::io::Error),
    /// A file that was named cannot be used.
    #[error("cannot use {}: {error}", path.display())]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// There is no password.
    #[error("{0}")]
    Password(String),
    /// The login was refused.
    #[error("the login was refused: {0}")]
    Login(Error),
    /// A server refused, or the connection failed.
    #[error("{0}")]
    Mail(#[from] Error),
    /// A message that was named is not there.
    #[error("no message has the UID {0}")]
    NoMessage(Uid),
    /// One of the two sides of a migration failed.
    #[error("the {which}: {failure}")]
    Side {
        /// "source" or "target".
        which: &'static str,
        /// Why.
        failure: Box<Failure>,
    },
    /// The work failed somewhere else.
    #[error("{0}")]
    Work(String),
    /// A store could not be looked at.
    #[error("cannot look at the store: {0}")]
    Blind(String),
    /// A store is damaged, which was told already.
    #[error("the store is damaged; see above")]
    Damaged,
    /// It is done but for something that was told already.
    #[error("not everything could be done; see above")]
    Incomplete,
}

impl Failure {
    /// For a file that was named.
    pub fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), error }
    }

    /// Tells a person, on standard error.
    pub fn tell(&self) {
        match self {
            Self::Config(errors) | Self::Admin(AdminError::Config(errors)) => {
                errors.iter().for_each(|error| eprint!("{}", render(error)));
                let mistakes = output::count(errors.len() as u64, "mistake");
                eprintln!("{mistakes} in the configuration");
            }
            other => eprintln!("peregrine: {}", output::printable(&other.to_string())),
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Named(_) | Self::Admin(AdminError::Config(_)) => {
                ExitCode::from(CONFIG)
            }
            Self::Usage(_) | Self::Blind(_) => ExitCode::from(USAGE),
            Self::Password(_) | Self::Login(_) => ExitCode::from(REFUSED),
            Self::Mail(error) => match error {
                Error::Connect(_) | Error::Lost { .. } => ExitCode::from(UNAVAILABLE),
                _ => ExitCode::FAILURE,
            },
            Self::Side { failure, .. } => failure.exit_code(),
            Self::Admin(_)
            | Self::Io(..)
            | Self::File { .. }
            | Self::NoMessage(_)
            | Self::Work(_)
            | Self::Damaged
            | Self::Incomplete => ExitCode::FAILURE,
        }
    }
}

/// A mistake with the lines of the file around it.
fn render(error: &ConfigError) -> String {
    let text = std::fs::read_to_string(&error.file).unwrap_or_default();
    let shown = Shown { error, source: NamedSource::new(error.file.to_string_lossy(), text) };
    let theme = match output::colours(&std::io::stderr()) {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    let mut rendered = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_context_lines(1).with_width(100);
    match handler.render_report(&mut rendered, &shown) {
        Ok(()) => rendered,
        Err(_) => format!("{error}\n"),
    }
}

/// A mistake as miette wants it.
#[derive(Debug)]
struct Shown<'e> {
    error: &'e ConfigError,
    source: NamedSource<String>,
}

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.error.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.error.help.as_ref().map(|help| Box::new(help) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        (!self.error.span.is_empty()).then_some(&self.source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.error.span.clone();
        (!span.is_empty())
            .then(|| Box::new(std::iter::once(LabeledSpan::new_with_span(None, span))) as Box<_>)
    }
}
