//! Parameters of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2231), read leniently.

use crate::limits::MAX_PARAMETERS;
use crate::token::{
    comment_end, is_blank, quoted_end, skip_cfws, token_end, trim, unfold, unquote,
};
use crate::transfer::hex;
use std::borrow::Cow;

/// Parameters in the order of the header: name and value, quotes and comments removed.
pub type Parameters<'a> = Vec<(Cow<'a, [u8]>, Cow<'a, [u8]>)>;

/// The parameters of a field, the sections of RFC 2231 §3 put together, and whether there were more
/// than [`MAX_PARAMETERS`].
///
/// RFC 2231 §6: an IMAP server should put continuations together for BODY and BODYSTRUCTURE. A
/// value whose sections are extended keeps its `charset'language'` and its percent signs, and the
/// asterisk in its name, for the client to decode.
pub(crate) fn parameters(bytes: &[u8]) -> (Parameters<'_>, bool) {
    let mut raw = RawParameters::new(bytes);
    let mut parameters: Parameters<'_> = Vec::new();
    let mut sections = false;
    for (name, value) in raw.by_ref().take(MAX_PARAMETERS) {
        sections |= Section::of(name).is_some();
        parameters.push((Cow::Borrowed(name), value));
    }
    let truncated = raw.next().is_some();
    if sections {
        parameters = join(parameters);
    }
    (parameters, truncated)
}

/// The parameters of a field as they stand.
pub(crate) struct RawParameters<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> RawParameters<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        RawParameters { bytes, at: 0 }
    }

    /// parameter = attribute "=" value ; value = token / quoted-string
    ///
    /// A value without quotes may here hold blanks and tspecials: file names do.
    fn value(&mut self) -> Cow<'a, [u8]> {
        self.at = skip_cfws(self.bytes, self.at);
        let start = self.at;
        if self.bytes.get(start) == Some(&b'"') {
            let end = quoted_end(self.bytes, start);
            self.at = end.unwrap_or(self.bytes.len());
            let inside = end.map_or(self.at, |end| end - 1);
            return unquote(&self.bytes[start + 1..inside]);
        }
        let rest = &self.bytes[start..];
        let len = rest.iter().position(|b| matches!(b, b';' | b'(')).unwrap_or(rest.len());
        self.at = start + len;
        unfold(&rest[..len])
    }

    /// To the next semicolon that is neither quoted nor in a comment.
    fn skip_rest(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at = match byte {
                b';' => return,
                b'(' => comment_end(self.bytes, self.at),
                b'"' => quoted_end(self.bytes, self.at).unwrap_or(self.bytes.len()),
                _ => self.at + 1,
            };
        }
    }
}

impl<'a> Iterator for RawParameters<'a> {
    type Item = (&'a [u8], Cow<'a, [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.at = skip_cfws(self.bytes, self.at);
            let start = self.at;
            if *self.bytes.get(start)? == b';' {
                self.at += 1;
                continue;
            }
            self.at = token_end(self.bytes, start);
            let name = &self.bytes[start..self.at];
            self.at = skip_cfws(self.bytes, self.at);
            if name.is_empty() || self.bytes.get(self.at) != Some(&b'=') {
                self.skip_rest();
                continue;
            }
            self.at += 1;
            let value = self.value();
            self.skip_rest();
            return Some((name, value));
        }
    }
}

/// The first token of a structured field and what follows it. A quoted one is taken too.
pub(crate) fn first_token(value: &[u8]) -> (&[u8], &[u8]) {
    let start = skip_cfws(value, 0);
    if value.get(start) == Some(&b'"')
        && let Some(end) = quoted_end(value, start)
    {
        return (trim(&value[start + 1..end - 1]), &value[end..]);
    }
    let end = token_end(value, start);
    (&value[start..end], &value[end..])
}

/// The name of a parameter that is one section of several (RFC 2231 §3 and §4.1).
///
/// attribute "*" section ["*"] ; section = "0" / nonzero *DIGIT
struct Section<'a> {
    base: &'a [u8],
    number: usize,
    extended: bool,
}

impl<'a> Section<'a> {
    fn of(name: &'a [u8]) -> Option<Self> {
        let star = memchr::memchr(b'*', name)?;
        let (digits, extended) = match name[star + 1..].strip_suffix(b"*") {
            Some(digits) => (digits, true),
            None => (&name[star + 1..], false),
        };
        let leading_zero = digits.len() > 1 && digits[0] == b'0';
        if star == 0 || leading_zero || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(Section { base: &name[..star], number, extended })
    }
}

/// Puts the sections of each value together, in the place of the first. Sections of which some are
/// missing stay as they are. At most [`MAX_PARAMETERS`] squared steps.
fn join(parameters: Parameters<'_>) -> Parameters<'_> {
    let mut joined: Parameters<'_> = Vec::with_capacity(parameters.len());
    let mut taken = vec![false; parameters.len()];
    for (index, (name, value)) in parameters.iter().enumerate() {
        if taken[index] {
            continue;
        }
        match Section::of(name).and_then(|section| whole(&parameters, section.base)) {
            Some((parts, extended)) => {
                let base = Section::of(name).map_or(&name[..], |section| section.base);
                joined.push(one(base, &parts, extended, &parameters));
                parts.iter().for_each(|&part| taken[part] = true);
            }
            None => joined.push((name.clone(), value.clone())),
        }
    }
    joined
}

/// The indices of the sections 0, 1, ... of `base`, and whether one of them is extended; `None`
/// when one is missing or occurs twice.
fn whole(parameters: &Parameters<'_>, base: &[u8]) -> Option<(Vec<usize>, bool)> {
    let mut parts = vec![usize::MAX; MAX_PARAMETERS];
    let mut count = 0;
    let mut any_extended = false;
    for (index, (name, _)) in parameters.iter().enumerate() {
        let Some(section) = Section::of(name) else { continue };
        if !section.base.eq_ignore_ascii_case(base) {
            continue;
        }
        let place = parts.get_mut(section.number).filter(|place| **place == usize::MAX)?;
        *place = index;
        count += 1;
        any_extended |= section.extended;
    }
    parts.truncate(count);
    (!parts.contains(&usize::MAX)).then_some((parts, any_extended))
}

/// One parameter out of its sections. Where some are extended and others not, the others are
/// percent-encoded, so that decoding the whole gives them back.
fn one<'a>(
    base: &[u8],
    parts: &[usize],
    extended: bool,
    parameters: &Parameters<'_>,
) -> (Cow<'a, [u8]>, Cow<'a, [u8]>) {
    let mut name = base.to_vec();
    let mut joined = Vec::new();
    if extended {
        name.push(b'*');
        let first_extended = Section::of(&parameters[parts[0]].0).is_some_and(|s| s.extended);
        if !first_extended {
            // Only the first section can name the character set; without it there is none.
            joined.extend_from_slice(b"''");
        }
    }
    for &part in parts {
        let (section_name, value) = &parameters[part];
        if extended && !Section::of(section_name).is_some_and(|section| section.extended) {
            percent_encode(value, &mut joined);
        } else {
            joined.extend_from_slice(value);
        }
    }
    (Cow::Owned(name), Cow::Owned(joined))
}

/// attribute-char = <any CHAR except SPACE, CTLs, "*", "'", "%", or tspecials> (RFC 2231 §7)
fn percent_encode(value: &[u8], out: &mut Vec<u8>) {
    for &byte in value {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'+' | b'~') {
            out.push(byte);
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// The tags of a list such as Content-Language has: separated by commas, comments left out.
pub(crate) fn list_tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at = skip_cfws(value, at);
            if at >= value.len() {
                return None;
            }
            let end = token_end(value, at);
            let token = &value[at..end];
            at = end.max(at + 1);
            if !token.is_empty() {
                return Some(token);
            }
        }
    })
}

/// The text of an extended value, `charset'language'` and percent signs decoded (RFC 2231 §4);
/// `None` where it is none, or the character set is not known.
pub fn extended_value(value: &[u8]) -> Option<String> {
    let charset = value.split(|&b| b == b'\'').next()?;
    let quotes = value.iter().filter(|&&b| b == b'\'').count();
    if quotes < 2 {
        return None;
    }
    crate::charset::charset_to_utf8(charset, &percent_decode(value))
}

/// The octets of an extended value, behind its `charset'language'` (RFC 2231 §4).
pub(crate) fn percent_decode(value: &[u8]) -> Vec<u8> {
    let mut rest = value.splitn(3, |&b| b == b'\'').nth(2).unwrap_or(value);
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, hex(after)) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &after[2..];
            }
            _ => out.push(byte),
        }
    }
    out
}

/// A boundary's text; `None` when it is empty. It may not end in a blank (RFC 2046 §5.1.1), and
/// writers that let it do so pad the delimiter lines differently. An LF in it would match nothing.
pub(crate) fn without_padding(value: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    let keep = value.iter().rposition(|&b| !is_blank(b)).map_or(0, |last| last + 1);
    if keep == 0 || memchr::memchr(b'\n', &value[..keep]).is_some() {
        return None;
    }
    Some(match value {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..keep]),
        Cow::Owned(mut bytes) => {
            bytes.truncate(keep);
            Cow::Owned(bytes)
        }
    })
}
