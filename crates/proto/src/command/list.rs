//! LIST (RFC 3501).

use crate::ListPattern;
use bytestring::ByteString;

/// The LIST command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// The reference name; taken as a prefix of the pattern.
    pub reference: ByteString,
    /// The pattern; empty asks for the separator and root (RFC 3501 §6.3.8).
    pub pattern: ListPattern,
}
