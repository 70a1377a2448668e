//! NAMESPACE (RFC 3501).

/// The NAMESPACE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Namespace;
