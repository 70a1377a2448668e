//! A set of public keys (RFC 7517), and signatures by them (RFC 7518 §3, RFC 8037 §3.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;

/// Keys of one set: authorities have two to four.
const MAX_KEYS: usize = 64;

/// Why a set of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It is no JWK set.
    #[error("this is no JWK set (RFC 7517): {0}")]
    Malformed(#[from] serde_json::Error),
    /// Too many keys.
    #[error("it has more than {MAX_KEYS} keys")]
    TooMany,
    /// A symmetric key: whoever can check tokens with it can make them too.
    #[error("it has a symmetric key (kty \"oct\"), which must not be used for this")]
    Symmetric,
    /// A key for checking signatures that cannot be read.
    #[error("key {0} of it cannot be read")]
    Key(usize),
    /// None of its keys is for RS256, ES256, ES384 or EdDSA.
    #[error("it has no key for RS256, ES256, ES384 or EdDSA")]
    None,
}

/// The keys of an authority.
pub(super) struct Keys(Vec<Key>);

struct Key {
    name: Option<String>,
    algorithm: &'static str,
    material: Material,
}

enum Material {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    Other(&'static dyn VerificationAlgorithm, Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Jwk>,
}

/// What we read of a key; what else it has is passed over (RFC 7517 §4).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    r#use: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a set. Keys of kinds that we don't know are passed over (RFC 7517 §5).
    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        let set: Set = serde_json::from_str(text)?;
        if set.keys.len() > MAX_KEYS {
            return Err(KeyError::TooMany);
        }
        let mut keys = Vec::new();
        for (number, jwk) in (1..).zip(set.keys) {
            if jwk.kty == "oct" {
                return Err(KeyError::Symmetric);
            }
            let Some(algorithm) = jwk.algorithm() else { continue };
            let material = jwk.material(algorithm).ok_or(KeyError::Key(number))?;
            keys.push(Key { name: jwk.kid, algorithm, material });
        }
        if keys.is_empty() { Err(KeyError::None) } else { Ok(Self(keys)) }
    }

    /// Whether one of the keys, that of this name where one is given, has signed the message with the
    /// algorithm that it is for and that is named.
    pub(super) fn verify(
        &self,
        algorithm: &str,
        name: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let fits = |key: &&Key| {
            key.algorithm == algorithm
                && name.is_none_or(|name| key.name.as_ref().is_none_or(|own| own == name))
        };
        self.0.iter().filter(fits).any(|key| key.material.verify(message, signature))
    }
}

impl Jwk {
    /// What it is for, by its kind; `None` where that is none of ours.
    fn algorithm(&self) -> Option<&'static str> {
        if self.r#use.as_ref().is_some_and(|used| used != "sig") {
            return None;
        }
        let algorithm = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => "RS256",
            ("EC", Some("P-256")) => "ES256",
            ("EC", Some("P-384")) => "ES384",
            ("OKP", Some("Ed25519")) => "EdDSA",
            _ => return None,
        };
        self.alg.as_ref().is_none_or(|own| own == algorithm).then_some(algorithm)
    }

    fn material(&self, algorithm: &str) -> Option<Material> {
        let octets = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
        // An uncompressed point (SEC 1 §2.3.3).
        let point = |length: usize| {
            let (x, y) = (octets(&self.x)?, octets(&self.y)?);
            (x.len() == length && y.len() == length).then(|| [&[4][..], &x, &y].concat())
        };
        Some(match algorithm {
            "RS256" => {
                let (n, e) = (octets(&self.n)?, octets(&self.e)?);
                Material::Rsa(RsaPublicKeyComponents { n, e })
            }
            "ES256" => Material::Other(&ECDSA_P256_SHA256_FIXED, point(32)?),
            "ES384" => Material::Other(&ECDSA_P384_SHA384_FIXED, point(48)?),
            "EdDSA" => Material::Other(&ED25519, octets(&self.x).filter(|x| x.len() == 32)?),
            _ => return None,
        })
    }
}

impl Material {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            // 2048 bits at least.
            Self::Rsa(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            Self::Other(algorithm, key) => {
                UnparsedPublicKey::new(*algorithm, key).verify(message, signature)
            }
        };
        verified.is_ok()
    }
}
