//! `section` and partials of FETCH BODY[…] (RFC 3501 §6.4.5, §9).

use crate::number::number63;
use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::write;
use bytestring::ByteString;
use smallvec::SmallVec;

/// What stands between the brackets of `BODY[…]`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Section {
    /// Part numbers, each from 1; empty for the whole message.
    pub path: SmallVec<[u32; 4]>,
    /// Which text of the part; `Whole` where nothing is named.
    pub text: SectionText,
}

/// `section-msgtext` / `section-text`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum SectionText {
    /// The message, or the part's body.
    #[default]
    Whole,
    /// `HEADER`
    Header,
    /// `HEADER.FIELDS (…)`: names as written, at least one.
    HeaderFields(Vec<ByteString>),
    /// `HEADER.FIELDS.NOT (…)`
    HeaderFieldsNot(Vec<ByteString>),
    /// `TEXT`
    Text,
    /// `MIME`: only with a path.
    Mime,
}

/// Part numbers alone, as BINARY names what it wants (RFC 3516 §7); none for the whole message.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct PartPath(pub SmallVec<[u32; 4]>);

/// `<start.count>`: octets, of 63 bits both (RFC 9051 §9). `count` is not 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Partial {
    /// First octet wanted, from 0.
    pub start: u64,
    /// How many octets at most; at least 1.
    pub count: u64,
}

impl Section {
    /// Most levels of parts that are taken: as deep as messages are read.
    pub const MAX_PATH: usize = 100;

    /// Most header field names that are taken in one section; clients name about 30.
    pub const MAX_FIELDS: usize = 256;

    /// `section`, with its brackets.
    ///
    /// ```abnf
    /// section      = "[" [section-spec] "]"
    /// section-spec = section-msgtext / (section-part ["." section-text])
    /// section-part = nz-number *("." nz-number)
    /// section-text = section-msgtext / "MIME"
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.byte(b'[', "`[`")?;
        let mut section = Self::default();
        let mut text_may_follow = true;
        while reader.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            let offset = reader.offset();
            section.path.push(reader.nz_number("a part number from 1")?);
            if section.path.len() > Self::MAX_PATH {
                return Err(SyntaxError::wrong(offset, "the part lies deeper than 100 levels"));
            }
            text_may_follow = reader.accept(b'.');
            if !text_may_follow {
                break;
            }
        }
        let bare = section.path.is_empty() && reader.peek() == Some(b']');
        if text_may_follow && !bare {
            section.text = SectionText::parse(reader, !section.path.is_empty())?;
        }
        reader.byte(b']', "`]`")?;
        Ok(section)
    }

    /// `section`, with its brackets.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, part) in self.path.iter().enumerate() {
            if index > 0 {
                out.push(b'.');
            }
            write::number(out, u64::from(*part));
        }
        let word = self.text.word();
        if !word.is_empty() && !self.path.is_empty() {
            out.push(b'.');
        }
        out.extend_from_slice(word.as_bytes());
        if let Some(names) = self.text.fields() {
            out.push(b' ');
            write::list(out, names, |out, name| write::astring(out, name.as_bytes()));
        }
        out.push(b']');
    }
}

impl SectionText {
    /// ```abnf
    /// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
    /// ```
    fn parse(reader: &mut Reader<'_>, in_part: bool) -> Parsed<Self> {
        let offset = reader.offset();
        let word = reader.word(class::ATOM, "HEADER, HEADER.FIELDS, TEXT or `]`")?;
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("HEADER") {
            Ok(Self::Header)
        } else if is("TEXT") {
            Ok(Self::Text)
        } else if is("HEADER.FIELDS") {
            header_list(reader).map(Self::HeaderFields)
        } else if is("HEADER.FIELDS.NOT") {
            header_list(reader).map(Self::HeaderFieldsNot)
        } else if is("MIME") && in_part {
            Ok(Self::Mime)
        } else if is("MIME") {
            // RFC 3501 §6.4.5: the MIME part specifier MUST be prefixed by part numbers.
            Err(SyntaxError::wrong(offset, "MIME needs a part number before it, such as 1.MIME"))
        } else {
            Err(SyntaxError::expected(offset, "HEADER, HEADER.FIELDS, TEXT or MIME"))
        }
    }

    /// The word on the wire; empty for the whole.
    fn word(&self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Header => "HEADER",
            Self::HeaderFields(_) => "HEADER.FIELDS",
            Self::HeaderFieldsNot(_) => "HEADER.FIELDS.NOT",
            Self::Text => "TEXT",
            Self::Mime => "MIME",
        }
    }

    /// The header field names, where the text has any.
    pub fn fields(&self) -> Option<&[ByteString]> {
        match self {
            Self::HeaderFields(names) | Self::HeaderFieldsNot(names) => Some(names),
            _ => None,
        }
    }
}

impl PartPath {
    /// `section-binary`, with its brackets.
    ///
    /// ```abnf
    /// section-binary = "[" [section-part] "]"
    /// section-part   = nz-number *("." nz-number)
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.byte(b'[', "`[`")?;
        let mut path = SmallVec::new();
        if reader.accept(b']') {
            return Ok(Self(path));
        }
        loop {
            let offset = reader.offset();
            path.push(reader.nz_number("a part number from 1")?);
            if path.len() > Section::MAX_PATH {
                return Err(SyntaxError::wrong(offset, "the part lies deeper than 100 levels"));
            }
            if !reader.accept(b'.') {
                break;
            }
        }
        reader.byte(b']', "`]` or `.` behind a part number")?;
        Ok(Self(path))
    }

    /// `section-binary`, with its brackets.
    pub fn write(&self, out: &mut Vec<u8>) {
        Section { path: self.0.clone(), text: SectionText::Whole }.write(out);
    }
}

/// ```abnf
/// header-list     = "(" header-fld-name *(SP header-fld-name) ")"
/// header-fld-name = astring
/// ```
fn header_list(reader: &mut Reader<'_>) -> Parsed<Vec<ByteString>> {
    reader.space()?;
    let mut names = Vec::new();
    reader.list(|reader| {
        let offset = reader.offset();
        names.push(reader.astring_text("a header field's name")?);
        if names.len() > Section::MAX_FIELDS {
            return Err(SyntaxError::wrong(offset, "more than 256 header fields are named"));
        }
        Ok(())
    })?;
    Ok(names)
}

impl Partial {
    /// `<start.count>`, if it is next.
    ///
    /// ```abnf
    /// partial = "<" number64 "." nz-number64 ">"    ; RFC 9051 §9; 32 bits in RFC 3501
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Option<Self>> {
        if !reader.accept(b'<') {
            return Ok(None);
        }
        let start = number63(reader, "the first octet's number")?;
        reader.byte(b'.', "`.` between first octet and count")?;
        const COUNT: &str = "a count of octets from 1";
        if reader.peek() == Some(b'0') {
            return reader.expected(COUNT);
        }
        let count = number63(reader, COUNT)?;
        reader.byte(b'>', "`>`")?;
        Ok(Some(Self { start, count }))
    }

    /// `<start.count>`
    pub fn write(self, out: &mut Vec<u8>) {
        out.push(b'<');
        write::number(out, self.start);
        out.push(b'.');
        write::number(out, self.count);
        out.push(b'>');
    }
}
