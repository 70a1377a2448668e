//! CHECK (RFC 3501).

/// The CHECK command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check;
