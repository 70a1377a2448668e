//! LOGOUT (RFC 3501).

/// The LOGOUT command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logout;
