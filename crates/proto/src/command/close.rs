//! CLOSE (RFC 3501).

/// The CLOSE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Close;
