//! Mending.
use super::Oddity;
use bytes::Bytes;

/// A response as it should have been.
pub(crate) struct Mended {
    pub(crate) octets: Bytes,
    pub(crate) oddities: Vec<Oddity>,
}

pub(crate) fn mend(_frame: &Bytes) -> Option<Mended> {
    None
}
