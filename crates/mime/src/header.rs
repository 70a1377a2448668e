//! Header blocks: their fields by byte range.
//!
//! A block runs to the first blank line and no less, as in Dovecot: lines that are no field (an
//! mbox "From " line, the first lines of a text that was never a message) belong to it as junk and
//! are kept, nameless, so that the sections of a message always add up to the message. A message
//! whose first line is blank has an empty header: that line alone.

use memchr::memchr;

/// One header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field's name without the blanks before the colon. Empty for a line that is no field.
    pub name: &'a [u8],
    /// What stands after the colon, folded as it stands, without the last line end. For a line
    /// that is no field, the whole line.
    pub value: &'a [u8],
    /// The whole field with its continuation lines and the last line end.
    pub line: &'a [u8],
}

impl Field<'_> {
    /// Whether the field has this name, in any case.
    pub fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The fields of a header block, up to the blank line. A bare LF ends a line as CRLF does; a bare
/// CR does not.
///
/// ```
/// let mut fields = peregrine_mime::header_fields(b"Subject: a\r\n b\r\njunk\r\n\r\nbody");
/// let subject = fields.next().unwrap();
/// assert_eq!((subject.name, subject.value), (&b"Subject"[..], &b" a\r\n b"[..]));
/// assert_eq!(fields.next().unwrap().name, b"");
/// assert_eq!(fields.next(), None);
/// ```
pub fn header_fields(block: &[u8]) -> impl Iterator<Item = Field<'_>> {
    Fields { block, at: 0 }
}

/// A walk over a header block that also tells where the fields end.
pub(crate) struct Fields<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(block: &'a [u8]) -> Self {
        Fields { block, at: 0 }
    }

    /// What the walk has not passed: after the last field, the blank line if there is one.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.block[self.at..]
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        if self.at == self.block.len() || blank_line(self.block, self.at) > 0 {
            return None;
        }
        let (field, end) = field_at(self.block, self.at);
        self.at = end;
        Some(field)
    }
}

/// Length of the blank line at `at`: 0 when the line there is not blank.
pub(crate) fn blank_line(block: &[u8], at: usize) -> usize {
    match block.get(at..) {
        Some([b'\n', ..]) => 1,
        Some([b'\r', b'\n', ..]) => 2,
        _ => 0,
    }
}

/// The field that begins at `at`, and the index behind it.
///
/// field = field-name *WSP ":" unstructured CRLF, with obs-FWS (RFC 5322 §3.6.8, §4.5)
pub(crate) fn field_at(block: &[u8], at: usize) -> (Field<'_>, usize) {
    let first_end = line_end(block, at);
    let mut end = first_end;
    while matches!(block.get(end), Some(b' ' | b'\t')) {
        end = line_end(block, end);
    }
    let line = &block[at..end];
    let first = &block[at..first_end];
    let without = line.strip_suffix(b"\n").unwrap_or(line);
    let without = without.strip_suffix(b"\r").unwrap_or(without);
    let (name, value) = match memchr(b':', first) {
        Some(colon) => match field_name(&first[..colon]) {
            b"" => (&b""[..], without),
            name => (name, without.get(colon + 1..).unwrap_or_default()),
        },
        None => (&b""[..], without),
    };
    (Field { name, value, line }, end)
}

/// The name before a colon, or nothing when that is no name. Blanks before the colon are obsolete
/// syntax (RFC 5322 §4.5.8); blanks inside make it an mbox "From " line or text.
///
/// field-name = 1*ftext ; printable US-ASCII except ":" (and, here, anything above 127)
fn field_name(before: &[u8]) -> &[u8] {
    let end = before.iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(0, |last| last + 1);
    let name = &before[..end];
    if name.iter().any(|&b| b <= b' ' || b == 0x7f) { b"" } else { name }
}

fn line_end(block: &[u8], at: usize) -> usize {
    memchr(b'\n', &block[at..]).map_or(block.len(), |lf| at + lf + 1)
}
