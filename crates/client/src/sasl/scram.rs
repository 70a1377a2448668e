//! SCRAM-SHA-256 (RFC 5802, RFC 7677), with channel binding by `tls-exporter` (RFC 9266).
//!
//! Our own, since what a hostile server sends must cost a bounded time and never a panic; the
//! server's proof is always verified.

use crate::capabilities::Capabilities;
use crate::error::{Error, Result};
use crate::tls::ChannelBinding;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SecureRandom;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;

/// Most iterations of PBKDF2 that a server can make us do: some tenths of a second. Servers ask for
/// 4,096 to 600,000.
pub(super) const MAX_ITERATIONS: u32 = 1_000_000;

/// Octets of chance in our nonce.
const NONCE: usize = 24;

pub(crate) struct Scram {
    name: String,
    password: String,
    /// `gs2-header`, and the same with what it binds to.
    header: String,
    bound: Vec<u8>,
    nonce: String,
    stage: Stage,
}

/// What a login is bound to (`gs2-cbind-flag`, RFC 5802 §6).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binding {
    /// This TLS connection.
    Used(ChannelBinding),
    /// We could bind, and the server has not offered it. If it has, and somebody has taken that out
    /// of its words, it refuses us.
    NotOffered,
    /// Nothing.
    None,
}

impl Binding {
    /// What there is on this connection, and what the server offers.
    pub(crate) fn of(binding: Option<ChannelBinding>, offered: &Capabilities) -> Self {
        match binding {
            Some(binding) if offered.has_mechanism("SCRAM-SHA-256-PLUS") => Self::Used(binding),
            Some(_) => Self::NotOffered,
            None => Self::None,
        }
    }
}

enum Stage {
    First,
    /// The server's signature that must come.
    Proof(hmac::Tag),
    Verified,
}

impl Scram {
    pub(super) fn new(user: &str, password: &str, binding: Binding) -> Result<Self> {
        let mut chance = [0; NONCE];
        let random = ring::rand::SystemRandom::new();
        random.fill(&mut chance).map_err(|_| wrong("no random numbers"))?;
        Self::with_nonce(user, password, binding, STANDARD.encode(chance))
    }

    fn with_nonce(user: &str, password: &str, binding: Binding, nonce: String) -> Result<Self> {
        let prepared = |text: &str| match stringprep::saslprep(text) {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(Error::Argument("user or password hold characters that SASL forbids")),
        };
        let header = match binding {
            Binding::Used(_) => "p=tls-exporter,,",
            Binding::NotOffered => "y,,",
            Binding::None => "n,,",
        };
        let mut bound = header.as_bytes().to_vec();
        if let Binding::Used(binding) = binding {
            bound.extend(binding);
        }
        Ok(Self {
            name: prepared(user)?.replace('=', "=3D").replace(',', "=2C"),
            password: prepared(password)?,
            header: header.to_owned(),
            bound,
            nonce,
            stage: Stage::First,
        })
    }

    pub(super) fn first(&self) -> String {
        format!("{}{}", self.header, self.bare())
    }

    // client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
    fn bare(&self) -> String {
        format!("n={},r={}", self.name, self.nonce)
    }

    pub(super) fn step(&mut self, message: &[u8]) -> Result<String> {
        let message = std::str::from_utf8(message).map_err(|_| wrong("it is not UTF-8"))?;
        match &self.stage {
            Stage::First => self.prove(message),
            Stage::Proof(signature) => {
                verify(message, signature)?;
                self.stage = Stage::Verified;
                Ok(String::new())
            }
            Stage::Verified => Err(wrong("a message too many")),
        }
    }

    pub(super) fn finish(&self) -> Result<()> {
        match self.stage {
            Stage::Verified => Ok(()),
            _ => Err(wrong("it has not proved that it knows the password")),
        }
    }

    // server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count
    //                        ["," extensions]
    fn prove(&mut self, message: &str) -> Result<String> {
        let mut parts = message.split(',');
        let mut part = |name: &str| {
            parts.next().and_then(|part| part.strip_prefix(name)).ok_or_else(|| wrong(message))
        };
        let nonce = part("r=")?;
        let salt = STANDARD.decode(part("s=")?).map_err(|_| wrong("its salt is not base64"))?;
        let iterations = part("i=")?.parse().ok().and_then(NonZeroU32::new);
        let iterations = iterations.ok_or_else(|| wrong("its number of iterations is none"))?;
        if iterations.get() > MAX_ITERATIONS {
            return Err(wrong("it asks for too many iterations"));
        }
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(wrong("its nonce does not begin with ours"));
        }
        let salted = salted(&self.password, &salt, iterations);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
        let client_key = hmac::sign(&key, b"Client Key");
        let server_key = hmac::sign(&key, b"Server Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());

        let unproved = format!("c={},r={nonce}", STANDARD.encode(&self.bound));
        let all = format!("{},{message},{unproved}", self.bare());
        let sign = |key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), all.as_bytes());
        let signature = sign(stored_key.as_ref());
        let proof: Vec<u8> =
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect();
        self.stage = Stage::Proof(sign(server_key.as_ref()));
        Ok(format!("{unproved},p={}", STANDARD.encode(proof)))
    }
}

fn salted(password: &str, salt: &[u8], iterations: NonZeroU32) -> [u8; digest::SHA256_OUTPUT_LEN] {
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(algorithm, iterations, salt, password.as_bytes(), &mut salted);
    salted
}

// server-final-message = (server-error / verifier) ["," extensions]
fn verify(message: &str, signature: &hmac::Tag) -> Result<()> {
    let first = message.split(',').next().unwrap_or_default();
    if let Some(error) = first.strip_prefix("e=") {
        return Err(wrong(error));
    }
    let verifier = first.strip_prefix("v=").and_then(|text| STANDARD.decode(text).ok());
    match verifier {
        Some(verifier) if verifier == signature.as_ref() => Ok(()),
        _ => Err(wrong("its proof is wrong: it does not know the password")),
    }
}

fn wrong(what: &str) -> Error {
    Error::Login(format!("the server's message is refused: {}", crate::text::plain(what)))
}

#[cfg(test)]
mod tests {
    use super::{MAX_ITERATIONS, Scram};

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                                s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn scram() -> Scram {
        Scram::with_nonce("user", "pencil", super::Binding::None, NONCE.to_owned()).unwrap()
    }

    /// The example of RFC 7677 §3.
    #[test]
    fn the_example_of_the_rfc() {
        let mut scram = scram();
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        assert_eq!(
            scram.step(SERVER_FIRST.as_bytes()).unwrap(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(scram.finish().is_err());
        assert_eq!(scram.step(SERVER_FINAL.as_bytes()).unwrap(), "");
        assert!(scram.finish().is_ok());
    }

    /// C11: what a server sends to cost us time, or to be believed without proof.
    #[test]
    fn c11_hostile_servers_are_refused() {
        let many = MAX_ITERATIONS + 1;
        for first in [
            format!("r={NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2147483647"),
            format!("r={NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={many}"),
            format!("r={NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0"),
            format!("r={NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1"),
            format!("r={NONCE}x,s=!,i=4096"),
            format!("r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
            "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".to_owned(),
            format!("r={NONCE}x"),
            String::new(),
            "r".to_owned(),
            "e=other-error".to_owned(),
        ] {
            assert!(scram().step(first.as_bytes()).is_err(), "{first}");
        }
        for last in ["", "v", "v=", "v=AAAA", "e=invalid-proof", "x=1", "v=é"] {
            let mut scram = scram();
            scram.step(SERVER_FIRST.as_bytes()).unwrap();
            assert!(scram.step(last.as_bytes()).is_err(), "{last}");
            assert!(scram.finish().is_err(), "{last}");
        }
    }
}
