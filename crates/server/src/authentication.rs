//! Who may log in: passwords checked at a bounded rate, guesses slowed down, and one answer for
//! every kind of failure.

mod bearer;
#[cfg(test)]
mod mangled;
mod password;
pub(crate) mod sasl;
mod throttle;

pub(crate) use bearer::{Bearer, refusal};
pub(crate) use password::known_as;
pub use password::{MAX_PASSWORD, MAX_USER, PasswordError, credentials, user_name};
pub(crate) use sasl::{Exchange, Identity, Mechanism, Step, Unfit, identity};

use crate::fair;
use crate::log::Shown;
use crate::oauth::{TokenError, Tokens};
use password::Hasher;
use peregrine_store::{AccountId, Credentials, ScramKeys, Store};
use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;
use throttle::{Crowded, Throttle};

/// Checks who comes in, for one server.
pub(crate) struct Authenticator {
    store: Store,
    hasher: Hasher,
    throttle: Throttle,
}

/// Why somebody may not log in.
#[derive(Debug)]
pub(crate) enum Denied {
    /// Unknown user, wrong password, malformed message: nobody is told which.
    Failed,
    /// The access token was refused.
    Token(TokenError),
    /// The password was right, but it opens only this user's own mail.
    NotAuthorized,
    /// Too many others are being checked.
    Busy,
    /// The store does not answer.
    Store(peregrine_store::Error),
}

impl Denied {
    /// The reason for the log.
    pub(crate) fn why(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Failed => "wrong name or password",
            Self::Token(error) => return Cow::Owned(error.to_string()),
            Self::NotAuthorized => "may not act for another",
            Self::Busy => "too many logins at once",
            Self::Store(_) => "the store does not answer",
        })
    }
}

impl From<fair::Crowded> for Denied {
    fn from(_: fair::Crowded) -> Self {
        Self::Busy
    }
}

impl From<Crowded> for Denied {
    fn from(_: Crowded) -> Self {
        Self::Busy
    }
}

/// Somebody whose password was right.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) account: AccountId,
}

impl Authenticator {
    pub(crate) fn new(
        store: Store,
        checks: usize,
        nobody: Option<String>,
    ) -> Result<Self, PasswordError> {
        let throttle = Throttle::new(&password::random()?);
        Ok(Self { store, hasher: Hasher::new(checks)?.with_nobody(nobody), throttle })
    }

    /// Checks a password (LOGIN, PLAIN).
    pub(crate) async fn password(
        &self,
        remote: IpAddr,
        identity: &Identity,
        password: &[u8],
    ) -> Result<User, Denied> {
        // A name or password that nobody can have goes the same way as a wrong one.
        let name = known_as(&identity.user).unwrap_or_default();
        let text = std::str::from_utf8(password).unwrap_or_default();
        self.throttle.wait(remote, &name).await?;
        let found = self.lookup(&name).await?;
        let hash = found.as_ref().map(|(_, credentials)| credentials.password_hash.as_str());
        let right = self.hasher.verify(remote, hash, text).await?;
        match found {
            Some((account, _)) if right => self.admit(remote, identity, name, account),
            _ => Err(self.failed(remote, &name, password).await),
        }
    }

    /// The keys that a SCRAM exchange is checked with, for a user that may not exist.
    pub(crate) async fn scram_keys(
        &self,
        remote: IpAddr,
        identity: &Identity,
    ) -> Result<ScramKeys, Denied> {
        let name = known_as(&identity.user).unwrap_or_default();
        self.throttle.wait(remote, &name).await?;
        let nobody = self.hasher.nobody_keys(&name);
        let found = self.lookup(&name).await?;
        Ok(found.and_then(|(_, credentials)| credentials.scram_sha_256).unwrap_or(nobody))
    }

    /// Ends a SCRAM exchange whose proof was right or wrong.
    pub(crate) async fn scram_end(
        &self,
        remote: IpAddr,
        identity: &Identity,
        proof: &[u8],
        proved: bool,
    ) -> Result<User, Denied> {
        let name = known_as(&identity.user).unwrap_or_default();
        // Looked up again: the account may have gone meanwhile, and its number is needed.
        match self.lookup(&name).await? {
            Some((account, _)) if proved => self.admit(remote, identity, name, account),
            _ => Err(self.failed(remote, &name, proof).await),
        }
    }

    /// Checks an access token (OAUTHBEARER, XOAUTH2).
    ///
    /// Nobody can guess a token, so failures are held against the address and the token itself, and
    /// against no user: those that it could name are not known before it was found right.
    pub(crate) async fn token(
        &self,
        remote: IpAddr,
        tokens: &Tokens,
        bearer: &Bearer,
    ) -> Result<User, Denied> {
        let token = bearer.token.reveal();
        let mark = blake3::hash(token).to_hex();
        self.throttle.wait(remote, &mark).await?;
        let text = std::str::from_utf8(token).unwrap_or_default();
        let found = match tokens.user(text, SystemTime::now()) {
            Ok(name) => self.lookup(&name).await?.map(|(account, _)| (name, account)),
            Err(error) => return Err(self.failed_token(remote, &mark, error).await),
        };
        let Some((name, account)) = found else {
            return Err(self.failed_token(remote, &mark, TokenError::User).await);
        };
        // Clients name the user as the authority does, or as he is called here.
        let other = &bearer.authorization;
        let local = tokens.local(other).filter(|local| *local == name);
        let authorization = local.unwrap_or_else(|| other.clone());
        let identity = Identity { user: name.clone(), authorization };
        self.admit(remote, &identity, name, account)
    }

    async fn failed_token(&self, remote: IpAddr, mark: &str, error: TokenError) -> Denied {
        match self.throttle.failed(remote, mark, b"").await {
            Ok(()) => Denied::Token(error),
            Err(Crowded) => Denied::Busy,
        }
    }

    /// Notes a message that was no attempt at all; it is answered like a wrong password.
    pub(crate) async fn malformed(&self, remote: IpAddr) -> Denied {
        self.failed(remote, "", b"").await
    }

    async fn lookup(&self, name: &str) -> Result<Option<(AccountId, Credentials)>, Denied> {
        if name.is_empty() {
            return Ok(None);
        }
        // Read fresh each time: a cache here has let the wrong people in elsewhere.
        self.store.credentials(name).await.map_err(Denied::Store)
    }

    fn admit(
        &self,
        remote: IpAddr,
        identity: &Identity,
        name: String,
        account: AccountId,
    ) -> Result<User, Denied> {
        self.throttle.succeeded(remote, &name);
        let other = &identity.authorization;
        if !other.is_empty() && known_as(other).as_ref() != Ok(&name) {
            tracing::info!(user = %Shown(&name), other = %Shown(other), "may not act for another");
            return Err(Denied::NotAuthorized);
        }
        Ok(User { name, account })
    }

    async fn failed(&self, remote: IpAddr, name: &str, password: &[u8]) -> Denied {
        match self.throttle.failed(remote, name, password).await {
            Ok(()) => Denied::Failed,
            Err(Crowded) => Denied::Busy,
        }
    }
}
