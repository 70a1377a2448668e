//! LSUB (RFC 3501).

use crate::ListPattern;
use bytestring::ByteString;

/// The LSUB command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lsub {
    /// The reference name; taken as a prefix of the pattern.
    pub reference: ByteString,
    /// The pattern.
    pub pattern: ListPattern,
}
