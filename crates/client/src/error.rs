//! What can go wrong: which command, what the server said, and which octets.

use crate::oddity::Tolerated;
use bytes::Bytes;
use bytestring::ByteString;
use peregrine_proto::command::State;
use peregrine_proto::mailbox::NameError;
use peregrine_proto::response::{ResponseFrameError, ResponseText};
use peregrine_proto::{Code, Status};
use std::sync::Arc;
use std::time::Duration;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. Cheap to clone: one lost connection fails many calls.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server answered NO or BAD. The connection goes on.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The connection ended before the call was answered.
    #[error("{command}: {cause}{}", if *.sent { "; whether it was done is not known" } else { "" })]
    Lost {
        /// Which command.
        command: &'static str,
        /// Whether any of it had been sent: then it may have been done.
        sent: bool,
        /// Why the connection ended.
        cause: Arc<Lost>,
    },
    /// The server's answer to this command could not be read. The connection goes on.
    #[error("{command}: {unreadable}")]
    Unreadable {
        /// Which command.
        command: &'static str,
        /// The octets, and where they are wrong.
        unreadable: Box<Unreadable>,
    },
    /// The command is not legal in this state; it was not sent.
    #[error("{command} cannot be sent in the state {state:?}")]
    WrongState {
        /// Which command.
        command: &'static str,
        /// The connection's state.
        state: State,
    },
    /// Another mailbox was selected since, or the same one anew; the command was not sent. Its
    /// numbers would mean other messages.
    #[error("{command} was not sent: its mailbox is no longer selected")]
    MailboxChanged {
        /// Which command.
        command: &'static str,
    },
    /// The server answered OK, but not what was asked.
    #[error("{command}: the server answered OK without {what}")]
    Missing {
        /// Which command.
        command: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// The server does not offer what the call needs; nothing was sent.
    #[error("the server does not offer {0}")]
    Unsupported(&'static str),
    /// It would not be safe; nothing was sent.
    #[error("refused, since it would not be safe: {0}")]
    Unsafe(&'static str),
    /// The login cannot go on: a mechanism's message makes no sense, or its proof is wrong.
    #[error("login: {0}")]
    Login(String),
    /// A mailbox name that cannot be sent.
    #[error("{0}")]
    Name(#[from] NameError),
    /// An argument that cannot be sent.
    #[error("{0}")]
    Argument(&'static str),
    /// The answer takes more memory than [`Settings::call_memory`](crate::Settings::call_memory).
    #[error("{command}: the answer is larger than {limit} octets")]
    TooLarge {
        /// Which command.
        command: &'static str,
        /// Octets.
        limit: usize,
    },
    /// The connection could not be made.
    #[error("{0}")]
    Connect(Arc<ConnectError>),
}

/// NO or BAD.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Which command.
    pub command: &'static str,
    /// NO or BAD.
    pub status: Status,
    /// What a program reads.
    pub code: Option<Code>,
    /// What the server says to a person; without control characters.
    pub text: ByteString,
}

/// A response that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// What was expected or is wrong, and in which column.
    pub message: String,
    /// The first octets of the response, at most [`Unreadable::SHOWN`].
    pub octets: Bytes,
    /// Where in the response it is wrong, in octets from its beginning.
    pub offset: usize,
    /// Where in all that the server sent the response begins, in octets.
    pub position: u64,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Lost {
    /// The server closed it without a word.
    #[error("the server closed the connection")]
    Closed,
    /// The server said BYE.
    #[error("the server ended the connection: {}", .0.text)]
    Bye(ResponseText),
    /// We logged out, or every handle was dropped.
    #[error("the connection was closed by us")]
    LoggedOut,
    /// The operating system says so.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    /// Nothing came although something was due.
    #[error("the server has been silent for {} s", .0.as_secs())]
    Silence(Duration),
    /// A command was not answered although other data came.
    #[error("{command} has not been answered for {} s", .patience.as_secs())]
    Unanswered {
        /// Which command.
        command: &'static str,
        /// How long it was waited for.
        patience: Duration,
    },
    /// Something is larger than our limits.
    #[error("{0}")]
    TooLarge(#[from] ResponseFrameError),
    /// Data that nobody asked for, without end.
    #[error("the server sent more than {0} octets that nobody asked for")]
    Unsolicited(usize),
    /// A response that must be understood cannot be read.
    #[error("{0}")]
    Unreadable(Unreadable),
    /// The server breaks the protocol so that nothing it says can be relied on.
    #[error("the server broke the protocol: {message} (octet {position}: `{}`)", .octets.escape_ascii())]
    Protocol {
        /// What is wrong.
        message: &'static str,
        /// The first octets of the response.
        octets: Bytes,
        /// Where in all that the server sent the response begins, in octets.
        position: u64,
    },
    /// An oddity, and [`Settings::pedantic`](crate::Settings::pedantic) is on.
    #[error("{0}")]
    Odd(Tolerated),
    /// A message that was to be appended could not be read to its end.
    #[error("the message to be appended could not be read: {0}")]
    Source(std::io::Error),
}

/// Why no connection could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host was not found or did not answer.
    #[error("cannot connect to {host}: {error}")]
    Io {
        /// Host and port.
        host: String,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// It took longer than [`Settings::connect_timeout`](crate::Settings::connect_timeout).
    #[error("connecting to {host} took longer than {} s", .limit.as_secs())]
    Timeout {
        /// Host and port.
        host: String,
        /// The limit.
        limit: Duration,
    },
    /// The certificate or the handshake is not right; there is no way around it.
    #[error("no secure connection to {host}: {error}")]
    Tls {
        /// Host and port.
        host: String,
        /// What is wrong.
        error: std::io::Error,
    },
    /// The name is no host name.
    #[error("`{0}` is no host name")]
    Name(String),
    /// STARTTLS is not offered or was refused: nothing is sent in clear instead.
    #[error("{host} does not begin TLS: {reason}")]
    NoTls {
        /// Host and port.
        host: String,
        /// What the server did.
        reason: String,
    },
    /// TLS itself cannot be set up here.
    #[error("TLS cannot be used: {0}")]
    Setup(String),
    /// The connection ended before it was of use.
    #[error("{host}: {cause}")]
    Lost {
        /// Host and port.
        host: String,
        /// Why.
        cause: Arc<Lost>,
    },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {}", self.command, self.status.word(), self.text)?;
        match &self.code {
            Some(code) => {
                let mut octets = Vec::new();
                code.write(&mut octets);
                write!(f, " [{}]", crate::text::plain(&String::from_utf8_lossy(&octets)))
            }
            None => Ok(()),
        }
    }
}

impl Unreadable {
    /// Octets of a response that are kept for the error.
    pub const SHOWN: usize = 256;
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { message, octets, offset, position } = self;
        let shown = octets.escape_ascii();
        write!(f, "{message}; at octet {offset} of the response at {position}: `{shown}`")
    }
}

impl Error {
    /// The code of a NO or BAD.
    pub fn code(&self) -> Option<&Code> {
        match self {
            Self::Refused(refusal) => refusal.code.as_ref(),
            _ => None,
        }
    }

    /// Whether the connection has ended.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }

    /// How long the server asks to wait before the command is sent again, where it says that it
    /// is too busy: `[THROTTLED]`, `[LIMIT]`, `[UNAVAILABLE]`, `Suggested Backoff Time: n
    /// milliseconds` in the text of NO or BAD. At most an hour, whatever it says.
    pub fn retry_after(&self) -> Option<Duration> {
        /// Where no time is named.
        const USUAL: Duration = Duration::from_secs(5);
        /// Whoever waits is not kept for ever by a number of many digits.
        const LONGEST: Duration = Duration::from_secs(60 * 60);
        let Self::Refused(refusal) = self else { return None };
        const WORDS: &str = "Suggested Backoff Time:";
        if let Some((_, rest)) = refusal.text.split_once(WORDS) {
            let digits: String =
                rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
            return Some(digits.parse().map_or(USUAL, Duration::from_millis).min(LONGEST));
        }
        match &refusal.code {
            Some(Code::Limit | Code::Unavailable | Code::InUse) => Some(USUAL),
            Some(Code::Other(name, _)) if name.eq_ignore_ascii_case("THROTTLED") => Some(USUAL),
            _ => None,
        }
    }
}
