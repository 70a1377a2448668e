//! AUTHENTICATE (RFC 3501).

use crate::Secret;
use bytestring::ByteString;

/// The AUTHENTICATE command.
#[derive(Clone, Debug)]
pub struct Authenticate {
    /// The mechanism's name, upper case.
    pub mechanism: ByteString,
    /// SASL-IR (RFC 4959): the decoded initial response; empty for `=`.
    pub initial_response: Option<Secret>,
}
