//! Access tokens in the place of passwords: JSON Web Tokens (RFC 7519) that an authority outside has
//! signed (RFC 7515), checked here by its public keys, without asking anybody.
//!
//! - [`Tokens`]: what is accepted. `keys`: the authority's keys (RFC 7517), read from a file.
//!
//! Signatures are checked by ring, with the algorithm that the *key* is for; what the token says of
//! itself only has to agree. `none` and HMAC are not known at all, so that neither can be smuggled in.

mod keys;

pub use keys::KeyError;

use crate::authentication::known_as;
use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keys::Keys;
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far the authority's clock may be from ours.
const LEEWAY: Duration = Duration::from_secs(60);

/// Longest token, in octets: it must fit in a SASL message.
const MAX_TOKEN: usize = 12 * 1024;

/// What a token must say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenPolicy {
    /// Who made it: its `iss`, octet by octet.
    pub issuer: String,
    /// Whom it is for: its `aud`, or one of them.
    pub audience: String,
    /// The claim that names the user, such as `email`, `preferred_username` or `sub`.
    pub claim: String,
    /// Where users are known here without the domain that the claim has: that domain. Claims of other
    /// domains then name nobody.
    pub domain: Option<String>,
    /// The scope that clients are told to ask for, when a token is refused.
    pub scope: Option<String>,
}

/// Checks tokens, for one server.
pub struct Tokens {
    policy: TokenPolicy,
    keys: ArcSwap<Keys>,
}

/// Why a token is refused, for the log; the client is told less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no JWT, or a claim is of the wrong type.
    #[error("the token is no JWT that we understand")]
    Malformed,
    /// No key of ours has signed it.
    #[error("no key of ours has signed the token")]
    Signature,
    /// `exp` has passed or is not there.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is to come.
    #[error("the token is not valid yet")]
    Early,
    /// Somebody else has made it.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// The claim that names the user is missing, or names nobody here.
    #[error("the token names no user of ours")]
    User,
}

impl Tokens {
    /// Accepts tokens by this policy that a key of this JWK set (RFC 7517 §5) has signed.
    ///
    /// # Errors
    /// [`KeyError`] for a set that cannot be used.
    pub fn new(policy: TokenPolicy, key_set: &str) -> Result<Self, KeyError> {
        Ok(Self { policy, keys: ArcSwap::from_pointee(Keys::parse(key_set)?) })
    }

    /// Replaces the keys for all later logins.
    ///
    /// # Errors
    /// As [`Tokens::new`]; the old ones then stay.
    pub fn reload(&self, key_set: &str) -> Result<(), KeyError> {
        self.keys.store(Keys::parse(key_set)?.into());
        Ok(())
    }

    pub(crate) fn scope(&self) -> Option<&str> {
        self.policy.scope.as_deref()
    }

    /// Whom the token names, as he is called here.
    pub(crate) fn user(&self, token: &str, now: SystemTime) -> Result<String, TokenError> {
        let claims = self.verified(token)?;
        self.check_times(&claims, now)?;
        if text(&claims, "iss")? != Some(&self.policy.issuer) {
            return Err(TokenError::Issuer);
        }
        self.check_audience(&claims)?;
        // An address that the authority has not seen proved is anybody's.
        if self.policy.claim == "email" && claims.get("email_verified") == Some(&Value::Bool(false))
        {
            return Err(TokenError::User);
        }
        let named = text(&claims, &self.policy.claim)?.ok_or(TokenError::User)?;
        self.local(named).ok_or(TokenError::User)
    }

    /// The name by which a user is known here, where he is.
    pub(crate) fn local(&self, named: &str) -> Option<String> {
        let name = match &self.policy.domain {
            None => named,
            Some(domain) => {
                let (name, of) = named.rsplit_once('@')?;
                of.eq_ignore_ascii_case(domain).then_some(name)?
            }
        };
        known_as(name).ok()
    }

    /// The claims, once the signature was found right.
    fn verified(&self, token: &str) -> Result<Map<String, Value>, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Malformed);
        }
        // RFC 7515 §7.1: header, payload and signature.
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = (object(header)?, object(payload)?);
        // RFC 7515 §4.1.11: who does not understand what is critical must refuse.
        if header.contains_key("crit") {
            return Err(TokenError::Malformed);
        }
        let algorithm = text(&header, "alg")?.ok_or(TokenError::Malformed)?;
        let name = text(&header, "kid")?;
        let signature = decode(signature)?;
        if !self.keys.load().verify(algorithm, name, signed.as_bytes(), &signature) {
            return Err(TokenError::Signature);
        }
        Ok(claims)
    }

    fn check_times(&self, claims: &Map<String, Value>, now: SystemTime) -> Result<(), TokenError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let leeway = LEEWAY.as_secs_f64();
        match time(claims, "exp")? {
            Some(end) if now < end + leeway => {}
            _ => return Err(TokenError::Expired),
        }
        match time(claims, "nbf")? {
            Some(begin) if now + leeway < begin => Err(TokenError::Early),
            _ => Ok(()),
        }
    }

    /// RFC 7519 §4.1.3: one, or a list.
    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        let ours = |value: &Value| value.as_str() == Some(&self.policy.audience);
        let meant = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        };
        if meant { Ok(()) } else { Err(TokenError::Audience) }
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| TokenError::Malformed)
}

/// A claim that must be a text where it is there: another type is no absence.
fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Malformed),
    }
}

/// `NumericDate` (RFC 7519 §2): seconds since 1970, perhaps with a fraction.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(TokenError::Malformed),
    }
}

#[cfg(test)]
mod tests;
