//! What was prepared when a message arrived, as this client reads it.

use peregrine_mime::extended_value;
use peregrine_proto::response::fetch::body_structure::{Form, Parameters, PartDetail};
use peregrine_proto::response::{BodyStructure, FetchData};
use peregrine_proto::{Encoding, Response, write};
use peregrine_store::{AccountId, Digest};

/// What is known of a message from the time when it arrived, and how it is told.
#[derive(Clone, Copy)]
pub(crate) struct Prepared<'a> {
    /// Whose message it is.
    pub account: AccountId,
    /// `None` where nothing of it is asked.
    pub digest: Option<&'a Digest>,
    /// How strings are told.
    pub encoding: Encoding,
    /// RFC 9051 holds.
    pub rev2: bool,
}

/// Appends ENVELOPE's value, or a preview's string. What was prepared holds literals for text beyond
/// ASCII; who reads UTF-8 gets it in quotes.
pub(super) fn strings(out: &mut Vec<u8>, value: &[u8], encoding: Encoding) {
    let mut rest = value;
    if encoding == Encoding::Utf8 {
        // CR stands nowhere but at a literal's size and in literals.
        while let Some((before, text, after)) = split_literal(rest) {
            out.extend_from_slice(before);
            write::string_in(out, text, encoding);
            rest = after;
        }
    }
    out.extend_from_slice(rest);
}

/// Appends the value of BODY or BODYSTRUCTURE.
pub(super) fn structure(out: &mut Vec<u8>, value: &[u8], form: Form, known: Prepared<'_>) {
    let flat = known.encoding == Encoding::SevenBit && holds_global(value);
    let decoded = known.rev2 && memchr::memmem::find(value, b"*\" ").is_some();
    if (flat || decoded)
        && let Some(mut body) = read(value)
    {
        if flat {
            flatten(&mut body);
        }
        if decoded {
            decode(&mut body);
        }
        let mut changed = Vec::with_capacity(value.len());
        body.write(&mut changed, form);
        return strings(out, &changed, known.encoding);
    }
    strings(out, value, known.encoding);
}

/// What stands before the first literal, its octets, and what stands behind it.
fn split_literal(value: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let end = memchr::memmem::find(value, b"}\r\n")?;
    let start = memchr::memrchr(b'{', &value[..end])?;
    let size = std::str::from_utf8(&value[start + 1..end]).ok()?.parse::<usize>().ok()?;
    let (text, after) = value[end + 3..].split_at_checked(size)?;
    Some((&value[..start], text, after))
}

/// Whether `"GLOBAL"` stands in it, in any case of letters.
fn holds_global(value: &[u8]) -> bool {
    const WORD: &[u8] = b"\"GLOBAL\"";
    memchr::memchr2_iter(b'g', b'G', value).any(|place| {
        let word = place.checked_sub(1).and_then(|start| value.get(start..start + WORD.len()));
        word.is_some_and(|word| word.eq_ignore_ascii_case(WORD))
    })
}

fn read(value: &[u8]) -> Option<BodyStructure> {
    let line = [&b"* 1 FETCH (BODYSTRUCTURE "[..], value, b")"].concat();
    let Response::Fetch { data, .. } = Response::parse(&line.into()).ok()? else { return None };
    data.into_iter().find_map(|item| match item {
        FetchData::BodyStructure(body) => Some(*body),
        _ => None,
    })
}

/// In RFC 3501 only MESSAGE/RFC822 encloses a message (§9 `media-message`); MESSAGE/GLOBAL does so
/// in RFC 9051 §7.5.2 and RFC 9755.
fn flatten(body: &mut BodyStructure) {
    match body {
        BodyStructure::Multipart { parts, .. } => parts.iter_mut().for_each(flatten),
        BodyStructure::Single(part) => {
            if part.subtype.eq_ignore_ascii_case(b"GLOBAL") {
                part.detail = PartDetail::Basic;
            } else if let PartDetail::Message { body, .. } = &mut part.detail {
                flatten(body);
            }
        }
    }
}

/// RFC 9051 §7.5.2: parameters whose name ends in an asterisk are told in UTF-8, their character set
/// and percent signs decoded.
fn decode(body: &mut BodyStructure) {
    let all = |parameters: &mut Parameters| {
        let extended = parameters.iter_mut().filter(|(name, _)| name.ends_with(b"*"));
        extended.for_each(|(_, value)| {
            if let Some(text) = extended_value(value) {
                *value = text.into();
            }
        });
    };
    match body {
        BodyStructure::Multipart { parts, extension, .. } => {
            parts.iter_mut().for_each(decode);
            let Some(extension) = extension else { return };
            all(&mut extension.parameters);
            extension.disposition.iter_mut().for_each(|(_, parameters)| all(parameters));
        }
        BodyStructure::Single(part) => {
            all(&mut part.parameters);
            if let PartDetail::Message { body, .. } = &mut part.detail {
                decode(body);
            }
            let extension = part.extension.as_mut().and_then(|it| it.disposition.as_mut());
            extension.into_iter().for_each(|(_, parameters)| all(parameters));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(rev2: bool) -> Prepared<'static> {
        let encoding = if rev2 { Encoding::Utf8 } else { Encoding::SevenBit };
        Prepared { account: AccountId(1), digest: None, encoding, rev2 }
    }

    fn body(value: &str, form: Form, rev2: bool) -> String {
        let mut out = Vec::new();
        structure(&mut out, value.as_bytes(), form, known(rev2));
        String::from_utf8(out).unwrap()
    }

    fn told(value: &str, encoding: Encoding) -> String {
        let mut out = Vec::new();
        strings(&mut out, value.as_bytes(), encoding);
        String::from_utf8(out).unwrap()
    }

    /// RFC 6855 §3: UTF-8 in quoted strings only for who enabled it.
    #[test]
    fn text_beyond_ascii_is_quoted_for_who_reads_it() {
        let value = "(NIL {5}\r\nt\u{fc}r\" \"{3}\" {7}\r\na\r\n{1}b)";
        assert_eq!(told(value, Encoding::SevenBit), value);
        let quoted = "(NIL \"t\u{fc}r\\\"\" \"{3}\" {7}\r\na\r\n{1}b)";
        assert_eq!(told(value, Encoding::Utf8), quoted);
    }

    #[test]
    fn octets_that_are_not_utf8_stay_in_a_literal() {
        let mut out = Vec::new();
        strings(&mut out, b"{1}\r\n\xff NIL", Encoding::Utf8);
        assert_eq!(out, b"{1}\r\n\xff NIL");
    }

    /// RFC 3501 §9: there a MESSAGE/GLOBAL is a part as any other.
    #[test]
    fn who_does_not_know_global_is_told_no_envelope_of_it() {
        let enclosed = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) \
                        (\"text\" \"plain\" NIL NIL NIL \"7BIT\" 1 1) 4";
        let value = format!("(\"message\" \"global\" NIL NIL NIL \"8BIT\" 20 {enclosed})");
        let flat = "(\"message\" \"global\" NIL NIL NIL \"8BIT\" 20)";
        assert_eq!(body(&value, Form::Body, false), flat);
        assert_eq!(body(&value, Form::Body, true), value);
    }

    /// RFC 9051 §7.5.2: "body parameter parenthesized list".
    #[test]
    fn extended_parameters_are_decoded() {
        let value = |name: &str| {
            let disposition = format!("(\"attachment\" (\"filename*\" {name} \"x*\" \"y\"))");
            format!("(\"image\" \"png\" NIL NIL NIL \"BASE64\" 4 NIL {disposition} NIL NIL)")
        };
        let kept = value("\"iso-8859-1'de'gr%FCn.png\"");
        assert_eq!(body(&kept, Form::BodyStructure, false), kept);
        assert_eq!(body(&kept, Form::BodyStructure, true), value("\"gr\u{fc}n.png\""));
    }
}
