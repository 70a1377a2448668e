//! Why a command failed, and what the client is told of it: a code for programs, a sentence for
//! people, nothing about our insides.

use super::wire;
use crate::authentication::Denied;
use crate::connection::Link;
use crate::host::Outcome;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, Response, Status};
use peregrine_session::BeyondEnd;
use peregrine_store::Error;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The store refused or could not.
    Store(Error),
    /// As `Store`, where the mailbox in question is a target that could be made
    /// (RFC 3501 §7.1 TRYCREATE).
    Target(Error),
    /// A sequence number that no message has.
    Beyond(BeyondEnd),
    /// The mailbox was opened by EXAMINE.
    ReadOnly,
    /// Any other refusal.
    Refused(Code, &'static str),
    /// The client's words make no sense here.
    Bad(&'static str),
    /// Nobody may log in with this.
    Denied(Denied),
    /// The session ran what it must not: our fault.
    State(&'static str),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<BeyondEnd> for Failure {
    fn from(error: BeyondEnd) -> Self {
        Self::Beyond(error)
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

/// What everybody must know whose mail can no longer be saved.
const STOPPED: &str = "The mail store has stopped after a failed write: mail can be read, but nothing \
    is saved any more. Tell whoever runs this server";

impl Failure {
    /// What the client is told, and at the first time on a connection also the person, if nothing is
    /// saved any more: mail programs must show an ALERT (RFC 9051 §7.1), and seldom show why a command
    /// failed that they sent on their own.
    pub(super) fn told(self, link: &Link) -> Outcome {
        let stopped = self.is_stop() && link.begin_alert();
        let mut outcome = Outcome::from(self);
        if stopped {
            let text = ResponseText { code: Some(Code::Alert), text: STOPPED.into() };
            let alert = wire(&Response::Condition { status: Status::No, text });
            outcome.data = [&alert[..], &outcome.data].concat().into();
        }
        outcome
    }

    fn is_stop(&self) -> bool {
        let error = match self {
            Self::Store(error) | Self::Target(error) | Self::Denied(Denied::Store(error)) => error,
            _ => return false,
        };
        matches!(error, Error::Stopped)
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => of_store(&error),
            // RFC 3501 §6.3.11: CREATE helps for both.
            Failure::Target(Error::NonExistent(_) | Error::OnlyAName) => Self::no(
                Some(Code::TryCreate),
                "There is no such mailbox; it can be made with CREATE",
            ),
            Failure::Target(error) => of_store(&error),
            Failure::Beyond(error) => Self::bad(sentence(&error.to_string())),
            Failure::ReadOnly => Self::no(
                Some(Code::ReadOnly),
                "The mailbox was opened with EXAMINE; use SELECT to change it",
            ),
            Failure::Refused(code, text) => Self::no(Some(code), text),
            Failure::Bad(text) => Self::bad(text),
            Failure::Denied(denied) => of_login(&denied),
            Failure::State(what) => {
                tracing::error!(what, "fault");
                Self::no(Some(Code::ServerBug), "The server met a fault of its own")
            }
        }
    }
}

fn of_store(error: &Error) -> Outcome {
    let code = match error {
        Error::NonExistent(_) => Code::NonExistent,
        Error::AlreadyExists(_) => Code::AlreadyExists,
        Error::Cannot(_) | Error::OnlyAName => Code::Cannot,
        Error::HasChildren => Code::HasChildren,
        Error::Limit(_) => Code::Limit,
        Error::UseTaken => Code::UseAttr,
        Error::TooBig { .. } => Code::TooBig,
        Error::Expunged => Code::ExpungeIssued,
        Error::BadCharset => {
            Code::BadCharset(super::search::CHARSETS.iter().map(|&name| name.into()).collect())
        }
        Error::Full => Code::OverQuota,
        Error::Corrupt { what } => {
            tracing::error!(what, "stored data is damaged");
            Code::Corruption
        }
        Error::Unavailable { cause } => {
            tracing::error!(cause, "the store is not available");
            Code::Unavailable
        }
        Error::Stopped => {
            tracing::error!("the store has stopped; restart the server to try it again");
            Code::Unavailable
        }
        Error::Bug { what } => {
            tracing::error!(what, "fault in the store");
            Code::ServerBug
        }
    };
    Outcome::no(Some(code), sentence(&error.to_string()))
}

/// One answer for all who may not come in: unknown user or wrong password (RFC 3501 §11.2).
fn of_login(denied: &Denied) -> Outcome {
    match denied {
        Denied::Failed => Outcome::new(
            Status::No,
            Some(Code::AuthenticationFailed),
            "User name or password is wrong",
        ),
        Denied::Token(_) => Outcome::no(
            Some(Code::AuthenticationFailed),
            "The access token is not accepted: it may have expired",
        ),
        Denied::NotAuthorized => Outcome::no(
            Some(Code::AuthorizationFailed),
            "The login is right, but it does not open another user's mail",
        ),
        Denied::Busy => Outcome::no(
            Some(Code::Unavailable),
            "Too many logins are being checked at the moment, try again soon",
        ),
        Denied::Store(error) => of_store(error),
    }
}

/// With a capital first letter.
pub(super) fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => "It failed".into(),
    }
}
