//! ID (RFC 3501).

use bytestring::ByteString;

/// The ID command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Id {
    /// Field and value pairs (RFC 2971 §3.1); `None` for NIL.
    pub parameters: Option<Vec<(ByteString, Option<ByteString>)>>,
}
