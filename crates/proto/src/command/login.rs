//! LOGIN (RFC 3501).

use crate::Secret;
use bytes::Bytes;

/// The LOGIN command.
#[derive(Clone, Debug)]
pub struct Login {
    /// User name as sent.
    pub user: Bytes,
    /// Password as sent.
    pub password: Secret,
}
