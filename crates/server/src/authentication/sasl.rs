//! SASL mechanisms (RFC 4422) by rsasl: what the client's messages say. Who may come in is decided
//! by the [`Authenticator`](super::Authenticator).

use peregrine_proto::Secret;
use peregrine_store::ScramKeys;
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechanisms::{login::LOGIN, plain::PLAIN, scram::SCRAM_SHA256};
use rsasl::prelude::{
    Mechanism as Implementation, Registry, SASLConfig, SASLServer, Session, SessionError, State,
};
use rsasl::property::{AuthId, AuthzId, Password};
use rsasl::validate::{Validate, Validation, ValidationError};
use std::sync::{Arc, Mutex, PoisonError};

/// The mechanisms that are offered. SCRAM with channel binding (PLUS) is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// RFC 4616
    Plain,
    /// Never standardized, and the only one that some mail programs know.
    Login,
    /// RFC 7677
    ScramSha256,
}

impl Mechanism {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Login, Self::ScramSha256];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
        }
    }

    fn implementation(self) -> &'static Implementation {
        match self {
            Self::Plain => &PLAIN,
            Self::Login => &LOGIN,
            Self::ScramSha256 => &SCRAM_SHA256,
        }
    }
}

static MECHANISMS: [Implementation; 3] = [PLAIN, LOGIN, SCRAM_SHA256];

/// Who wants in, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Whose password it is.
    pub(crate) user: String,
    /// Whose mail it is to be; empty for the same.
    pub(crate) authorization: String,
}

/// What PLAIN and LOGIN end with.
pub(crate) struct Attempt {
    pub(crate) identity: Identity,
    pub(crate) password: Secret,
}

/// What one message of the client leads to.
pub(crate) enum Step {
    /// The server's next message.
    Challenge(Vec<u8>),
    /// PLAIN, LOGIN: a password to be checked.
    Attempt(Attempt),
    /// SCRAM: the client has proved that it knows the password; the server's last message proves
    /// the same of us.
    Proved(Vec<u8>),
    /// The message was wrong, or the proof.
    Failed,
}

/// The server's side of one exchange.
pub(crate) struct Exchange {
    session: Session<AttemptValidation>,
    mechanism: Mechanism,
}

impl Exchange {
    /// Begins PLAIN or LOGIN, or SCRAM with the keys of a user that [`identity`] told.
    pub(crate) fn new(mechanism: Mechanism, keys: Option<ScramKeys>) -> Option<Self> {
        let callback = Callback { keys, seen: Arc::default() };
        Some(Self { session: start(mechanism, callback)?, mechanism })
    }

    /// Takes the client's next message; `None` where the server speaks first.
    pub(crate) fn step(&mut self, message: Option<&[u8]>) -> Step {
        if self.mechanism == Mechanism::ScramSha256 && !message.is_some_and(scram_well_formed) {
            return Step::Failed;
        }
        let mut answer = Vec::new();
        match self.session.step(message, &mut answer) {
            Ok(State::Running) => Step::Challenge(answer),
            Ok(State::Finished(_)) => match self.session.validation() {
                Some(Validated::Attempt(attempt)) => Step::Attempt(attempt),
                Some(Validated::Proved) => Step::Proved(answer),
                None => Step::Failed,
            },
            Err(error) => {
                tracing::debug!(%error, "SASL exchange failed");
                Step::Failed
            }
        }
    }
}

/// Whom the first message of SCRAM names.
pub(crate) fn identity(first: &[u8]) -> Option<Identity> {
    if !scram_well_formed(first) {
        return None;
    }
    let seen = Arc::<Mutex<Option<Identity>>>::default();
    let callback = Callback { keys: None, seen: Arc::clone(&seen) };
    start(Mechanism::ScramSha256, callback)?.step(Some(first), &mut Vec::new()).ok()?;
    let identity = seen.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    Some(Identity {
        user: unescape(&identity.user)?,
        authorization: unescape(&identity.authorization)?,
    })
}

fn start(mechanism: Mechanism, callback: Callback) -> Option<Session<AttemptValidation>> {
    let config = SASLConfig::builder()
        .with_registry(Registry::with_mechanisms(&MECHANISMS))
        .with_callback(callback)
        .ok()?;
    SASLServer::new(config).start_suggested(mechanism.implementation().mechanism).ok()
}

/// Whether each attribute is a letter, `=` and a value, which rsasl takes for granted:
///
/// `attr-val = ALPHA "=" value` (RFC 5802 §7); before them in the client's first message
/// `gs2-header = gs2-cbind-flag "," [ authzid ] ","`
fn scram_well_formed(message: &[u8]) -> bool {
    let attribute = |part: &[u8]| {
        matches!(part, [letter, b'=', ..] if letter.is_ascii_alphabetic()) && part != b"r="
    };
    let mut parts = message.split(|&octet| octet == b',');
    match parts.next() {
        Some(b"n" | b"y") => {
            parts.next().is_some_and(|authorization| {
                authorization.is_empty() || authorization.starts_with(b"a=")
            }) && parts.all(attribute)
        }
        // Channel binding needs PLUS, which is not offered.
        Some([b'p', ..]) | None => false,
        Some(first) => attribute(first) && parts.all(attribute),
    }
}

/// `saslname = 1*(value-safe-char / "=2C" / "=3D")` (RFC 5802 §7)
fn unescape(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    let mut parts = name.split('=');
    out.push_str(parts.next()?);
    for part in parts {
        if let Some(rest) = part.strip_prefix("2C") {
            out.push(',');
            out.push_str(rest);
        } else {
            out.push('=');
            out.push_str(part.strip_prefix("3D")?);
        }
    }
    Some(out)
}

struct AttemptValidation;

enum Validated {
    Attempt(Attempt),
    Proved,
}

impl Validation for AttemptValidation {
    type Value = Validated;
}

struct Callback {
    keys: Option<ScramKeys>,
    seen: Arc<Mutex<Option<Identity>>>,
}

impl SessionCallback for Callback {
    fn callback(
        &self,
        _session: &SessionData,
        context: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(identity_of(context));
        if let Some(keys) = &self.keys {
            request.satisfy::<ScramStoredPassword<'_>>(&ScramStoredPassword::new(
                keys.iterations,
                &keys.salt,
                &keys.stored_key,
                &keys.server_key,
            ))?;
        }
        Ok(())
    }

    fn validate(
        &self,
        _session: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        validate.with::<AttemptValidation, _>(|| {
            Ok(match context.get_ref::<Password>() {
                Some(password) => Validated::Attempt(Attempt {
                    identity: identity_of(context),
                    password: Secret::new(password.to_vec().into()),
                }),
                // SCRAM comes here only after the proof was right.
                None => Validated::Proved,
            })
        })?;
        Ok(())
    }
}

fn identity_of(context: &Context<'_>) -> Identity {
    Identity {
        user: context.get_ref::<AuthId>().unwrap_or_default().to_owned(),
        authorization: context.get_ref::<AuthzId>().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T48: attributes that are too short, or none at all, are an error and no panic.
    #[test]
    fn malformed_scram_messages_fail() {
        for message in [
            "",
            ",",
            "n",
            "n,",
            "n,,",
            "n,,n",
            "n,,n=u",
            "n,,n=u,r",
            "n,,n=u,r=",
            "n,x,n=u,r=abc",
            "n,,m=1,n=u,r=abc",
            "p=tls-unique,,n=u,r=abc",
            "n,,r=abc,n=u",
            "n,,n=a=b,r=abc",
            "x",
            "n,,n=u\u{0},r",
            "é,,n=u,r=abc",
        ] {
            assert_eq!(identity(message.as_bytes()), None, "{message:?}");
        }
        for message in ["", ",", "c", "c=biws", "c=biws,r=x", "c=biws,r=x,p", "c=biws,r=x,p=aa==,"]
        {
            let mut exchange = Exchange::new(Mechanism::ScramSha256, None).unwrap();
            assert!(matches!(exchange.step(Some(b"n,,n=u,r=abc")), Step::Challenge(_)));
            assert!(matches!(exchange.step(Some(message.as_bytes())), Step::Failed), "{message:?}");
        }
    }

    /// RFC 5802 §5.1: `,` and `=` in names are escaped.
    #[test]
    fn names_are_unescaped() {
        let found = identity(b"n,a=x=3Dy,n=a=2Cb,r=abc").unwrap();
        assert_eq!((found.user.as_str(), found.authorization.as_str()), ("a,b", "x=y"));
    }

    /// T47: PLAIN has two NULs, no more and no less, and neither an empty name nor password.
    #[test]
    fn plain_messages() {
        for (message, expected) in [
            ("\0ann\0secret", Some(("", "ann"))),
            ("bob\0ann\0secret", Some(("bob", "ann"))),
            ("", None),
            ("ann\0secret", None),
            ("\0ann\0sec\0ret", None),
            ("\0\0\0\0", None),
            ("\0\0secret", None),
            ("\0ann\0", None),
        ] {
            let mut exchange = Exchange::new(Mechanism::Plain, None).unwrap();
            let found = match exchange.step(Some(message.as_bytes())) {
                Step::Attempt(attempt) => Some(attempt.identity),
                _ => None,
            };
            let found = found.as_ref().map(|it| (it.authorization.as_str(), it.user.as_str()));
            assert_eq!(found, expected, "{message:?}");
        }
    }
}
