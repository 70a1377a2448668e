//! NOOP (RFC 3501).

/// The NOOP command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noop;
