//! UNSELECT (RFC 3501).

/// The UNSELECT command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unselect;
