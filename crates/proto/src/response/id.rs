//! ID response (RFC 2971 §3.2).

use super::string;
use crate::token::{Parsed, Reader};
use bytestring::ByteString;

/// Fields and values of an ID response.
pub type Parameters = Vec<(ByteString, Option<ByteString>)>;

/// Appends `* ID (…)`, or `* ID NIL`.
pub fn write(out: &mut Vec<u8>, parameters: Option<&[(ByteString, Option<ByteString>)]>) {
    out.extend_from_slice(b"* ID ");
    match parameters {
        Some(parameters) => crate::write::list(out, parameters, |out, (field, value)| {
            string::string(out, field.as_bytes());
            out.push(b' ');
            string::nstring(out, value.as_ref().map(|value| value.as_ref()));
        }),
        None => out.extend_from_slice(b"NIL"),
    }
    out.extend_from_slice(b"\r\n");
}

// id_response    ::= "ID" SPACE id_params_list
// id_params_list ::= "(" #(string SPACE nstring) ")" / nil
pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Option<Parameters>> {
    reader.space()?;
    if reader.accept_atom("NIL") {
        return Ok(None);
    }
    let mut parameters = Vec::new();
    reader.list_or_empty(|reader| {
        let at = reader.offset();
        let field = text(reader.string("the name of a field")?, at)?;
        reader.space()?;
        let at = reader.offset();
        let value = reader.nstring("the value of a field")?;
        parameters.push((field, value.map(|value| text(value, at)).transpose()?));
        Ok(())
    })?;
    Ok(Some(parameters))
}

fn text(octets: bytes::Bytes, at: usize) -> Parsed<ByteString> {
    use crate::token::SyntaxError;
    ByteString::try_from(octets).map_err(|_| SyntaxError::wrong(at, "the text is not UTF-8"))
}
