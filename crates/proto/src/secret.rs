//! Passwords that cannot be printed.

use bytes::Bytes;

/// A secret: neither `Debug` nor `Display` shows it; comparison is left to the one who verifies.
#[derive(Clone)]
pub struct Secret(Bytes);

impl Secret {
    /// Wraps the bytes.
    pub fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }
    /// The bytes: only for the one who verifies or writes them.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}
