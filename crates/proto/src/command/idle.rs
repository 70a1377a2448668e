//! IDLE (RFC 3501).

/// The IDLE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idle;
