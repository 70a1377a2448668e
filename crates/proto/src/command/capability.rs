//! CAPABILITY (RFC 3501).

/// The CAPABILITY command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capability;
