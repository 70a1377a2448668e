//! The row that tells which body has a hash.

use super::Reader;
use crate::{BodyNumber, Error};
use bytes::Bytes;

const VERSION: u8 = 1;

pub(crate) fn encode(number: BodyNumber) -> Bytes {
    let mut row = vec![VERSION];
    row.extend_from_slice(&number.0.to_be_bytes());
    row.into()
}

pub(crate) fn decode(row: &[u8]) -> Result<BodyNumber, Error> {
    let mut reader = Reader::new(row, VERSION, "body index")?;
    let number = BodyNumber(reader.u64()?);
    reader.end()?;
    Ok(number)
}
