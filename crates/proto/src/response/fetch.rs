//! FETCH responses (RFC 3501 §7.4.2).

pub mod body_structure;
pub mod envelope;
pub mod writer;

pub use body_structure::{
    BodyStructure, MultipartExtension, Parameters, PartDetail, SinglePart, SinglePartExtension,
};
pub use envelope::{Address, Envelope};
pub use writer::{FetchWriter, write_section_head};

use super::flags;
use crate::number::{Number, number63};
use crate::token::{LiteralData, Parsed, Reader, SyntaxError};
use crate::{DateTime, Flag, ModSeq, ObjectId, PartPath, Section, SequenceNumber, Uid};
use body_structure::Form;
use bytes::Bytes;

/// One item of a FETCH response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FetchData {
    /// `FLAGS (…)`
    Flags(Vec<Flag>),
    /// `UID n`
    Uid(Uid),
    /// `INTERNALDATE "…"`
    InternalDate(DateTime),
    /// `RFC822.SIZE n`
    Rfc822Size(u64),
    /// `ENVELOPE (…)`
    Envelope(Box<Envelope>),
    /// `BODY (…)`: without extension data.
    Body(Box<BodyStructure>),
    /// `BODYSTRUCTURE (…)`
    BodyStructure(Box<BodyStructure>),
    /// `BODY[section]<origin> …`; `None` for NIL.
    Section {
        /// Which part and text.
        section: Section,
        /// First octet, where a partial was asked.
        origin: Option<u64>,
        /// The octets.
        data: Option<Bytes>,
    },
    /// `BINARY[part]<origin> …` (RFC 3516); `None` for NIL.
    Binary {
        /// Which part.
        part: PartPath,
        /// First octet of the decoded ones, where a partial was asked.
        origin: Option<u64>,
        /// The decoded octets.
        data: Option<Bytes>,
    },
    /// `BINARY.SIZE[part] n`: decoded octets.
    BinarySize(PartPath, u64),
    /// `MODSEQ (n)` (RFC 7162 §3.1.4)
    ModSeq(ModSeq),
    /// `EMAILID (…)` (RFC 8474)
    EmailId(ObjectId),
    /// `THREADID (…)`; `None` for NIL.
    ThreadId(Option<ObjectId>),
    /// `SAVEDATE "…"` (RFC 8514); `None` for NIL.
    SaveDate(Option<DateTime>),
    /// `PREVIEW "…"` (RFC 8970), in UTF-8; `None` for NIL: not at hand.
    Preview(Option<Bytes>),
    /// `RFC822 …`
    Rfc822(Option<Bytes>),
    /// `RFC822.HEADER …`
    Rfc822Header(Option<Bytes>),
    /// `RFC822.TEXT …`
    Rfc822Text(Option<Bytes>),
}

/// Appends `* n FETCH (…)`.
pub fn write(out: &mut Vec<u8>, number: SequenceNumber, data: &[FetchData]) {
    let mut writer = FetchWriter::new(out, number);
    for item in data {
        item.write(&mut writer);
    }
    writer.finish();
}

/// Appends `* uid UIDFETCH (…)`.
pub fn write_by_uid(out: &mut Vec<u8>, uid: Uid, data: &[FetchData]) {
    let mut writer = FetchWriter::by_uid(out, uid);
    for item in data {
        item.write(&mut writer);
    }
    writer.finish();
}

// msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP (msg-att-dynamic / msg-att-static)) ")"
pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Vec<FetchData>> {
    let mut data = Vec::new();
    reader.list(|reader| {
        data.push(FetchData::parse(reader)?);
        Ok(())
    })?;
    Ok(data)
}

impl FetchData {
    fn write(&self, writer: &mut FetchWriter<'_>) {
        match self {
            Self::Flags(flags) => crate::write::flags(writer.item("FLAGS "), flags),
            Self::Uid(uid) => writer.uid(*uid),
            Self::InternalDate(date) => writer.internal_date(*date),
            Self::Rfc822Size(octets) => writer.rfc822_size(*octets),
            Self::Envelope(envelope) => envelope.write(writer.item("ENVELOPE ")),
            Self::Body(body) => body.write(writer.item("BODY "), Form::Body),
            Self::BodyStructure(body) => {
                body.write(writer.item("BODYSTRUCTURE "), Form::BodyStructure);
            }
            Self::Section { section, origin, data } => {
                writer::section_name(writer.item("BODY"), section, *origin);
                writer.octets(data.as_deref());
            }
            Self::Binary { part, origin, data } => {
                writer::binary(writer.item("BINARY"), part, *origin, data.as_deref());
            }
            Self::BinarySize(part, octets) => {
                let out = writer.item("BINARY.SIZE");
                part.write(out);
                out.push(b' ');
                crate::write::number(out, *octets);
            }
            Self::ModSeq(mod_seq) => {
                let out = writer.item("MODSEQ (");
                crate::write::number(out, mod_seq.0);
                out.push(b')');
            }
            Self::EmailId(id) => id.write_in_parentheses(writer.item("EMAILID ")),
            Self::ThreadId(Some(id)) => id.write_in_parentheses(writer.item("THREADID ")),
            Self::ThreadId(None) => _ = writer.item("THREADID NIL"),
            Self::SaveDate(Some(date)) => date.write(writer.item("SAVEDATE ")),
            Self::SaveDate(None) => _ = writer.item("SAVEDATE NIL"),
            Self::Preview(text) => {
                crate::write::nstring(writer.item("PREVIEW "), text.as_deref());
            }
            Self::Rfc822(data) => {
                writer.item("RFC822 ");
                writer.octets(data.as_deref());
            }
            Self::Rfc822Header(data) => {
                writer.item("RFC822.HEADER ");
                writer.octets(data.as_deref());
            }
            Self::Rfc822Text(data) => {
                writer.item("RFC822.TEXT ");
                writer.octets(data.as_deref());
            }
        }
    }

    // msg-att-dynamic = "FLAGS" SP "(" [flag-fetch *(SP flag-fetch)] ")"
    // msg-att-static  = "ENVELOPE" SP envelope / "INTERNALDATE" SP date-time /
    //                   "RFC822" [".HEADER" / ".TEXT"] SP nstring / "RFC822.SIZE" SP number /
    //                   "BODY" ["STRUCTURE"] SP body /
    //                   "BODY" section ["<" number ">"] SP nstring / "UID" SP uniqueid /
    //                   "BINARY" section-binary ["<" number ">"] SP (nstring / literal8) /
    //                   "BINARY.SIZE" section-binary SP number
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let at = reader.offset();
        let rest = reader.rest();
        let in_name = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'.';
        let length = rest.iter().position(|octet| !in_name(octet)).unwrap_or(rest.len());
        let name = &rest[..length];
        reader.advance(length);
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        if is("BODY") && reader.peek() == Some(b'[') {
            return Self::parse_section(reader);
        }
        if is("BINARY") {
            return Self::parse_binary(reader);
        }
        if is("BINARY.SIZE") {
            let part = PartPath::parse(reader)?;
            reader.space()?;
            return Ok(Self::BinarySize(part, reader.number64("a number of octets")?));
        }
        reader.space()?;
        if is("FLAGS") {
            flags::parse_list(reader).map(Self::Flags)
        } else if is("UID") {
            let at = reader.offset();
            let uid = Uid::new(reader.nz_number("a UID")?);
            uid.map(Self::Uid).ok_or(SyntaxError::expected(at, "a UID"))
        } else if is("INTERNALDATE") {
            DateTime::parse(reader).map(Self::InternalDate)
        } else if is("RFC822.SIZE") {
            reader.number64("a number of octets").map(Self::Rfc822Size)
        } else if is("EMAILID") {
            ObjectId::parse_in_parentheses(reader).map(Self::EmailId)
        } else if is("THREADID") {
            let none = reader.accept_atom("NIL");
            let id = if none { None } else { Some(ObjectId::parse_in_parentheses(reader)?) };
            Ok(Self::ThreadId(id))
        } else if is("SAVEDATE") {
            let none = reader.accept_atom("NIL");
            let date = if none { None } else { Some(DateTime::parse(reader)?) };
            Ok(Self::SaveDate(date))
        } else if is("PREVIEW") {
            reader.nstring("a text or NIL").map(Self::Preview)
        } else if is("ENVELOPE") {
            Envelope::parse(reader).map(|envelope| Self::Envelope(Box::new(envelope)))
        } else if is("BODYSTRUCTURE") {
            BodyStructure::parse(reader).map(|body| Self::BodyStructure(Box::new(body)))
        } else if is("BODY") {
            BodyStructure::parse(reader).map(|body| Self::Body(Box::new(body)))
        } else if is("MODSEQ") {
            mod_seq(reader).map(Self::ModSeq)
        } else if is("RFC822") {
            octets(reader).map(Self::Rfc822)
        } else if is("RFC822.HEADER") {
            octets(reader).map(Self::Rfc822Header)
        } else if is("RFC822.TEXT") {
            octets(reader).map(Self::Rfc822Text)
        } else {
            Err(SyntaxError::wrong(at, "the FETCH item is of a kind that is not known"))
        }
    }

    // "BODY" section ["<" number ">"] SP nstring
    fn parse_section(reader: &mut Reader<'_>) -> Parsed<Self> {
        let section = Section::parse(reader)?;
        let origin = origin(reader)?;
        reader.space()?;
        let data = octets(reader)?;
        Ok(Self::Section { section, origin, data })
    }

    // "BINARY" section-binary ["<" number ">"] SP (nstring / literal8)
    fn parse_binary(reader: &mut Reader<'_>) -> Parsed<Self> {
        let part = PartPath::parse(reader)?;
        let origin = origin(reader)?;
        reader.space()?;
        reader.accept(b'~');
        let data = octets(reader)?;
        Ok(Self::Binary { part, origin, data })
    }
}

// ["<" number ">"], of 63 bits, as what was asked (RFC 9051 §9 `partial`)
fn origin(reader: &mut Reader<'_>) -> Parsed<Option<u64>> {
    if !reader.accept(b'<') {
        return Ok(None);
    }
    let origin = number63(reader, "the first octet")?;
    reader.byte(b'>', "`>`")?;
    Ok(Some(origin))
}

// permsg-modsequence = mod-sequence-value, in parentheses (RFC 7162 §7)
fn mod_seq(reader: &mut Reader<'_>) -> Parsed<ModSeq> {
    reader.byte(b'(', "`(`")?;
    let at = reader.offset();
    let value = reader.number64("a modification sequence")?;
    if value > i64::MAX as u64 {
        return Err(SyntaxError::wrong(at, "the modification sequence is above 2^63-1"));
    }
    reader.byte(b')', "`)`")?;
    Ok(ModSeq(value))
}

/// `nstring` with a message's octets. NUL is taken, since servers are known to send what they
/// have, and the reader of a body wants just that.
fn octets(reader: &mut Reader<'_>) -> Parsed<Option<Bytes>> {
    if reader.peek() != Some(b'{') {
        return reader.nstring("a string or NIL");
    }
    let at = reader.offset();
    match reader.literal()? {
        LiteralData::Inline(octets) => Ok(Some(octets)),
        LiteralData::Spooled(..) => Err(SyntaxError::wrong(at, "the literal is not here")),
    }
}
