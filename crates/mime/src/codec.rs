//! The stored form of a part tree.

use crate::Structure;

impl Structure {
    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Reads the stored form; `None` unless it is whole and describes a proper tree.
    pub fn from_bytes(bytes: &[u8]) -> Option<Structure> {
        let _ = bytes;
        None
    }
}
