//! The stored form of a digest: a head of fixed length, then its parts one after the other.

use super::{render, sort_key};
use crate::Error;
use crate::search::fold;
use bytes::Bytes;
use peregrine_mime::{SentDate, decode_header, header_fields, sent_date};

const VERSION: u8 = 5;
/// Rows without a preview, without sort keys and folded in another way, or without what MESSAGE/GLOBAL
/// encloses: they are made anew when they are read.
const OLD_VERSIONS: [u8; 3] = [1, 3, 4];
/// The row of a message whose digest is too long for a row.
pub(super) const TOO_LONG: &[u8] = &[2];
/// Envelope, BODY, BODYSTRUCTURE, part tree, header texts, sort keys, preview.
const PARTS: usize = 7;
/// Version, whether there is a date, the date, the ends of the parts.
const HEAD: usize = 2 + 16 + 4 * PARTS;
/// Octets of the decoded text of one field that are searched quickly; beyond, the digest is too
/// long for a row anyway.
const MAX_TEXT: usize = 64 * 1024;

/// The fields that clients search for most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeaderText {
    From,
    To,
    Cc,
    Bcc,
    Subject,
    MessageId,
}

impl HeaderText {
    const ALL: [(Self, &'static [u8]); 6] = [
        (Self::From, b"from"),
        (Self::To, b"to"),
        (Self::Cc, b"cc"),
        (Self::Bcc, b"bcc"),
        (Self::Subject, b"subject"),
        (Self::MessageId, b"message-id"),
    ];

    /// The field of this name, in any case of letters, if it is one of these.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        found.map(|(field, _)| *field)
    }
}

/// Where each part of a row ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts([u32; PARTS]);

/// What a row holds.
pub(super) enum Content {
    /// A digest.
    Digest(Parts),
    /// None, since it is longer than a row.
    TooLong,
    /// One that an older program wrote, to be made anew.
    Old,
}

impl Parts {
    /// Checks the head of a row.
    pub(super) fn read(row: &[u8]) -> Result<Content, Error> {
        if row == TOO_LONG {
            return Ok(Content::TooLong);
        }
        if row.first().is_some_and(|version| OLD_VERSIONS.contains(version)) {
            return Ok(Content::Old);
        }
        let damaged = || Error::corrupt("a digest");
        let head =
            row.first_chunk::<HEAD>().filter(|head| head[0] == VERSION).ok_or_else(damaged)?;
        let mut ends = [0; PARTS];
        let mut before = HEAD as u32;
        for (end, bytes) in ends.iter_mut().zip(head[18..].as_chunks::<4>().0) {
            *end = u32::from_be_bytes(*bytes);
            if *end < before || *end as usize > row.len() {
                return Err(damaged());
            }
            before = *end;
        }
        Ok(Content::Digest(Self(ends)))
    }

    pub(super) fn slice<'a>(&self, row: &'a [u8], part: usize) -> &'a [u8] {
        let start = if part == 0 { HEAD } else { self.0[part - 1] as usize };
        row.get(start..self.0[part] as usize).unwrap_or_default()
    }
}

/// The row of a message's digest, of any length.
pub(super) fn encode(message: &Bytes) -> Vec<u8> {
    let structure = peregrine_mime::parse(message);
    let header = structure.parts.first().map_or(&[][..], |root| root.header.of(message));
    let mut row = vec![0; HEAD];
    row[0] = VERSION;
    if let Some(sent) = sent_date(header) {
        put_sent(sent, &mut row);
    }
    let mut part = 0;
    let mut end = |row: &mut Vec<u8>| {
        // A digest is shorter than its message and a few times the bounds of `mime`.
        let length = (row.len() as u32).to_be_bytes();
        row[18 + 4 * part..22 + 4 * part].copy_from_slice(&length);
        part += 1;
    };
    render::envelope(&structure, message, &mut row);
    end(&mut row);
    render::body(&structure, message, &mut row, &mut end);
    row.extend_from_slice(&structure.to_bytes());
    end(&mut row);
    put_texts(header, &mut row);
    end(&mut row);
    sort_key::put(&structure, message, header, &mut row);
    end(&mut row);
    row.extend_from_slice(structure.preview(message).as_bytes());
    end(&mut row);
    row
}

/// The sent date in a row's head.
pub(super) fn sent(row: &[u8]) -> Option<SentDate> {
    let head = row.first_chunk::<18>().filter(|head| head[1] == 1)?;
    Some(SentDate {
        unix_seconds: i64::from_be_bytes(*head[2..].first_chunk()?),
        offset_minutes: i32::from_be_bytes(*head[10..].first_chunk()?),
        year: u16::from_be_bytes(*head[14..].first_chunk()?),
        month: head[16],
        day: head[17],
    })
}

fn put_sent(sent: SentDate, row: &mut [u8]) {
    row[1] = 1;
    row[2..10].copy_from_slice(&sent.unix_seconds.to_be_bytes());
    row[10..14].copy_from_slice(&sent.offset_minutes.to_be_bytes());
    row[14..16].copy_from_slice(&sent.year.to_be_bytes());
    row[16] = sent.month;
    row[17] = sent.day;
}

/// A field's text among those of a row.
pub(super) fn header(texts: &[u8], field: HeaderText) -> Option<&str> {
    let mut rest = texts;
    for (known, _) in HeaderText::ALL {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length);
        // One more than its length; 0 for a field that is not there.
        let (text, behind) = behind.split_at_checked(length.saturating_sub(1) as usize)?;
        if known == field {
            return if length == 0 { None } else { std::str::from_utf8(text).ok() };
        }
        rest = behind;
    }
    None
}

/// Each field's text behind its length plus one; fields of one name are joined by line ends.
fn put_texts(header: &[u8], row: &mut Vec<u8>) {
    let mut texts: [Option<String>; 6] = Default::default();
    for field in header_fields(header) {
        let place = HeaderText::ALL.iter().position(|(_, n)| n.eq_ignore_ascii_case(field.name));
        let Some(place) = place else { continue };
        let text = texts[place].get_or_insert_default();
        if text.len() < MAX_TEXT {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&fold(&decode_header(field.value)));
        }
    }
    for text in texts {
        let length = text.as_ref().map_or(0, |text| text.len() as u32 + 1);
        row.extend_from_slice(&length.to_be_bytes());
        row.extend_from_slice(text.unwrap_or_default().as_bytes());
    }
}
