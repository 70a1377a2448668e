//! Messages of a client, from octets that chance has chosen.

use super::proof::{Exchange, TOKEN};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Stands between two exchanges.
pub const NEXT: u8 = 0xfe;
/// Stands between two messages.
pub const MESSAGE: u8 = 0xfd;
/// At the beginning of an answer: it is sent as it is, and not in base64.
const RAW: u8 = 0xfb;
/// The nonce of both sides, from the server's challenge.
const NONCE: u8 = 0xf5;
/// The right proof of a password for the message so far: the octet behind it chooses whose.
const PROOF: u8 = 0xf6;
/// What `c=` must say.
const BINDING: u8 = 0xf7;
/// A token that is right.
const RIGHT_TOKEN: u8 = 0xf8;
/// A token with one octet changed: the octet behind it says which.
const WRONG_TOKEN: u8 = 0xf9;

/// Writes messages.
pub struct Writer<'a> {
    exchange: &'a Exchange,
}

impl<'a> Writer<'a> {
    pub fn new(exchange: &'a Exchange) -> Self {
        Self { exchange }
    }

    /// The first message, as it stands in the command.
    pub fn initial(&self, message: &[u8]) -> Vec<u8> {
        STANDARD.encode(self.expand(message)).into_bytes()
    }

    /// An answer to a prompt: one line, whatever was chosen.
    pub fn answer(&self, message: &[u8]) -> Vec<u8> {
        match message.split_first() {
            Some((&RAW, rest)) => {
                rest.iter().copied().filter(|octet| !b"\r\n".contains(octet)).collect()
            }
            _ => self.initial(message),
        }
    }

    fn expand(&self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len());
        let mut octets = message.iter().copied();
        while let Some(octet) = octets.next() {
            match octet {
                NONCE => out.extend_from_slice(self.exchange.nonce().as_bytes()),
                PROOF => {
                    let whose = octets.next().unwrap_or_default();
                    let proof = self.exchange.proof(&out, whose);
                    out.extend_from_slice(STANDARD.encode(proof).as_bytes());
                }
                BINDING => out.extend_from_slice(self.exchange.binding().as_bytes()),
                RIGHT_TOKEN => out.extend_from_slice(TOKEN.as_bytes()),
                WRONG_TOKEN => {
                    let mut token = TOKEN.as_bytes().to_vec();
                    let at = usize::from(octets.next().unwrap_or_default()) * 3 % token.len();
                    token[at] = if token[at] == b'A' { b'B' } else { b'A' };
                    out.extend_from_slice(&token);
                }
                octet => out.push(octet),
            }
        }
        out
    }
}
