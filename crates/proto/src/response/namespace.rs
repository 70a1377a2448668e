//! NAMESPACE response (RFC 2342 §5, §6).

use super::{list, string};
use crate::Encoding;
use crate::token::{Parsed, Reader, SyntaxError};
use crate::write;
use bytestring::ByteString;

/// A namespace: its prefix and separator (RFC 2342 §5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Namespace {
    /// Prefix of its names, in UTF-8.
    pub prefix: ByteString,
    /// Hierarchy separator; `None` for NIL.
    pub separator: Option<char>,
}

/// Appends `* NAMESPACE` with the three kinds.
pub fn write(out: &mut Vec<u8>, kinds: &[Option<Vec<Namespace>>; 3], encoding: Encoding) {
    out.extend_from_slice(b"* NAMESPACE");
    for kind in kinds {
        out.push(b' ');
        match kind.as_deref() {
            // The grammar has no empty list.
            None | Some([]) => out.extend_from_slice(b"NIL"),
            Some(namespaces) => write_kind(out, namespaces, encoding),
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn write_kind(out: &mut Vec<u8>, namespaces: &[Namespace], encoding: Encoding) {
    out.push(b'(');
    for namespace in namespaces {
        out.push(b'(');
        // RFC 2342 §6: prefixes are encoded as mailbox names are.
        let prefix = write::name(&namespace.prefix, encoding);
        match write::is_quotable_in(&prefix, encoding) {
            true => write::quoted(out, &prefix),
            false => string::string(out, &prefix),
        }
        out.push(b' ');
        list::write_separator(out, namespace.separator);
        out.push(b')');
    }
    out.push(b')');
}

// Namespace_Response = "*" SP "NAMESPACE" SP Namespace SP Namespace SP Namespace
pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<[Option<Vec<Namespace>>; 3]> {
    let mut kinds = [None, None, None];
    for kind in &mut kinds {
        reader.space()?;
        *kind = parse_kind(reader)?;
    }
    Ok(kinds)
}

// Namespace = nil / "(" 1*( "(" string SP  (<"> QUOTED_CHAR <"> / nil)
//             *(Namespace_Response_Extension) ")" ) ")"
fn parse_kind(reader: &mut Reader<'_>) -> Parsed<Option<Vec<Namespace>>> {
    if reader.accept_atom("NIL") {
        return Ok(None);
    }
    reader.byte(b'(', "`(` or NIL")?;
    let mut namespaces = Vec::new();
    loop {
        reader.byte(b'(', "`(`")?;
        let at = reader.offset();
        let prefix =
            crate::mailbox::decode(reader.string("a namespace's prefix")?, reader.encoding())
                .map_err(|error| SyntaxError::wrong(at, error.0))?;
        reader.space()?;
        let separator = list::parse_separator(reader)?;
        while reader.accept(b' ') {
            skip_extension(reader)?;
        }
        reader.byte(b')', "`)`")?;
        namespaces.push(Namespace { prefix, separator });
        if reader.accept(b')') {
            return Ok(Some(namespaces));
        }
    }
}

// Namespace_Response_Extension = SP string SP "(" string *(SP string) ")"
fn skip_extension(reader: &mut Reader<'_>) -> Parsed<()> {
    reader.string("the name of an extension")?;
    reader.space()?;
    reader.list(|reader| reader.string("a string").map(drop))
}
