//! STARTTLS (RFC 3501).

/// The STARTTLS command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartTls;
