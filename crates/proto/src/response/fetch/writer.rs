//! Writes FETCH responses item by item: what servers do for each message.

use crate::write;
use crate::{DateTime, PartPath, Section, SequenceNumber, Uid};

/// Writes one `* n FETCH (…)`: items with their spaces, then [`FetchWriter::finish`].
///
/// ```
/// use peregrine_proto::number::Number;
/// use peregrine_proto::response::fetch::FetchWriter;
/// use peregrine_proto::{SequenceNumber, Uid};
/// # fn run() -> Option<()> {
/// let mut out = Vec::new();
/// let mut response = FetchWriter::new(&mut out, SequenceNumber::new(12)?);
/// response.uid(Uid::new(4827)?);
/// response.item("FLAGS ").extend_from_slice(b"(\\Seen)");
/// response.finish();
/// assert_eq!(out, b"* 12 FETCH (UID 4827 FLAGS (\\Seen))\r\n");
/// # Some(()) }
/// # assert!(run().is_some());
/// ```
#[derive(Debug)]
pub struct FetchWriter<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> FetchWriter<'a> {
    /// Begins the response.
    #[inline]
    pub fn new(out: &'a mut Vec<u8>, number: SequenceNumber) -> Self {
        out.extend_from_slice(b"* ");
        write::number(out, u64::from(number.0.get()));
        out.extend_from_slice(b" FETCH (");
        Self { out, first: true }
    }

    /// Begins a UIDFETCH response (RFC 9586).
    pub fn by_uid(out: &'a mut Vec<u8>, uid: Uid) -> Self {
        out.extend_from_slice(b"* ");
        write::number(out, u64::from(uid.0.get()));
        out.extend_from_slice(b" UIDFETCH (");
        Self { out, first: true }
    }

    /// Begins an item; `name` comes with the space behind it. The caller appends the value.
    #[inline]
    pub fn item(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b' ');
        }
        self.out.extend_from_slice(name.as_bytes());
        self.out
    }

    /// `UID n`
    #[inline]
    pub fn uid(&mut self, uid: Uid) {
        write::number(self.item("UID "), u64::from(uid.0.get()));
    }

    /// `INTERNALDATE "…"`
    pub fn internal_date(&mut self, date: DateTime) {
        date.write(self.item("INTERNALDATE "));
    }

    /// `RFC822.SIZE n`
    pub fn rfc822_size(&mut self, octets: u64) {
        write::number(self.item("RFC822.SIZE "), octets);
    }

    /// `BODY[section]<origin> {n}` with its CRLF: the caller appends just so many octets, to the
    /// same buffer or behind it.
    pub fn section_head(&mut self, section: &Section, origin: Option<u64>, length: u64) {
        write_section_head(self.item(""), section, origin, length);
    }

    /// The buffer, for a value in several pieces.
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// `)` and CRLF. At least one item must have been written.
    #[inline]
    pub fn finish(self) {
        debug_assert!(!self.first, "a FETCH response has at least one item");
        self.out.extend_from_slice(b")\r\n");
    }

    /// The value of an item that holds a message's octets: a literal, or NIL.
    ///
    /// RFC 3501 §9 `CHAR8`: a literal holds no NUL. It becomes 0x80, so that the length stays that
    /// of the message, by which clients ask for further pieces.
    pub(super) fn octets(&mut self, octets: Option<&[u8]>) {
        let Some(octets) = octets else { return self.out.extend_from_slice(b"NIL") };
        write::literal_size(self.out, octets.len() as u64);
        self.out.extend(octets.iter().map(|octet| if *octet == 0 { 0x80 } else { *octet }));
    }
}

/// Appends `BODY[section]<origin> {n}` and CRLF: just so many octets must follow, none of them NUL.
/// They need not go through this buffer.
pub fn write_section_head(out: &mut Vec<u8>, section: &Section, origin: Option<u64>, length: u64) {
    out.extend_from_slice(b"BODY");
    section_name(out, section, origin);
    write::literal_size(out, length);
}

/// `[section]<origin>` and a space.
pub(super) fn section_name(out: &mut Vec<u8>, section: &Section, origin: Option<u64>) {
    section.write(out);
    write_origin(out, origin);
}

/// `[part]<origin>`, a space and the decoded octets: a `literal8` where NUL is among them
/// (RFC 3516 §4.3).
pub(super) fn binary(
    out: &mut Vec<u8>,
    part: &PartPath,
    origin: Option<u64>,
    octets: Option<&[u8]>,
) {
    part.write(out);
    write_origin(out, origin);
    let Some(octets) = octets else { return out.extend_from_slice(b"NIL") };
    if memchr::memchr(0, octets).is_some() {
        out.push(b'~');
    }
    write::literal(out, octets);
}

fn write_origin(out: &mut Vec<u8>, origin: Option<u64>) {
    if let Some(origin) = origin {
        out.push(b'<');
        write::number(out, origin);
        out.push(b'>');
    }
    out.push(b' ');
}
