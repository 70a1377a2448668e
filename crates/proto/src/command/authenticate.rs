//! AUTHENTICATE (RFC 3501 §6.2.2), with an initial response (RFC 4959).

use super::States;
use crate::Secret;
use crate::effects::Effects;
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use bytestring::ByteString;

/// The AUTHENTICATE command: begins an exchange of SASL.
#[derive(Clone, Debug)]
pub struct Authenticate {
    /// The mechanism's name, upper case.
    pub mechanism: ByteString,
    /// SASL-IR (RFC 4959): the decoded initial response; empty for `=`.
    pub initial_response: Option<Secret>,
}

impl Authenticate {
    pub(crate) const NAME: &'static str = "AUTHENTICATE";
    pub(crate) const STATES: States = States::NOT_AUTHENTICATED;

    /// ```abnf
    /// authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]
    /// auth-type    = atom
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let offset = reader.offset();
        let name = reader.atom("a mechanism such as PLAIN")?;
        let mechanism = super::upper_case(name, offset)?;
        if reader.is_at_end() {
            return Ok(Self { mechanism, initial_response: None });
        }
        reader.space()?;
        let offset = reader.offset();
        let base64 = reader.atom("a response in base64")?;
        let response = match base64 {
            b"=" => Vec::new(),
            _ => STANDARD
                .decode(base64)
                .map_err(|_| SyntaxError::wrong(offset, "the initial response is not base64"))?,
        };
        Ok(Self { mechanism, initial_response: Some(Secret::new(Bytes::from(response))) })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.raw(&self.mechanism);
        if let Some(response) = &self.initial_response {
            out.space();
            match response.reveal() {
                [] => out.raw("="),
                octets => out.raw(&STANDARD.encode(octets)),
            }
        }
    }

    pub(crate) fn effects(&self) -> Effects {
        Effects::barrier()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, message, refused};

    #[test]
    fn known_answers() {
        known("a AUTHENTICATE plain", "a AUTHENTICATE PLAIN");
        known("a AUTHENTICATE PLAIN AGEAYg==", "a AUTHENTICATE PLAIN AGEAYg==");
        known("a AUTHENTICATE EXTERNAL =", "a AUTHENTICATE EXTERNAL =");
        known("a AUTHENTICATE SCRAM-SHA-256", "a AUTHENTICATE SCRAM-SHA-256");
        refused("a AUTHENTICATE");
        refused("a AUTHENTICATE PLAIN ");
        refused("a AUTHENTICATE PLAIN =A");
        refused("a AUTHENTICATE PLAIN AGEAYg");
        refused("a AUTHENTICATE PLAIN AGEAYh==");
        refused("a AUTHENTICATE PLAIN AGEAYg== x");
    }

    #[test]
    fn no_error_shows_a_response() {
        assert!(!message("a AUTHENTICATE PLAIN AGEAYg== Q0Q").contains("Q0Q"));
    }
}
