//! How a value lies in a row: with a checksum, since SQLite has none of its own.

use bytes::Bytes;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::Error;

/// Values from this length on, in bytes, lie in a table of their own and are named by a number in
/// the row, so that a scan over small rows stays dense and an update of a small row moves little.
pub(super) const LARGE: usize = 1600;

/// Bytes of the checksum in front of each value.
pub(super) const CHECKSUM: usize = 8;

/// The checksum of a value. It depends on the key, so a value that strayed to another key shows.
pub(super) fn checksum(key: &[u8], value: &[u8]) -> [u8; CHECKSUM] {
    xxh3_64_with_seed(value, xxh3_64(key)).to_le_bytes()
}

/// What is stored for a small value.
pub(super) fn seal<'a>(key: &[u8], value: &[u8], sealed: &'a mut Vec<u8>) -> &'a [u8] {
    sealed.clear();
    sealed.extend_from_slice(&checksum(key, value));
    sealed.extend_from_slice(value);
    sealed
}

/// The small value in what is stored.
pub(super) fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8], Error> {
    let (sum, value) = sealed.split_at_checked(CHECKSUM).ok_or_else(|| damaged(key))?;
    verify(key, sum, value)?;
    Ok(value)
}

/// Whether a value is the one that the checksum was made of.
pub(super) fn verify(key: &[u8], sum: &[u8], value: &[u8]) -> Result<(), Error> {
    if sum == checksum(key, value) { Ok(()) } else { Err(damaged(key)) }
}

/// The error for a value that is not what was written.
pub(super) fn damaged(key: &[u8]) -> Error {
    Error::corrupt(format!("value of key {:?}", Bytes::copy_from_slice(key)))
}
