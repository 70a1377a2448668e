//! Cells and the records in them: varints, serial types, overflow pages.

use super::Place;
use super::pages::{Pages, be_u32};
use crate::{Error, Key, MAX_KEY, MAX_VALUE};

/// More than any record of ours has, so that damage asks for no more memory.
const MAX_PAYLOAD: usize = MAX_VALUE + MAX_KEY + 64;

/// A row of the table `row`.
pub(super) struct Record {
    pub(super) key: Key,
    /// The checksum, and the value behind it where it is small.
    pub(super) value: Vec<u8>,
    pub(super) large: Option<i64>,
}

impl Record {
    /// From a cell of an index page; `None` where it is not as such rows are.
    pub(super) fn row(pages: &Pages, place: Place) -> Result<Option<Self>, Error> {
        let Some(page) = pages.read(place.0)? else { return Ok(None) };
        // An index page keeps up to a quarter of itself of one record.
        let most = (pages.usable - 12) * 64 / 255 - 23;
        let Some((length, at)) = varint(&page, place.1) else { return Ok(None) };
        let Some(payload) = payload(pages, &page, at, length, most)? else { return Ok(None) };
        Ok(Self::parse(&payload))
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        let [key, value, large] = columns::<3>(payload)?;
        let key = Key::copy_from_slice(key.blob()?);
        if key.len() > MAX_KEY {
            return None;
        }
        Some(Self { key, value: value.blob()?.to_vec(), large: large.number()? })
    }
}

/// The value in a cell of the table `large`.
pub(super) fn large(pages: &Pages, place: Place) -> Result<Option<Vec<u8>>, Error> {
    let Some(page) = pages.read(place.0)? else { return Ok(None) };
    let head = varint(&page, place.1)
        .and_then(|(length, at)| varint(&page, at).map(|(_, at)| (length, at)));
    let Some((length, at)) = head else { return Ok(None) };
    let Some(payload) = payload(pages, &page, at, length, pages.usable - 35)? else {
        return Ok(None);
    };
    let value = columns::<2>(&payload).and_then(|[_, value]| value.blob().map(<[u8]>::to_vec));
    Ok(value)
}

/// The number of a row in a leaf of a table.
pub(super) fn row_id(page: &[u8], cell: usize) -> Option<i64> {
    let (_, at) = varint(page, cell)?;
    varint(page, at).map(|(id, _)| id.cast_signed())
}

/// A record that begins on a page and may go on in overflow pages.
fn payload(
    pages: &Pages,
    page: &[u8],
    at: usize,
    length: u64,
    most: usize,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(length) = usize::try_from(length).ok().filter(|length| *length <= MAX_PAYLOAD) else {
        return Ok(None);
    };
    let here = local(length, most, pages.usable);
    let Some(begin) = page.get(at..at + here) else { return Ok(None) };
    let mut payload = begin.to_vec();
    let mut next = be_u32(page, at + here);
    while payload.len() < length {
        let Some(page) = pages.read(next)? else { return Ok(None) };
        let part = (length - payload.len()).min(pages.usable - 4);
        payload.extend_from_slice(&page[4..4 + part]);
        next = be_u32(&page, 0);
    }
    Ok(Some(payload))
}

/// How much of a record stands in its cell.
fn local(length: usize, most: usize, usable: usize) -> usize {
    if length <= most {
        return length;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let even = least + (length - least) % (usable - 4);
    if even <= most { even } else { least }
}

/// One column.
#[derive(Clone, Copy)]
struct Column<'a> {
    kind: u64,
    bytes: &'a [u8],
}

impl<'a> Column<'a> {
    fn blob(self) -> Option<&'a [u8]> {
        (self.kind >= 12 && self.kind.is_multiple_of(2)).then_some(self.bytes)
    }

    /// A whole number, or NULL.
    fn number(self) -> Option<Option<i64>> {
        match self.kind {
            0 => Some(None),
            8 | 9 => Some(Some(self.kind as i64 - 8)),
            1..=6 => {
                let negative = self.bytes.first().is_some_and(|byte| *byte >= 0x80);
                let start = if negative { -1 } else { 0 };
                Some(Some(self.bytes.iter().fold(start, |n, byte| n << 8 | i64::from(*byte))))
            }
            _ => None,
        }
    }
}

/// The columns of a record with so many.
fn columns<const N: usize>(payload: &[u8]) -> Option<[Column<'_>; N]> {
    let (head, mut at) = varint(payload, 0)?;
    let head = usize::try_from(head).ok()?;
    let mut columns = [Column { kind: 0, bytes: &[] }; N];
    let mut data = head;
    for column in &mut columns {
        let (kind, next) = varint(payload, at)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            // SQLite keeps these for itself.
            10 | 11 => return None,
            _ => usize::try_from((kind - 12) / 2).ok().filter(|length| *length <= MAX_PAYLOAD)?,
        };
        let end = data.checked_add(length)?;
        *column = Column { kind, bytes: payload.get(data..end)? };
        (at, data) = (next, end);
    }
    (at == head && data == payload.len()).then_some(columns)
}

/// A number of one to nine bytes, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut number = 0;
    for place in 0..8 {
        let byte = *bytes.get(at + place)?;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((number, at + place + 1));
        }
    }
    Some((number << 8 | u64::from(*bytes.get(at + 8)?), at + 9))
}

#[cfg(test)]
mod tests {
    use super::columns;

    /// Guards: whatever stands in a record's head, in these once arithmetic ran over.
    #[test]
    fn a_head_that_cannot_be_is_no_record() {
        let largest = [0xff; 9];
        for kind in [10, 11, 12, 13, 127] {
            assert!(columns::<1>(&[2, kind]).is_some() == matches!(kind, 12 | 13), "{kind}");
            assert!(columns::<1>(&[&largest[..], &[kind]].concat()).is_none(), "{kind}");
            assert!(columns::<2>(&[3, kind, 11]).is_none(), "{kind}");
        }
        assert!(columns::<1>(&[&[10][..], &largest].concat()).is_none());
        assert!(columns::<1>(&[]).is_none());
    }
}
