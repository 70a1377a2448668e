//! Writes BODY and BODYSTRUCTURE.

use super::{BodyStructure, DEPTH_MAX, Form, Parameters, PartDetail, SinglePart};
use crate::response::string::{nstring, string};
use crate::write::number;
use bytes::Bytes;

/// What stands for a part that cannot be written: none in a multipart, or one too deep.
const EMPTY_TEXT: &[u8] = br#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 0 0)"#;

impl BodyStructure {
    /// Appends `(…)`. Parts deeper than [`DEPTH_MAX`] become empty texts.
    pub fn write(&self, out: &mut Vec<u8>, form: Form) {
        body(out, self, form, DEPTH_MAX);
    }
}

/// `depth`: levels that may still be written, this one included; never 0.
fn body(out: &mut Vec<u8>, structure: &BodyStructure, form: Form, depth: usize) {
    if depth == 1 && holds_bodies(structure) {
        return out.extend_from_slice(EMPTY_TEXT);
    }
    out.push(b'(');
    match structure {
        BodyStructure::Multipart { parts, subtype, extension } => {
            for part in parts {
                body(out, part, form, depth - 1);
            }
            // RFC 3501 §9: `body-type-mpart = 1*body …`, and strict clients insist.
            if parts.is_empty() {
                out.extend_from_slice(EMPTY_TEXT);
            }
            out.push(b' ');
            string(out, subtype);
            if let (Some(extension), Form::BodyStructure) = (extension, form) {
                out.push(b' ');
                parameters(out, &extension.parameters);
                disposition(out, extension.disposition.as_ref());
                languages(out, &extension.languages);
                out.push(b' ');
                nstring(out, extension.location.as_deref());
            }
        }
        BodyStructure::Single(part) => single(out, part, form, depth),
    }
    out.push(b')');
}

fn holds_bodies(structure: &BodyStructure) -> bool {
    match structure {
        BodyStructure::Multipart { .. } => true,
        BodyStructure::Single(part) => matches!(part.detail, PartDetail::Message { .. }),
    }
}

fn single(out: &mut Vec<u8>, part: &SinglePart, form: Form, depth: usize) {
    string(out, &part.media_type);
    out.push(b' ');
    string(out, &part.subtype);
    out.push(b' ');
    parameters(out, &part.parameters);
    out.push(b' ');
    nstring(out, part.id.as_deref());
    out.push(b' ');
    nstring(out, part.description.as_deref());
    out.push(b' ');
    string(out, if part.encoding.is_empty() { b"7BIT" } else { &part.encoding });
    out.push(b' ');
    number(out, part.octets);
    match &part.detail {
        PartDetail::Basic => {}
        PartDetail::Text { lines } => {
            out.push(b' ');
            number(out, *lines);
        }
        PartDetail::Message { envelope, body: enclosed, lines } => {
            out.push(b' ');
            envelope.write(out);
            out.push(b' ');
            body(out, enclosed, form, depth - 1);
            out.push(b' ');
            number(out, *lines);
        }
    }
    if let (Some(extension), Form::BodyStructure) = (&part.extension, form) {
        out.push(b' ');
        nstring(out, extension.md5.as_deref());
        disposition(out, extension.disposition.as_ref());
        languages(out, &extension.languages);
        out.push(b' ');
        nstring(out, extension.location.as_deref());
    }
}

fn parameters(out: &mut Vec<u8>, parameters: &Parameters) {
    if parameters.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    crate::write::list(out, parameters, |out, (name, value)| {
        string(out, name);
        out.push(b' ');
        string(out, value);
    });
}

fn disposition(out: &mut Vec<u8>, disposition: Option<&(Bytes, Parameters)>) {
    let Some((kind, values)) = disposition else { return out.extend_from_slice(b" NIL") };
    out.extend_from_slice(b" (");
    string(out, kind);
    out.push(b' ');
    parameters(out, values);
    out.push(b')');
}

fn languages(out: &mut Vec<u8>, languages: &[Bytes]) {
    if languages.is_empty() {
        return out.extend_from_slice(b" NIL");
    }
    out.push(b' ');
    crate::write::list(out, languages, |out, language| string(out, language));
}
