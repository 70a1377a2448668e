//! OK, NO, BAD, PREAUTH and BYE, tagged and untagged, and `+` (RFC 3501 §7.1, §7.5).

use super::{Code, Response, string};
use crate::Tag;
use crate::token::{Parsed, Reader, SyntaxError};
use bytes::Bytes;
use bytestring::ByteString;

/// The three results of a command (RFC 3501 §7.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Status {
    /// It was done.
    Ok,
    /// It was understood and could not be done.
    No,
    /// It was not understood, or not allowed here.
    Bad,
}

/// `resp-text`: a code, and words for a person. The text is never empty on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResponseText {
    /// What a program reads.
    pub code: Option<Code>,
    /// What a person reads; no control characters; empty where a server left it out. What is not ASCII is written as `?`, since
    /// RFC 3501 §9 `TEXT-CHAR` has 7 bits.
    pub text: ByteString,
}

impl Status {
    const ALL: [Self; 3] = [Self::Ok, Self::No, Self::Bad];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
        }
    }

    pub(super) fn from_word(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|status| word.eq_ignore_ascii_case(status.word().as_bytes()))
    }
}

impl ResponseText {
    /// Words without a code.
    pub fn new(text: impl Into<ByteString>) -> Self {
        Self { code: None, text: text.into() }
    }

    /// Words with a code.
    pub fn with_code(code: Code, text: impl Into<ByteString>) -> Self {
        Self { code: Some(code), text: text.into() }
    }

    /// Appends code and words.
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Some(code) = &self.code {
            out.push(b'[');
            code.write(out);
            out.extend_from_slice(b"] ");
        }
        match (str::as_bytes(&self.text), &self.code) {
            // RFC 3501 §9: `text` holds at least one character, and strict clients insist.
            ([], _) => out.push(b'.'),
            // Words that begin like a code would be read as one.
            ([b'[', rest @ ..], None) => {
                out.push(b'(');
                string::text(out, rest, |_| false);
            }
            (text, _) => string::text(out, text, |_| false),
        }
    }

    /// SP and `resp-text`, which reaches to the end of the response.
    ///
    /// The text may be left out by those who speak IMAP4rev2.
    ///
    /// ```abnf
    /// resp-text = ["[" resp-text-code "]" SP] [text]    ; RFC 9051 §9
    /// text      = 1*TEXT-CHAR
    /// TEXT-CHAR = <any CHAR except CR and LF>
    /// ```
    pub(super) fn parse_after_space(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mut code = None;
        if reader.peek() == Some(b'[') {
            // Words may begin with a bracket too; then nothing is a code.
            let mut ahead = *reader;
            ahead.advance(1);
            if let Ok(found) = Code::parse(&mut ahead) {
                ahead.byte(b' ', "a space and a text after the code")?;
                code = Some(found);
                *reader = ahead;
            }
        }
        let at = reader.offset();
        let rest = reader.rest();
        if let Some(bad) = rest.iter().position(|octet| matches!(octet, 0 | b'\r' | b'\n')) {
            return Err(SyntaxError::wrong(at + bad, "a text must not hold CR, LF or NUL"));
        }
        reader.advance(rest.len());
        // Servers are known to put any octets into words for people, and no program reads them.
        let text = match ByteString::try_from(reader.share(rest)) {
            Ok(text) => text,
            Err(_) => String::from_utf8_lossy(rest).into_owned().into(),
        };
        Ok(Self { code, text })
    }
}

/// Appends `tag OK|NO|BAD …`.
pub fn write_tagged(out: &mut Vec<u8>, tag: &Tag, status: Status, text: &ResponseText) {
    out.extend_from_slice(tag.as_str().as_bytes());
    write_rest(out, status.word(), text);
}

/// Appends `* word …`.
pub fn write(out: &mut Vec<u8>, word: &str, text: &ResponseText) {
    out.push(b'*');
    write_rest(out, word, text);
}

fn write_rest(out: &mut Vec<u8>, word: &str, text: &ResponseText) {
    out.push(b' ');
    out.extend_from_slice(word.as_bytes());
    out.push(b' ');
    text.write(out);
    out.extend_from_slice(b"\r\n");
}

/// Appends `+ ` and the octets: base64 or words.
pub fn write_continuation(out: &mut Vec<u8>, octets: &[u8]) {
    out.extend_from_slice(b"+ ");
    string::text(out, octets, |_| false);
    out.extend_from_slice(b"\r\n");
}

// response-tagged = tag SP resp-cond-state CRLF
// resp-cond-state = ("OK" / "NO" / "BAD") SP resp-text
pub(super) fn tagged(reader: &mut Reader<'_>) -> Parsed<Response> {
    let tag = Tag::parse(reader)?;
    reader.space()?;
    let mut ahead = *reader;
    let word = ahead.atom("OK, NO or BAD")?;
    let Some(status) = Status::from_word(word) else { return reader.expected("OK, NO or BAD") };
    *reader = ahead;
    let text = ResponseText::parse_after_space(reader)?;
    Ok(Response::Tagged { tag, status, text })
}

// continue-req = "+" SP (resp-text / base64) CRLF
pub(super) fn continuation(reader: &mut Reader<'_>) -> Parsed<Response> {
    reader.byte(b'+', "`+`")?;
    reader.space()?;
    let rest: &[u8] = reader.rest();
    let bad = rest.iter().position(|octet| matches!(octet, 0 | b'\r' | b'\n'));
    if let Some(bad) = bad {
        let at = reader.offset() + bad;
        return Err(SyntaxError::wrong(at, "a text must not hold CR, LF or NUL"));
    }
    reader.advance(rest.len());
    let octets: Bytes = reader.share(rest);
    Ok(Response::Continuation(octets))
}

#[cfg(test)]
mod tests {
    use super::{Code, Response, ResponseText, Status};
    use bytes::Bytes;

    /// RFC 9051 §9 `resp-text`: the words may be left out. We never do so.
    #[test]
    fn a_text_may_be_missing() {
        for (line, code, written) in [
            ("* OK ", None, "* OK .\r\n"),
            ("* OK [ALERT] ", Some(Code::Alert), "* OK [ALERT] .\r\n"),
        ] {
            let text = ResponseText { code, text: "".into() };
            let response = Response::Condition { status: Status::Ok, text };
            assert_eq!(Response::parse(&Bytes::from(line)).as_ref(), Ok(&response), "{line}");
            let mut out = Vec::new();
            response.write(&mut out);
            assert_eq!(out, written.as_bytes());
        }
        for wrong in ["* OK", "* OK [ALERT]", "a OK"] {
            assert!(Response::parse(&Bytes::from(wrong)).is_err(), "{wrong}");
        }
    }
}
