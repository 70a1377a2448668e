//! The row of a body: a byte for its kind, the hash of the body, and then the body itself, or its
//! length where it lies in an object.

use super::Reader;
use crate::{AccountId, Error};
use bytes::Bytes;
use peregrine_kv::ObjectName;

const INLINE: u8 = 1;
const OBJECT: u8 = 2;
/// Where the body itself begins.
const START: usize = 33;

/// Where a body is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In its row.
    Inline(Bytes),
    /// In an object, which has the account's id behind the body: so equal bodies of two accounts
    /// are two objects, and each account knows alone when its own may go.
    Object {
        /// Its name.
        name: ObjectName,
        /// Octets of the body.
        length: u64,
    },
}

/// A body's row.
#[derive(Clone, Debug)]
pub(crate) struct BodyRow {
    /// BLAKE3 of the body, or the name of its object.
    pub hash: [u8; 32],
    pub place: Place,
}

/// Octets that an object has behind the body.
pub(crate) const TRAILER: u64 = 8;

/// What an object has behind the body.
pub(crate) fn trailer(account: AccountId) -> [u8; 8] {
    account.0.to_be_bytes()
}

impl BodyRow {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::new();
        match &self.place {
            Place::Inline(bytes) => {
                row.reserve_exact(START + bytes.len());
                row.push(INLINE);
                row.extend_from_slice(&self.hash);
                row.extend_from_slice(bytes);
            }
            Place::Object { name, length } => {
                row.push(OBJECT);
                row.extend_from_slice(&self.hash);
                row.extend_from_slice(&name.0);
                row.extend_from_slice(&length.to_be_bytes());
            }
        }
        row
    }

    /// From its row; a body in it is not copied.
    pub(crate) fn decode(row: &Bytes) -> Result<Self, Error> {
        if row.first() == Some(&INLINE) && row.len() >= START {
            let mut hash = [0; 32];
            hash.copy_from_slice(&row[1..START]);
            return Ok(Self { hash, place: Place::Inline(row.slice(START..)) });
        }
        let mut reader = Reader::new(row, OBJECT, "body row")?;
        let hash = reader.array()?;
        let place = Place::Object { name: ObjectName(reader.array()?), length: reader.u64()? };
        reader.end()?;
        Ok(Self { hash, place })
    }
}
