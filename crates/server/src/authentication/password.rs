//! Passwords: what is kept of them, and checking one against it.

use crate::admission::network;
use crate::fair::{Crowded, Places};
use argon2::password_hash::{self, Output, PasswordHash, PasswordHasher, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use peregrine_proto::Secret;
use peregrine_store::{Credentials, ScramKeys};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// argon2id memory, in KiB: 19 MiB, OWASP's choice for two passes.
const MEMORY_KIB: u32 = 19 * 1024;
/// argon2id passes.
const PASSES: u32 = 2;
/// argon2id lanes.
const LANES: u32 = 1;
/// 1 KiB blocks of an allocation that is longer than 32 MiB; see [`memory`].
const MAPPED_BLOCKS: usize = 33 * 1024;
/// PBKDF2 rounds for SCRAM: the client pays for them at each login (RFC 7677 §4 asks for 4096 at
/// least; telephones do these in a tenth of a second).
const SCRAM_ITERATIONS: NonZeroU32 = NonZeroU32::new(65_536).unwrap();
/// Octets of salt.
pub(crate) const SALT: usize = 16;
/// Longest password, in octets; SASL messages are not longer either.
pub const MAX_PASSWORD: usize = 1024;
/// Longest user name, in octets.
pub const MAX_USER: usize = 240;
/// Attempts that may wait for a place to be hashed, for each place: about as many as are done before
/// the last one's patience ends. They wait by network (`crate::fair`).
const QUEUE_PER_PERMIT: usize = 64;
/// Longest wait for a place.
const QUEUE_DEADLINE: Duration = Duration::from_secs(20);

/// Why a password or user name cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// Longer than [`MAX_PASSWORD`] or [`MAX_USER`].
    #[error("it is too long")]
    TooLong,
    /// SASLprep forbids it (RFC 4013): control characters, unassigned code points and the like.
    #[error("it holds characters that cannot be typed alike everywhere")]
    Forbidden,
    /// The machine's source of randomness failed.
    #[error("no random numbers")]
    Random,
}

/// What to keep of a password: an argon2id hash, and keys for SCRAM-SHA-256. Takes a tenth of a
/// second of one core and 19 MiB, so keep it off the async threads.
///
/// # Errors
/// [`PasswordError`] where nobody could log in with it.
pub fn credentials(password: &str) -> Result<Credentials, PasswordError> {
    let password = prepare(password, MAX_PASSWORD)?;
    let salt = SaltString::encode_b64(&random::<SALT>()?).map_err(|_| PasswordError::Random)?;
    let password_hash = argon2()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|_| PasswordError::TooLong)?
        .to_string();
    let keys = scram_keys(password.as_bytes(), &random::<SALT>()?);
    Ok(Credentials { password_hash, scram_sha_256: Some(keys) })
}

/// A user name as it is kept and looked up: prepared as SASL does it (RFC 4013), so that one
/// name has one spelling.
///
/// # Errors
/// [`PasswordError`] for a name that cannot be one.
pub fn user_name(name: &str) -> Result<String, PasswordError> {
    prepare(name, MAX_USER)
}

/// As whom a user comes in, whatever letters he types: the store compares names without case, and so
/// must all that counts by them.
pub(crate) fn known_as(name: &str) -> Result<String, PasswordError> {
    user_name(name).map(|name| name.to_lowercase())
}

fn prepare(text: &str, longest: usize) -> Result<String, PasswordError> {
    if text.len() > longest {
        return Err(PasswordError::TooLong);
    }
    let prepared = stringprep::saslprep(text).map_err(|_| PasswordError::Forbidden)?;
    if prepared.is_empty() { Err(PasswordError::Empty) } else { Ok(prepared.into_owned()) }
}

/// `StoredKey` and `ServerKey` of RFC 5802 §3.
fn scram_keys(password: &[u8], salt: &[u8]) -> ScramKeys {
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, SCRAM_ITERATIONS, salt, password, &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let client_key = hmac::sign(&key, b"Client Key");
    ScramKeys {
        iterations: SCRAM_ITERATIONS.get(),
        salt: salt.to_vec(),
        stored_key: digest::digest(&digest::SHA256, client_key.as_ref()).as_ref().to_vec(),
        server_key: hmac::sign(&key, b"Server Key").as_ref().to_vec(),
    }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], PasswordError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| PasswordError::Random)?;
    Ok(bytes)
}

fn argon2() -> Argon2<'static> {
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
}

/// The hash of a password that nobody has, made once in a process: it takes 20 ms of a core.
fn nobody() -> Result<&'static str, PasswordError> {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash);
    }
    let salt = SaltString::encode_b64(&random::<SALT>()?).map_err(|_| PasswordError::Random)?;
    let hash = argon2().hash_password(&random::<32>()?, &salt);
    let hash = hash.map_err(|_| PasswordError::Random)?.to_string();
    Ok(HASH.get_or_init(|| hash))
}

/// Checks passwords, a bounded number at once: each costs 19 MiB and a core.
pub(crate) struct Hasher {
    /// By network, so that a flood of logins from one delays no others.
    places: Arc<Places>,
    /// What an unknown user's password is checked against, so that it takes the same time.
    nobody: String,
    /// Makes salts for users that do not exist.
    salt_key: hmac::Key,
}

impl Hasher {
    pub(crate) fn new(permits: usize) -> Result<Self, PasswordError> {
        let nobody = nobody()?.to_owned();
        Ok(Self {
            places: Places::new(permits, permits * QUEUE_PER_PERMIT, QUEUE_DEADLINE),
            nobody,
            salt_key: hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()?),
        })
    }

    /// With another hash for users that are not there.
    pub(crate) fn with_nobody(mut self, hash: Option<String>) -> Self {
        if let Some(hash) = hash {
            self.nobody = hash;
        }
        self
    }

    /// Whether the password is the one that was hashed. An unknown user (`None`) costs the same
    /// work and fails.
    pub(crate) async fn verify(
        &self,
        remote: IpAddr,
        hash: Option<&str>,
        password: &str,
    ) -> Result<bool, Crowded> {
        let place = self.places.take(network(remote)).await?;
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        // RFC 4013: the same preparation as when the password was set.
        let password = prepare(password, MAX_PASSWORD);
        let password = Secret::new(password.unwrap_or_default().into_bytes().into());
        let right = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even where the client has gone.
            let _place = place;
            matches(&hash, password.reveal())
        });
        Ok(right.await.unwrap_or(false) && known)
    }

    /// Keys for a user that does not exist: no password fits them, and the salt is the same each
    /// time, as a real user's is.
    pub(crate) fn nobody_keys(&self, user: &str) -> ScramKeys {
        let salt = hmac::sign(&self.salt_key, user.as_bytes());
        let key = hmac::sign(&self.salt_key, salt.as_ref());
        ScramKeys {
            iterations: SCRAM_ITERATIONS.get(),
            salt: salt.as_ref()[..SALT].to_vec(),
            stored_key: key.as_ref().to_vec(),
            server_key: key.as_ref().to_vec(),
        }
    }
}

fn matches(hash: &str, password: &[u8]) -> bool {
    match check(hash, password) {
        Ok(right) => right,
        Err(error) => {
            tracing::error!(%error, "a stored password hash cannot be read");
            false
        }
    }
}

/// Whether the password has this hash; the comparison takes the same time wherever they differ.
fn check(hash: &str, password: &[u8]) -> Result<bool, password_hash::Error> {
    let parsed = PasswordHash::new(hash)?;
    let expected = parsed.hash.ok_or(password_hash::Error::PhcStringField)?;
    let salt = parsed.salt.ok_or(password_hash::Error::PhcStringField)?;
    let mut salt_octets = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut salt_octets)?;
    let version = parsed.version.map_or(Ok(Version::V0x13), Version::try_from)?;
    let parameters = Params::try_from(&parsed)?;
    let mut memory = memory(&parameters);
    let mut out = [0; Output::MAX_LENGTH];
    let out = &mut out[..expected.len()];
    let algorithm = Algorithm::try_from(parsed.algorithm)?;
    let argon2 = Argon2::new(algorithm, version, parameters);
    argon2.hash_password_into_with_memory(password, salt, out, &mut memory)?;
    Ok(Output::new(out)? == expected)
}

/// Memory for one hash, which goes back to the system at once: the GNU allocator maps what is
/// longer than 32 MiB by itself, while 19 MiB would stay with each thread that ever hashed. Pages
/// that are not touched cost nothing.
fn memory(parameters: &Params) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(parameters.block_count().max(MAPPED_BLOCKS));
    blocks.resize_with(parameters.block_count(), Block::default);
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::net::Ipv4Addr;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const NEIGHBOUR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));
    const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));

    /// The password, spelt in another Unicode form, is the same password (RFC 4013 §2.2).
    #[tokio::test]
    async fn right_and_wrong_passwords() {
        let kept = credentials("pa\u{df}wor\u{64} \u{e9}").unwrap();
        let hasher = Hasher::new(2).unwrap();
        let hash = Some(kept.password_hash.as_str());
        assert!(hasher.verify(HOME, hash, "pa\u{df}word e\u{301}").await.unwrap());
        assert!(!hasher.verify(HOME, hash, "password").await.unwrap());
        assert!(!hasher.verify(HOME, hash, "").await.unwrap());
        assert!(!hasher.verify(HOME, None, "password").await.unwrap());
        assert!(!hasher.verify(HOME, Some("rubbish"), "password").await.unwrap());
        // Nobody is not let in even where the password is right.
        let hasher = hasher.with_nobody(Some(kept.password_hash));
        assert!(!hasher.verify(HOME, None, "pa\u{df}word \u{e9}").await.unwrap());
    }

    /// T59: as many wait as may, the next one is told to come again; nobody waits for ever; and who
    /// comes from another network gets a place in the queue that a flood has filled.
    #[tokio::test(start_paused = true)]
    async fn checks_and_their_queue_are_bounded() {
        let hasher = Hasher::new(1).unwrap();
        let working = hasher.places.take(network(HOME)).await.unwrap();
        let begun = tokio::time::Instant::now();
        let refused_after = async |remote| {
            assert!(hasher.verify(remote, None, "x").await.is_err());
            begun.elapsed()
        };
        let flood = join_all((0..QUEUE_PER_PERMIT).map(|_| refused_after(HOME)));
        let (flood, one_more, neighbour, other) =
            tokio::join!(flood, refused_after(HOME), refused_after(NEIGHBOUR), refused_after(AWAY));
        assert!(one_more.is_zero() && neighbour.is_zero());
        assert_eq!(other, QUEUE_DEADLINE);
        let waited = flood.iter().filter(|after| **after == QUEUE_DEADLINE).count();
        assert_eq!((waited, flood.len() - waited), (QUEUE_PER_PERMIT - 1, 1));
        drop(working);
        assert!(!hasher.verify(HOME, None, "x").await.unwrap());
    }

    /// T51: what an unknown user is told does not change from one attempt to the next.
    #[test]
    fn nobody_has_a_steady_salt() {
        let hasher = Hasher::new(2).unwrap();
        assert_eq!(hasher.nobody_keys("eve").salt, hasher.nobody_keys("eve").salt);
        assert_ne!(hasher.nobody_keys("eve").salt, hasher.nobody_keys("adam").salt);
        assert_eq!(
            hasher.nobody_keys("eve").salt.len(),
            credentials("x").unwrap().scram_sha_256.unwrap().salt.len()
        );
    }

    /// What nobody could log in with is refused when it is set.
    #[test]
    fn names_and_passwords_that_cannot_be() {
        assert_eq!(user_name("").err(), Some(PasswordError::Empty));
        assert_eq!(user_name("a\u{7}b").err(), Some(PasswordError::Forbidden));
        assert_eq!(user_name(&"x".repeat(MAX_USER + 1)).err(), Some(PasswordError::TooLong));
        assert!(user_name(&"x".repeat(MAX_USER)).is_ok());
        assert_eq!(credentials("\u{ad}").err(), Some(PasswordError::Empty));
    }
}
