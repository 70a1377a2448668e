//! The rows of the UIDs that one change removed (for QRESYNC, RFC 7162 §3.2), and of what has been
//! forgotten of them.

use super::Reader;
use crate::Error;
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::{ModSeq, Uid};

const VERSION: u8 = 1;

/// Ranges in a row, so that it fits a value.
const RANGES: usize = 8000;

/// The rows of one change; each begins with the ranges that the one before has no room for.
pub(crate) fn rows(uids: &UidRanges) -> Vec<Vec<u8>> {
    let rows = uids.ranges().chunks(RANGES);
    rows.map(|ranges| {
        let mut row = vec![VERSION];
        for (first, last) in ranges {
            row.extend_from_slice(&first.0.get().to_be_bytes());
            row.extend_from_slice(&last.0.get().to_be_bytes());
        }
        row
    })
    .collect()
}

/// The ranges of a row.
pub(crate) fn decode(row: &[u8]) -> Result<Vec<(Uid, Uid)>, Error> {
    let mut reader = Reader::new(row, VERSION, "vanished UIDs")?;
    let mut ranges = Vec::new();
    while !reader.is_at_end() {
        let (first, last) = (Uid::new(reader.u32()?), Uid::new(reader.u32()?));
        ranges.push(first.zip(last).ok_or_else(|| reader.damaged("a UID"))?);
    }
    Ok(ranges)
}

/// The row before all others: changes up to this one are no longer known.
pub(crate) fn encode_forgotten(up_to: ModSeq) -> Vec<u8> {
    let mut row = vec![VERSION];
    row.extend_from_slice(&up_to.0.to_be_bytes());
    row
}

/// What [`encode_forgotten`] wrote.
pub(crate) fn decode_forgotten(row: &[u8]) -> Result<ModSeq, Error> {
    let mut reader = Reader::new(row, VERSION, "forgotten changes")?;
    let up_to = ModSeq(reader.u64()?);
    reader.end()?;
    Ok(up_to)
}
