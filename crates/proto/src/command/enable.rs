//! ENABLE (RFC 3501).

use bytestring::ByteString;
use smallvec::SmallVec;

/// The ENABLE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enable {
    /// Capability names, upper case, at least one.
    pub capabilities: SmallVec<[ByteString; 2]>,
}
