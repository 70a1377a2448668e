//! Reads BODY and BODYSTRUCTURE.

use super::{
    BodyStructure, DEPTH_MAX, MultipartExtension, Parameters, PartDetail, SinglePart,
    SinglePartExtension,
};
use crate::response::fetch::Envelope;
use crate::token::{Parsed, Reader, SyntaxError};
use bytes::Bytes;

impl BodyStructure {
    // body = "(" (body-type-1part / body-type-mpart) ")"
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        body(reader, DEPTH_MAX)
    }
}

fn body(reader: &mut Reader<'_>, depth: usize) -> Parsed<BodyStructure> {
    let at = reader.offset();
    let Some(depth) = depth.checked_sub(1) else {
        return Err(SyntaxError::wrong(at, "the body has more than 128 levels of parts"));
    };
    reader.byte(b'(', "a body structure")?;
    let body = match reader.peek() {
        Some(b'(') => multipart(reader, depth)?,
        _ => BodyStructure::Single(Box::new(single(reader, depth)?)),
    };
    reader.byte(b')', "`)`")?;
    Ok(body)
}

// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
fn multipart(reader: &mut Reader<'_>, depth: usize) -> Parsed<BodyStructure> {
    let mut parts = Vec::new();
    while reader.peek() == Some(b'(') {
        parts.push(body(reader, depth)?);
    }
    reader.space()?;
    let subtype = reader.string("a multipart's subtype")?;
    let extension = if reader.accept(b' ') { Some(multipart_extension(reader)?) } else { None };
    Ok(BodyStructure::Multipart { parts, subtype, extension })
}

// body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang
//                  [SP body-fld-loc *(SP body-extension)]]]
fn multipart_extension(reader: &mut Reader<'_>) -> Parsed<MultipartExtension> {
    let parameters = parameters(reader)?;
    let (disposition, languages, location) = common_extension(reader)?;
    Ok(MultipartExtension { parameters, disposition, languages, location })
}

// body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
// body-fields     = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
//                   body-fld-octets
fn single(reader: &mut Reader<'_>, depth: usize) -> Parsed<SinglePart> {
    let media_type = reader.string("a media type")?;
    reader.space()?;
    let subtype = reader.string("a media subtype")?;
    reader.space()?;
    let parameters = parameters(reader)?;
    reader.space()?;
    let id = reader.nstring("a Content-ID or NIL")?;
    reader.space()?;
    let description = reader.nstring("a description or NIL")?;
    reader.space()?;
    let encoding = reader.string("a transfer encoding")?;
    reader.space()?;
    let octets = reader.number64("a number of octets")?;
    let detail = if media_type.eq_ignore_ascii_case(b"TEXT") {
        reader.space()?;
        PartDetail::Text { lines: reader.number64("a number of lines")? }
    } else if media_type.eq_ignore_ascii_case(b"MESSAGE")
        && [&b"RFC822"[..], b"GLOBAL"].iter().any(|one| subtype.eq_ignore_ascii_case(one))
        && reader.rest().starts_with(b" (")
    {
        message(reader, depth)?
    } else {
        PartDetail::Basic
    };
    let extension = if reader.accept(b' ') { Some(single_extension(reader)?) } else { None };
    Ok(SinglePart {
        media_type,
        subtype,
        parameters,
        id,
        description,
        encoding,
        octets,
        detail,
        extension,
    })
}

// body-type-msg = media-message SP body-fields SP envelope SP body SP body-fld-lines
fn message(reader: &mut Reader<'_>, depth: usize) -> Parsed<PartDetail> {
    reader.space()?;
    let envelope = Box::new(Envelope::parse(reader)?);
    reader.space()?;
    let body = Box::new(body(reader, depth)?);
    reader.space()?;
    let lines = reader.number64("a number of lines")?;
    Ok(PartDetail::Message { envelope, body, lines })
}

// body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang
//                  [SP body-fld-loc *(SP body-extension)]]]
fn single_extension(reader: &mut Reader<'_>) -> Parsed<SinglePartExtension> {
    let md5 = reader.nstring("a Content-MD5 or NIL")?;
    let (disposition, languages, location) = common_extension(reader)?;
    Ok(SinglePartExtension { md5, disposition, languages, location })
}

type CommonExtension = (Option<(Bytes, Parameters)>, Vec<Bytes>, Option<Bytes>);

// [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
fn common_extension(reader: &mut Reader<'_>) -> Parsed<CommonExtension> {
    let mut extension = CommonExtension::default();
    if reader.accept(b' ') {
        extension.0 = disposition(reader)?;
        if reader.accept(b' ') {
            extension.1 = languages(reader)?;
            if reader.accept(b' ') {
                extension.2 = reader.nstring("a Content-Location or NIL")?;
                skip_extensions(reader)?;
            }
        }
    }
    Ok(extension)
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
fn parameters(reader: &mut Reader<'_>) -> Parsed<Parameters> {
    let mut parameters = Vec::new();
    if !reader.accept_atom("NIL") {
        reader.list(|reader| {
            let name = reader.string("the name of a parameter")?;
            reader.space()?;
            parameters.push((name, reader.string("the value of a parameter")?));
            Ok(())
        })?;
    }
    Ok(parameters)
}

// body-fld-dsp = "(" string SP body-fld-param ")" / nil
fn disposition(reader: &mut Reader<'_>) -> Parsed<Option<(Bytes, Parameters)>> {
    if reader.accept_atom("NIL") {
        return Ok(None);
    }
    reader.byte(b'(', "a disposition or NIL")?;
    let kind = reader.string("a disposition")?;
    reader.space()?;
    let parameters = parameters(reader)?;
    reader.byte(b')', "`)`")?;
    Ok(Some((kind, parameters)))
}

// body-fld-lang = nstring / "(" string *(SP string) ")"
fn languages(reader: &mut Reader<'_>) -> Parsed<Vec<Bytes>> {
    if reader.peek() != Some(b'(') {
        return Ok(reader.nstring("a language or NIL")?.into_iter().collect());
    }
    let mut languages = Vec::new();
    reader.list(|reader| {
        languages.push(reader.string("a language")?);
        Ok(())
    })?;
    Ok(languages)
}

/// Passes over what later revisions may add. Counts parentheses instead of recursing, so that
/// their depth costs nothing.
// *(SP body-extension)
// body-extension = nstring / number / "(" body-extension *(SP body-extension) ")"
fn skip_extensions(reader: &mut Reader<'_>) -> Parsed<()> {
    let mut open = 0_usize;
    while open > 0 || reader.accept(b' ') {
        while reader.accept(b'(') {
            open += 1;
        }
        match reader.peek() {
            Some(b'0'..=b'9') => drop(reader.number64("a number")?),
            _ => drop(reader.nstring("a string, a number or NIL")?),
        }
        while open > 0 && reader.accept(b')') {
            open -= 1;
        }
        if open > 0 {
            reader.space()?;
        }
    }
    Ok(())
}
