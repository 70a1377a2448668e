//! Writes the grammar's primitives (RFC 3501 §9) to a buffer: for responses, and for what
//! commands write between their literals.

use crate::token::{class, is};
use crate::{DateTime, Encoding, Flag, MailboxName};
use std::borrow::Cow;

/// Longest text that is written as a quoted string; RFC 3501 sets no limit, but other programs'
/// line buffers do, and a literal costs a few octets only.
pub const LONGEST_QUOTED: usize = 1024;

/// A number in decimal.
pub fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

/// Whether the text can stand as `1*ASTRING-CHAR`. `NIL` is written quoted, so that nobody takes
/// it for the absence of a string.
pub fn is_plain(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| is(*byte, class::ASTRING))
        && !text.eq_ignore_ascii_case(b"NIL")
}

/// Whether the text can stand in quotes: short, 7-bit, without NUL, CR and LF.
pub fn is_quotable(text: &[u8]) -> bool {
    text.len() <= LONGEST_QUOTED
        && text.iter().all(|byte| !matches!(byte, 0 | b'\r' | b'\n' | 0x80..))
}

/// `astring`, in its shortest form.
pub fn astring(out: &mut Vec<u8>, text: &[u8]) {
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        string(out, text);
    }
}

/// `string`: quoted where it can be, else a literal.
pub fn string(out: &mut Vec<u8>, text: &[u8]) {
    if is_quotable(text) {
        quoted(out, text);
    } else {
        literal(out, text);
    }
}

/// `nstring`
pub fn nstring(out: &mut Vec<u8>, text: Option<&[u8]>) {
    match text {
        Some(text) => string(out, text),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// `quoted`; the text holds no NUL, CR or LF.
pub fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut rest = text;
    while let Some(special) = memchr::memchr2(b'"', b'\\', rest) {
        out.extend_from_slice(&rest[..special]);
        out.extend_from_slice(&[b'\\', rest[special]]);
        rest = &rest[special + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// `literal`, as servers send it: nothing is waited for.
pub fn literal(out: &mut Vec<u8>, octets: &[u8]) {
    literal_size(out, octets.len() as u64);
    out.extend_from_slice(octets);
}

/// `{n}` CRLF, for octets that are sent from elsewhere.
pub fn literal_size(out: &mut Vec<u8>, octets: u64) {
    out.push(b'{');
    number(out, octets);
    out.extend_from_slice(b"}\r\n");
}

/// Whether the text can stand in quotes in this encoding.
pub fn is_quotable_in(text: &[u8], encoding: Encoding) -> bool {
    is_quotable(text)
        || (encoding == Encoding::Utf8
            && text.len() <= LONGEST_QUOTED
            && !text.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
            && std::str::from_utf8(text).is_ok())
}

/// `astring`, in its shortest form in this encoding.
pub fn astring_in(out: &mut Vec<u8>, text: &[u8], encoding: Encoding) {
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        string_in(out, text, encoding);
    }
}

/// `string`: quoted where it can be in this encoding, else a literal.
pub fn string_in(out: &mut Vec<u8>, text: &[u8], encoding: Encoding) {
    if is_quotable_in(text, encoding) {
        quoted(out, text);
    } else {
        literal(out, text);
    }
}

/// A mailbox name, or the beginning of one, as it stands on the wire: in UTF-8, or in modified
/// UTF-7 (RFC 3501 §5.1.3).
pub(crate) fn name(text: &str, encoding: Encoding) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::Utf8 => Cow::Borrowed(text.as_bytes()),
        Encoding::SevenBit => match crate::utf7::encode(text) {
            Some(encoded) => Cow::Owned(encoded.into_bytes()),
            None => Cow::Borrowed(text.as_bytes()),
        },
    }
}

/// `mailbox`: in this encoding, as an astring.
pub fn mailbox(out: &mut Vec<u8>, mailbox: &MailboxName, encoding: Encoding) {
    astring_in(out, &name(mailbox.as_str(), encoding), encoding);
}

/// `flag`
pub fn flag(out: &mut Vec<u8>, flag: &Flag) {
    match flag.system_name() {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => match flag {
            Flag::Extension(name) => {
                out.push(b'\\');
                out.extend_from_slice(name.as_str().as_bytes());
            }
            Flag::Keyword(name) => out.extend_from_slice(name.as_str().as_bytes()),
            _ => {}
        },
    }
}

/// `flag-list`: `(` flags `)`.
pub fn flags<'a>(out: &mut Vec<u8>, flags: impl IntoIterator<Item = &'a Flag>) {
    list(out, flags, flag);
}

/// `(` items with single spaces `)`.
pub fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'(');
    for (index, value) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        item(out, value);
    }
    out.push(b')');
}

/// `date-time`, in quotes.
pub fn date_time(out: &mut Vec<u8>, time: DateTime) {
    time.write(out);
}
