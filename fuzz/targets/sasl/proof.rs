//! Who has proved what in an exchange: a judge that shares no code with the server (RFC 4616, 5802,
//! 6750).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peregrine_store::ScramKeys;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;
use std::sync::OnceLock;

/// The users and their passwords.
pub const USERS: [(&str, &str); 2] = [("ann", "secret"), ("bob", "builder")];
/// As few as RFC 7677 §4 allows.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("not zero");
/// Of both users: what differs is the password.
const SALT: &[u8] = b"some sixteen oct";

/// The modulus of the key that has signed [`TOKEN`], whose exponent is 65537.
pub const MODULUS: &str = "zB1c1TPKo16lM0WcQmW9cgyRBFm1EpjaSvZG73BcjLWRXIMZhHvuPGDZL98KvBHqbOQFTzNqyG_8Jb9cy-Qw\
     NRNdgImM8cb8XM04W153gFNa4RJSQ0tbk_EnhfK1ErB2CYDtkVrMNtVsG_1stVQzSJKEnhBmMBMykRPo2v2i\
     1wQG8W0CBSVCulRPG51CKxbtj2xjwJLL6JqcGLJe3cv8LEHX_UeR0-YW5emU08nxB4tP6xzQaOHANmnUiTFS\
     zWPOrZvwIrHuxghLOvsRhKltkvykWqGZmn6lzs61F_PE0rTYXwDITtv8MzOAsHQYgj-IAAxI4znyMeuuc675\
     h7ORAQ";
/// Of ann, until 2100.
pub const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL2xvZ2lu\
     LmV4YW1wbGUub3JnIiwiYXVkIjpbImltYXAiLCJ3ZWIiXSwiZXhwIjo0MTAyNDQ0ODAwLCJlbWFpbCI6ImFu\
     bkBleGFtcGxlLm9yZyIsImVtYWlsX3ZlcmlmaWVkIjp0cnVlfQ.RLuevIlaxaT4WwKnAqVxgGwzMHwRZT6Nb\
     bLF5JUCbDX_uKkMYPoLKBHLiFtAR0sdQDPD0NyavzRbRFjoulVPL3KEzfXyyYf3t6PCADHhaeyDBkJfgwGj5\
     sVR4mmDDuQzjaGpdxfFwc9lb30ch8q57O-Cbo4_gAyxEE0hBKRE-1pvxthBOIFUWmMQsBsVAb1hIRBBnK6-f\
     2p-qQJ21i3X8oMyXgyCB3R0zQkEAaK84D3QKJNj-uZeRSoVi9SHzqKlG-IN2NwWTGfZLVZU99-tXdIsNzyqU\
     G7NtlKsaQtdvLqUEuTKRvYNXJv0E9YjhDbaMO7e75MqSJtH8vT81el7EQ";

/// One exchange, as the client knows it.
pub struct Exchange {
    mechanism: &'static str,
    channel: Option<[u8; 32]>,
    /// What was sent, decoded; `None` once something was sent that is no base64.
    sent: Option<Vec<Vec<u8>>>,
    challenges: Vec<Vec<u8>>,
}

impl Exchange {
    pub fn new(mechanism: &'static str, channel: Option<[u8; 32]>) -> Self {
        Self { mechanism, channel, sent: Some(Vec::new()), challenges: Vec::new() }
    }

    /// A line of the client, or its initial response.
    pub fn sent(&mut self, line: &[u8]) {
        match (STANDARD.decode(line), &mut self.sent) {
            (Ok(message), Some(sent)) => sent.push(message),
            _ => self.sent = None,
        }
    }

    /// A prompt of the server.
    pub fn challenged(&mut self, challenge: &[u8]) {
        self.challenges.push(STANDARD.decode(challenge).expect("a prompt is in base64"));
    }

    /// Whose mail the client may have.
    pub fn proved(&self) -> Option<&'static str> {
        let sent: Vec<&[u8]> = self.sent.as_ref()?.iter().map(Vec::as_slice).collect();
        match (self.mechanism, sent.as_slice()) {
            ("PLAIN", [message]) => {
                let mut parts = message.split(|octet| *octet == 0);
                let (authorization, user, password) = (parts.next()?, parts.next()?, parts.next()?);
                let user = knows(user, password)?;
                (parts.next().is_none() && acts_as(user, authorization)).then_some(user)
            }
            ("LOGIN", [user, password]) => knows(user, password),
            // The last message only thanks for the server's own proof.
            ("SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS", [first, last, _]) => self.scram(first, last),
            ("OAUTHBEARER", [message]) => {
                let message = std::str::from_utf8(message).ok()?;
                let (header, _) = message.split_once('\u{1}')?;
                // RFC 7628 §3.1: a gs2-header without a channel binding.
                let (flag, rest) = header.split_once(',')?;
                let named = rest.strip_suffix(',').filter(|_| matches!(flag, "n" | "y"))?;
                let authorization =
                    if named.is_empty() { named } else { named.strip_prefix("a=")? };
                (bears(message) && is_ann(&unescaped(authorization)?)).then_some("ann")
            }
            ("XOAUTH2", [message]) => {
                let message = std::str::from_utf8(message).ok()?;
                let (user, _) = message.strip_prefix("user=")?.split_once('\u{1}')?;
                (bears(message) && is_ann(user)).then_some("ann")
            }
            _ => None,
        }
    }

    fn scram(&self, first: &[u8], last: &[u8]) -> Option<&'static str> {
        let last = std::str::from_utf8(last).ok()?;
        let (without, proof) = last.rsplit_once(",p=")?;
        let proof = STANDARD.decode(proof).ok()?;
        let mut parts = without.split(',');
        let bound = parts.next()?.strip_prefix("c=")? == self.binding();
        let answers = parts.next()?.strip_prefix("r=")? == self.nonce();
        let first = std::str::from_utf8(first).ok()?;
        let mut parts = first.split(',');
        let plus = parts.next()?.starts_with("p=");
        let fits = plus == self.mechanism.ends_with("PLUS");
        let authorization = parts.next()?;
        let authorization = authorization.strip_prefix("a=").unwrap_or(authorization);
        let named = unescaped(parts.next()?.strip_prefix("n=")?)?;
        let named = called(named.as_bytes())?;
        let at = USERS.iter().position(|(user, _)| *user == named)?;
        let right = self.proof(format!("{without},p=").as_bytes(), at as u8) == proof;
        let user = USERS[at].0;
        let acts = acts_as(user, unescaped(authorization)?.as_bytes());
        (bound && answers && fits && right && acts).then_some(user)
    }

    /// The nonce of both sides, once the server has told it.
    pub fn nonce(&self) -> &str {
        let challenge = self.challenges.last().map(Vec::as_slice).unwrap_or_default();
        let challenge = std::str::from_utf8(challenge).unwrap_or_default();
        let last = self.server_first().unwrap_or(challenge);
        last.split(',').find_map(|part| part.strip_prefix("r=")).unwrap_or_default()
    }

    fn server_first(&self) -> Option<&str> {
        let with_nonce = |challenge: &&Vec<u8>| challenge.starts_with(b"r=");
        std::str::from_utf8(self.challenges.iter().find(with_nonce)?).ok()
    }

    /// `c=` of RFC 5802 §7: the header of the first message, and the channel's own octets.
    pub fn binding(&self) -> String {
        let first = self.sent.as_ref().and_then(|sent| sent.first()).map(Vec::as_slice);
        let commas = first.unwrap_or_default().split_inclusive(|octet| *octet == b',').take(2);
        let mut header = commas.flatten().copied().collect::<Vec<u8>>();
        if header.starts_with(b"p=") {
            header.extend_from_slice(self.channel.as_ref().map_or(&[][..], |channel| channel));
        }
        STANDARD.encode(header)
    }

    /// The proof that a user knows his password (RFC 5802 §3), for a last message so far.
    pub fn proof(&self, last: &[u8], whose: u8) -> Vec<u8> {
        let first = self.sent.as_ref().and_then(|sent| sent.first()).map(Vec::as_slice);
        let bare = first.unwrap_or_default().splitn(3, |octet| *octet == b',').nth(2);
        let without = last.strip_suffix(b",p=").unwrap_or(last);
        let challenge = self.server_first().unwrap_or_default().as_bytes();
        let message = [bare.unwrap_or_default(), challenge, without].join(&b","[..]);
        let salted = &salted()[usize::from(whose) % USERS.len()];
        let client = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salted), b"Client Key");
        let stored = digest::digest(&digest::SHA256, client.as_ref());
        let key = hmac::Key::new(hmac::HMAC_SHA256, stored.as_ref());
        let signature = hmac::sign(&key, &message);
        client.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect()
    }
}

/// What the server keeps of a user's password.
pub fn scram_keys(whose: usize) -> ScramKeys {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted()[whose]);
    let client = hmac::sign(&key, b"Client Key");
    ScramKeys {
        iterations: ITERATIONS.get(),
        salt: SALT.to_vec(),
        stored_key: digest::digest(&digest::SHA256, client.as_ref()).as_ref().to_vec(),
        server_key: hmac::sign(&key, b"Server Key").as_ref().to_vec(),
    }
}

fn salted() -> &'static [[u8; 32]; 2] {
    static SALTED: OnceLock<[[u8; 32]; 2]> = OnceLock::new();
    SALTED.get_or_init(|| {
        USERS.map(|(_, password)| {
            let mut salted = [0; 32];
            let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
            pbkdf2::derive(algorithm, ITERATIONS, SALT, password.as_bytes(), &mut salted);
            salted
        })
    })
}

/// Whose name and password these are (RFC 4013: one name has many spellings).
fn knows(user: &[u8], password: &[u8]) -> Option<&'static str> {
    let (user, password) = (called(user)?, prepared(password)?);
    let found = USERS.iter().find(|(name, _)| *name == user)?;
    (found.1 == password).then_some(found.0)
}

/// Users have no case of letters.
fn called(user: &[u8]) -> Option<String> {
    prepared(user).map(|user| user.to_lowercase())
}

fn prepared(text: &[u8]) -> Option<String> {
    Some(stringprep::saslprep(std::str::from_utf8(text).ok()?).ok()?.into_owned())
}

fn acts_as(user: &str, authorization: &[u8]) -> bool {
    authorization.is_empty() || called(authorization).as_deref() == Some(user)
}

fn is_ann(named: &str) -> bool {
    let local = named.rsplit_once('@').filter(|(_, of)| of.eq_ignore_ascii_case("example.org"));
    acts_as("ann", local.map_or(named, |(local, _)| local).as_bytes())
}

fn bears(message: &str) -> bool {
    let pairs = message.strip_suffix("\u{1}\u{1}").unwrap_or_default().split('\u{1}');
    let mut all = pairs.filter_map(|pair| pair.strip_prefix("auth="));
    let (Some(auth), None) = (all.next(), all.next()) else { return false };
    auth.split_once(' ')
        .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token == TOKEN)
}

/// `=2C` and `=3D` (RFC 5802 §5.1).
fn unescaped(name: &str) -> Option<String> {
    let rest = name.replace("=2C", "").replace("=3D", "");
    (!rest.contains('=')).then(|| name.replace("=2C", ",").replace("=3D", "="))
}
