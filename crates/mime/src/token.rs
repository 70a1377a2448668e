//! The lexical pieces of structured header fields: comments, quoted strings, folding (RFC 5322 §3.2).
//!
//! Nothing here calls itself: nesting is counted, so a comment of any depth costs its length.

use std::borrow::Cow;

/// Blanks and line ends, which unfolding leaves or takes away.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `bytes` without the blanks and line ends around it.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let Some(start) = bytes.iter().position(|&b| !is_blank(b)) else { return &[] };
    let end = bytes.iter().rposition(|&b| !is_blank(b)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// The index behind the comment that opens at `at`, or the end when it is never closed.
///
/// comment = "(" *([FWS] ccontent) [FWS] ")" ; ccontent = ctext / quoted-pair / comment
pub(crate) fn comment_end(bytes: &[u8], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = at;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            // A backslash that ends the field quotes nothing.
            b'\\' => at += 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    at.min(bytes.len())
}

/// The index behind the quoted string that opens at `at`; `None` when it is never closed.
///
/// quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE ; qcontent = qtext / quoted-pair
pub(crate) fn quoted_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The index of the first octet at or behind `at` that is neither blank nor in a comment.
pub(crate) fn skip_cfws(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    loop {
        match bytes.get(at) {
            Some(&byte) if is_blank(byte) => at += 1,
            Some(b'(') => at = comment_end(bytes, at),
            _ => return at,
        }
    }
}

/// The index behind the MIME token that begins at `at` (RFC 2045 §5.1). Octets above 127 are let
/// through: they do occur, and end nothing.
///
/// token = 1*<any CHAR except SPACE, CTLs, or tspecials>
pub(crate) fn token_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|&b| !is_token(b)).unwrap_or(rest.len())
}

fn is_token(byte: u8) -> bool {
    !matches!(byte, 0..=b' ' | 0x7f)
        && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'@' | b',' | b';' | b':' | b'\\' | b'"')
        && !matches!(byte, b'/' | b'[' | b']' | b'?' | b'=')
}

/// Trimmed, and without the line ends of folding (RFC 5322 §2.2.3). A bare CR stays.
pub(crate) fn unfold(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = trim(bytes);
    if memchr::memchr(b'\n', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let line = &rest[..end];
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        rest = &rest[end + 1..];
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// The inside of a quoted string or comment: quoted-pairs resolved, line ends of folding removed.
pub(crate) fn unquote(inside: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\\', b'\n', inside).is_none() {
        return Cow::Borrowed(inside);
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut at = 0;
    while at < inside.len() {
        match &inside[at..] {
            [b'\r', b'\n', ..] => at += 2,
            [b'\n', ..] => at += 1,
            [b'\\', quoted, ..] if !matches!(quoted, b'\r' | b'\n') => {
                out.push(*quoted);
                at += 2;
            }
            [b'\\', ..] => at += 1,
            [byte, ..] => {
                out.push(*byte);
                at += 1;
            }
            [] => break,
        }
    }
    Cow::Owned(out)
}
