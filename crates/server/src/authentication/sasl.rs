//! SASL mechanisms (RFC 4422) by rsasl: what the client's messages say. Who may come in is decided
//! by the [`Authenticator`](super::Authenticator).

use crate::connection::Link;
use crate::tls::ChannelBinding;
use peregrine_proto::Secret;
use peregrine_store::ScramKeys;
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechanisms::scram::{SCRAM_SHA256, SCRAM_SHA256_PLUS};
use rsasl::mechanisms::{login::LOGIN, plain::PLAIN};
use rsasl::prelude::{
    Mechanism as Implementation, Registry, SASLConfig, SASLServer, Session, SessionError, State,
};
use rsasl::property::{AuthId, AuthzId, ChannelBindings, Password};
use rsasl::validate::{Validate, Validation, ValidationError};
use std::sync::{Arc, Mutex, PoisonError};

/// The mechanisms: all but the last two by rsasl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// RFC 4616
    Plain,
    /// Never standardized, and the only one that some mail programs know.
    Login,
    /// RFC 7677
    ScramSha256,
    /// RFC 7677, bound to TLS 1.3 (RFC 9266)
    ScramSha256Plus,
    /// RFC 7628: see [`Bearer`](super::Bearer)
    OAuthBearer,
    /// The same as Google and Microsoft had it before.
    XOAuth2,
}

impl Mechanism {
    pub(crate) const ALL: [Self; 6] = [
        Self::Plain,
        Self::Login,
        Self::ScramSha256,
        Self::ScramSha256Plus,
        Self::OAuthBearer,
        Self::XOAuth2,
    ];

    /// Whether it can be used on this connection.
    pub(crate) fn is_offered(self, link: &Link) -> bool {
        match self {
            Self::Plain | Self::Login | Self::ScramSha256 => true,
            Self::ScramSha256Plus => link.binding.is_some(),
            Self::OAuthBearer | Self::XOAuth2 => link.shared.options.oauth.is_some(),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
        }
    }

    /// Whether it is a form of SCRAM.
    pub(crate) fn is_scram(self) -> bool {
        matches!(self, Self::ScramSha256 | Self::ScramSha256Plus)
    }

    fn implementation(self) -> Option<&'static Implementation> {
        Some(match self {
            Self::Plain => &PLAIN,
            Self::Login => &LOGIN,
            Self::ScramSha256 => &SCRAM_SHA256,
            Self::ScramSha256Plus => &SCRAM_SHA256_PLUS,
            Self::OAuthBearer | Self::XOAuth2 => return None,
        })
    }
}

/// PLUS last: without a channel binding it is left out, and SCRAM knows by that whether it was
/// offered.
static MECHANISMS: [Implementation; 4] = [PLAIN, LOGIN, SCRAM_SHA256, SCRAM_SHA256_PLUS];

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
    bound: bool,
    /// The client's first message has been taken.
    begun: bool,
}

impl Exchange {
    /// Begins PLAIN or LOGIN, or SCRAM with the keys of a user that [`identity`] told, on a connection
    /// with this channel binding.
    pub(crate) fn new(
        mechanism: Mechanism,
        keys: Option<ScramKeys>,
        binding: Option<ChannelBinding>,
    ) -> Option<Self> {
        let callback = Callback { keys, binding, seen: Arc::default() };
        let session = start(mechanism, callback)?;
        Some(Self { session, mechanism, bound: binding.is_some(), begun: false })
    }

    /// Takes the client's next message; `None` where the server speaks first.
    pub(crate) fn step(&mut self, message: Option<&[u8]>) -> Step {
        let well_formed = |message: &[u8]| match self.begun {
            false => scram_well_formed(message, self.mechanism, self.bound).is_ok(),
            true => message.split(|&octet| octet == b',').all(is_scram_attribute),
        };
        if self.mechanism.is_scram() && !message.is_some_and(well_formed) {
            return Step::Failed;
        }
        self.begun = true;
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
///
/// # Errors
/// [`Unfit`] for a message that cannot begin this mechanism on a connection with this binding.
pub(crate) fn identity(
    first: &[u8],
    mechanism: Mechanism,
    binding: Option<ChannelBinding>,
) -> Result<Identity, Unfit> {
    scram_well_formed(first, mechanism, binding.is_some())?;
    let seen = Arc::<Mutex<Option<Identity>>>::default();
    let callback = Callback { keys: None, binding, seen: Arc::clone(&seen) };
    let mut session = start(mechanism, callback).ok_or(Unfit::Malformed)?;
    session.step(Some(first), &mut Vec::new()).map_err(|_| Unfit::Malformed)?;
    let identity = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let identity = identity.ok_or(Unfit::Malformed)?;
    Ok(Identity {
        user: unescape(&identity.user).ok_or(Unfit::Malformed)?,
        authorization: unescape(&identity.authorization).ok_or(Unfit::Malformed)?,
    })
}

/// Why a message of SCRAM cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is none, or belongs to the other form of the mechanism.
    Malformed,
    /// It names another channel binding than `tls-exporter`.
    Binding,
}

fn start(mechanism: Mechanism, callback: Callback) -> Option<Session<AttemptValidation>> {
    let known = MECHANISMS.len() - usize::from(callback.binding.is_none());
    let config = SASLConfig::builder()
        .with_registry(Registry::with_mechanisms(&MECHANISMS[..known]))
        .with_callback(callback)
        .ok()?;
    SASLServer::new(config).start_suggested(mechanism.implementation()?.mechanism).ok()
}

/// Whether the client's first message is well formed: attributes, and before them
/// `gs2-header = gs2-cbind-flag "," [ authzid ] ","`,
/// `gs2-cbind-flag = ("p=" cb-name) / "n" / "y"`.
///
/// The flag must fit the mechanism (§6): PLUS needs a binding. `y` says that the client could bind,
/// and believes that we can't: where we have offered it, somebody has taken that out of our words.
fn scram_well_formed(message: &[u8], mechanism: Mechanism, bound: bool) -> Result<(), Unfit> {
    let plus = mechanism == Mechanism::ScramSha256Plus;
    let mut parts = message.split(|&octet| octet == b',');
    let begins = match parts.next() {
        Some(b"n") => !plus,
        Some(b"y") => !plus && !bound,
        Some(b"p=tls-exporter") => plus,
        Some([b'p', b'=', ..]) if plus => return Err(Unfit::Binding),
        _ => false,
    };
    let authorization = |part: &[u8]| part.is_empty() || part.starts_with(b"a=");
    let fits = begins && parts.next().is_some_and(authorization) && parts.all(is_scram_attribute);
    if fits { Ok(()) } else { Err(Unfit::Malformed) }
}

/// `attr-val = ALPHA "=" value` (RFC 5802 §7), which rsasl takes for granted.
fn is_scram_attribute(part: &[u8]) -> bool {
    matches!(part, [letter, b'=', ..] if letter.is_ascii_alphabetic()) && part != b"r="
}

/// `saslname = 1*(value-safe-char / "=2C" / "=3D")` (RFC 5802 §7)
pub(super) fn unescape(name: &str) -> Option<String> {
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
    binding: Option<ChannelBinding>,
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
        if let Some(binding) = &self.binding {
            request.satisfy::<ChannelBindings>(binding)?;
        }
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
            let found = identity(message.as_bytes(), Mechanism::ScramSha256, None);
            assert_eq!(found, Err(Unfit::Malformed), "{message:?}");
        }
        for message in ["", ",", "c", "c=biws", "c=biws,r=x", "c=biws,r=x,p", "c=biws,r=x,p=aa==,"]
        {
            let mut exchange = Exchange::new(Mechanism::ScramSha256, None, None).unwrap();
            assert!(matches!(exchange.step(Some(b"n,,n=u,r=abc")), Step::Challenge(_)));
            assert!(matches!(exchange.step(Some(message.as_bytes())), Step::Failed), "{message:?}");
        }
    }

    /// RFC 5802 §6: the flag fits the mechanism and what was offered.
    #[test]
    fn binding_flags() {
        use Mechanism::{ScramSha256, ScramSha256Plus};
        let bound = Some([7; 32]);
        for (flag, mechanism, binding, expected) in [
            ("n", ScramSha256, None, None),
            ("y", ScramSha256, None, None),
            ("p=tls-exporter", ScramSha256, None, Some(Unfit::Malformed)),
            ("n", ScramSha256, bound, None),
            ("y", ScramSha256, bound, Some(Unfit::Malformed)),
            ("p=tls-exporter", ScramSha256, bound, Some(Unfit::Malformed)),
            ("p=tls-exporter", ScramSha256Plus, bound, None),
            ("n", ScramSha256Plus, bound, Some(Unfit::Malformed)),
            ("y", ScramSha256Plus, bound, Some(Unfit::Malformed)),
            ("p=tls-unique", ScramSha256Plus, bound, Some(Unfit::Binding)),
            ("p=tls-server-end-point", ScramSha256Plus, bound, Some(Unfit::Binding)),
            ("p=", ScramSha256Plus, bound, Some(Unfit::Binding)),
            ("p", ScramSha256Plus, bound, Some(Unfit::Malformed)),
        ] {
            let first = format!("{flag},,n=u,r=abc");
            let found = identity(first.as_bytes(), mechanism, binding).err();
            assert_eq!(found, expected, "{flag} {mechanism:?} {binding:?}");
        }
    }

    /// RFC 5802 §5.1: `,` and `=` in names are escaped.
    #[test]
    fn names_are_unescaped() {
        let found = identity(b"n,a=x=3Dy,n=a=2Cb,r=abc", Mechanism::ScramSha256, None).unwrap();
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
            let mut exchange = Exchange::new(Mechanism::Plain, None, None).unwrap();
            let found = match exchange.step(Some(message.as_bytes())) {
                Step::Attempt(attempt) => Some(attempt.identity),
                _ => None,
            };
            let found = found.as_ref().map(|it| (it.authorization.as_str(), it.user.as_str()));
            assert_eq!(found, expected, "{message:?}");
        }
    }
}
