//! The rows of the UIDs that one change removed (for QRESYNC, RFC 7162 §3.2).

use peregrine_proto::number::UidRanges;

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
