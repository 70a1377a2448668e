//! SASL as a client (RFC 4422): PLAIN, SCRAM-SHA-256 with and without channel binding,
//! OAUTHBEARER, XOAUTH2.

mod scram;

use crate::capabilities::Capabilities;
use crate::error::{Error, Result};
use bytes::Bytes;
use peregrine_proto::Secret;
pub(crate) use scram::Binding;
use scram::Scram;
use std::pin::Pin;
use std::sync::Arc;

/// Who we are. Cheap to clone; nothing of it is ever shown.
#[derive(Clone)]
pub struct Credentials {
    user: String,
    proof: Proof,
}

#[derive(Clone)]
enum Proof {
    Password(Arc<str>),
    Token(TokenHook),
}

type TokenFuture = Pin<Box<dyn Future<Output = Result<String>> + Send>>;
type TokenHook = Arc<dyn Fn() -> TokenFuture + Send + Sync>;

/// A way to log in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mechanism {
    /// SCRAM-SHA-256-PLUS (RFC 7677): neither side learns the password, and it is tied to this TLS
    /// connection.
    ScramSha256Plus,
    /// SCRAM-SHA-256 (RFC 7677).
    ScramSha256,
    /// OAUTHBEARER (RFC 7628).
    OAuthBearer,
    /// XOAUTH2: the same as Google and Microsoft had it before.
    XOAuth2,
    /// PLAIN (RFC 4616): the password as it is.
    Plain,
}

impl Credentials {
    /// A password.
    pub fn password_of(user: impl Into<String>, password: &str) -> Self {
        Self { user: user.into(), proof: Proof::Password(password.into()) }
    }

    /// An OAuth 2.0 access token. `token` is called at each login, so that it can get a new one
    /// when the last has expired.
    pub fn token_of<F>(
        user: impl Into<String>,
        token: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<String>> + Send + 'static,
    {
        let hook: TokenHook = Arc::new(move || Box::pin(token()));
        Self { user: user.into(), proof: Proof::Token(hook) }
    }

    /// Who.
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn password(&self) -> Option<(&str, &str)> {
        match &self.proof {
            Proof::Password(password) => Some((&self.user, password)),
            Proof::Token(_) => None,
        }
    }

    /// The best that is offered and that these credentials serve.
    pub(crate) fn choose(&self, offered: &Capabilities, bound: bool) -> Option<Mechanism> {
        use Mechanism::{OAuthBearer, Plain, ScramSha256, ScramSha256Plus, XOAuth2};
        let ours: &[Mechanism] = match self.proof {
            Proof::Password(_) if bound => &[ScramSha256Plus, ScramSha256, Plain],
            Proof::Password(_) => &[ScramSha256, Plain],
            Proof::Token(_) => &[OAuthBearer, XOAuth2],
        };
        ours.iter().copied().find(|mechanism| offered.has_mechanism(mechanism.name()))
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Mechanism {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::Plain => "PLAIN",
        }
    }

    /// Whether who listens learns a password or a token.
    pub(crate) fn reveals(self) -> bool {
        !matches!(self, Self::ScramSha256Plus | Self::ScramSha256)
    }
}

/// One exchange.
pub(crate) enum Exchange {
    /// One message, which is all.
    Single(Secret),
    /// One message; where it is refused, the server tells why before its NO.
    Token {
        first: Secret,
        refused: Option<String>,
    },
    Scram(Scram),
}

impl Exchange {
    pub(crate) async fn begin(
        mechanism: Mechanism,
        credentials: &Credentials,
        binding: Binding,
    ) -> Result<Self> {
        let user = credentials.user.as_str();
        if user.contains(['\0', '\u{1}']) {
            return Err(Error::Argument("the user's name must not hold control characters"));
        }
        match (mechanism, &credentials.proof) {
            (Mechanism::Plain, Proof::Password(password)) => {
                Ok(Self::Single(secret(format!("\0{user}\0{password}"))))
            }
            (Mechanism::ScramSha256, Proof::Password(password)) => {
                let binding = match binding {
                    Binding::Used(_) => Binding::None,
                    other => other,
                };
                Ok(Self::Scram(Scram::new(user, password, binding)?))
            }
            (Mechanism::ScramSha256Plus, Proof::Password(password)) => {
                let Binding::Used(_) = binding else {
                    return Err(Error::Unsupported("TLS 1.3 to bind a login to"));
                };
                Ok(Self::Scram(Scram::new(user, password, binding)?))
            }
            (Mechanism::OAuthBearer, Proof::Token(token)) => {
                let name = user.replace('=', "=3D").replace(',', "=2C");
                let token = token().await?;
                let first = secret(format!("n,a={name},\u{1}auth=Bearer {token}\u{1}\u{1}"));
                Ok(Self::Token { first, refused: None })
            }
            (Mechanism::XOAuth2, Proof::Token(token)) => {
                let token = token().await?;
                let first = secret(format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}"));
                Ok(Self::Token { first, refused: None })
            }
            _ => Err(Error::Argument("the mechanism does not fit the credentials")),
        }
    }

    /// Our first message: in all of these mechanisms the client begins.
    pub(crate) fn first(&mut self) -> Result<Secret> {
        match self {
            Self::Single(first) | Self::Token { first, .. } => Ok(first.clone()),
            Self::Scram(scram) => Ok(secret(scram.first())),
        }
    }

    /// Our answer to the server's message.
    pub(crate) fn step(&mut self, challenge: &[u8]) -> Result<Secret> {
        match self {
            Self::Single(_) => Err(Error::Login("the server asks for more than PLAIN has".into())),
            // RFC 7628 §3.2.3: the error as JSON; a dummy answer, and then comes NO.
            Self::Token { refused, .. } => {
                *refused = Some(crate::text::plain(&String::from_utf8_lossy(challenge)).into());
                Ok(secret("\u{1}".to_owned()))
            }
            Self::Scram(scram) => scram.step(challenge).map(secret),
        }
    }

    /// The server has said OK: whether it may.
    pub(crate) fn finish(&self) -> Result<()> {
        match self {
            Self::Scram(scram) => scram.finish(),
            Self::Token { refused: Some(reason), .. } => Err(Error::Login(reason.clone())),
            _ => Ok(()),
        }
    }

    /// The server's NO together with what it said in the exchange.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match (self, error) {
            (Self::Token { refused: Some(reason), .. }, Error::Refused(mut refusal)) => {
                refusal.text = format!("{} ({reason})", refusal.text).into();
                Error::Refused(refusal)
            }
            (_, error) => error,
        }
    }
}

fn secret(text: String) -> Secret {
    Secret::new(Bytes::from(text))
}
