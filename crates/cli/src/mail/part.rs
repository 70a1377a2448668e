//! The parts of a message, as BODYSTRUCTURE tells them.

use bytes::Bytes;
use peregrine_client::proto::Section;
use peregrine_client::proto::response::BodyStructure;
use peregrine_client::proto::response::fetch::SinglePart;
use serde::Serialize;

use super::text;

/// A part that holds no others.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Part {
    /// Its number, such as `1.2`.
    pub part: String,
    /// Such as `text/plain`, in small letters.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name that it is to have as a file.
    pub name: Option<String>,
    /// Octets as transferred, encoded.
    pub octets: u64,
    /// How it is encoded for the transfer.
    pub encoding: String,
    /// Of a text.
    pub charset: Option<String>,
    /// Whether it is meant to be saved rather than shown (RFC 2183).
    pub attachment: bool,
}

impl Part {
    /// Which section to fetch.
    pub fn section(&self) -> Section {
        let path = self.part.split('.').filter_map(|number| number.parse().ok()).collect();
        Section { path, ..Section::default() }
    }
}

/// All parts that hold no others, in the message's order.
pub fn parts(structure: &BodyStructure) -> Vec<Part> {
    let mut found = Vec::new();
    walk(structure, "", &mut found);
    found
}

/// The part to read: the first plain text that is no attachment, or else the first HTML.
pub fn readable(parts: &[Part]) -> Option<&Part> {
    let of = |kind: &str| parts.iter().find(|part| part.kind == kind && !part.attachment);
    of("text/plain").or_else(|| of("text/html"))
}

fn walk(structure: &BodyStructure, prefix: &str, found: &mut Vec<Part>) {
    match structure {
        BodyStructure::Multipart { parts, .. } => {
            for (index, part) in parts.iter().enumerate() {
                let number = index + 1;
                match (part, prefix) {
                    (_, "") => walk(part, &number.to_string(), found),
                    (_, prefix) => walk(part, &format!("{prefix}.{number}"), found),
                }
            }
        }
        // RFC 3501 §6.4.5: a message that is no multipart has one part, 1.
        BodyStructure::Single(single) => {
            found.push(part(single, if prefix.is_empty() { "1" } else { prefix }));
        }
    }
}

fn part(single: &SinglePart, number: &str) -> Part {
    let lower = |octets: &[u8]| String::from_utf8_lossy(octets).to_ascii_lowercase();
    let disposition = single.extension.as_ref().and_then(|more| more.disposition.as_ref());
    let named = disposition.and_then(|(_, parameters)| parameter(parameters, "filename"));
    let attachment = disposition.is_some_and(|(kind, _)| kind.eq_ignore_ascii_case(b"attachment"));
    Part {
        part: number.to_owned(),
        kind: format!("{}/{}", lower(&single.media_type), lower(&single.subtype)),
        name: named.or_else(|| parameter(&single.parameters, "name")),
        octets: single.octets,
        encoding: lower(&single.encoding),
        charset: parameter(&single.parameters, "charset"),
        attachment,
    }
}

/// A parameter's value, put together and decoded as RFC 2231 and RFC 2047 say.
fn parameter(parameters: &[(Bytes, Bytes)], wanted: &str) -> Option<String> {
    let whole = |(name, _): &&(Bytes, Bytes)| name.eq_ignore_ascii_case(wanted.as_bytes());
    let continued = |(name, _): &(Bytes, Bytes)| {
        let rest = name.get(wanted.len()..).unwrap_or_default();
        name.len() > wanted.len()
            && name[..wanted.len()].eq_ignore_ascii_case(wanted.as_bytes())
            && rest.starts_with(b"*")
    };
    if !parameters.iter().any(continued) {
        return parameters.iter().find(whole).map(|(_, value)| text::words(value));
    }
    // Made into a header field again, for a parser of such.
    let clean =
        |octets: &[u8]| String::from_utf8_lossy(octets).replace(['\r', '\n', '\0', '"', '\\'], "_");
    let mut field = String::from("Content-Disposition: attachment");
    for (name, value) in parameters.iter().filter(|parameter| continued(parameter)) {
        let name = clean(name).to_ascii_lowercase().replacen(&wanted.to_lowercase(), "filename", 1);
        match name.ends_with('*') {
            true => field.push_str(&format!("; {name}={}", clean(value))),
            false => field.push_str(&format!("; {name}=\"{}\"", clean(value))),
        }
    }
    field.push_str("\r\n\r\n");
    let parsed = mail_parser::MessageParser::default().parse_headers(field.as_bytes())?;
    let disposition = mail_parser::MimeHeaders::content_disposition(parsed.parts.first()?)?;
    disposition.attribute("filename").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Vec<(Bytes, Bytes)> {
        let octets = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        pairs.iter().map(|(name, value)| (octets(name), octets(value))).collect()
    }

    #[test]
    fn names_of_files_are_put_together() {
        for (pairs, wanted) in [
            (&[("FILENAME", "a b.txt")][..], Some("a b.txt")),
            (&[("filename", "=?utf-8?q?=C3=A4=2Etxt?=")], Some("ä.txt")),
            (&[("filename*", "utf-8''%C3%A4.txt")], Some("ä.txt")),
            (&[("filename*0", "long"), ("filename*1", "er.txt")], Some("longer.txt")),
            (&[("filename*0*", "utf-8''%C3%A4"), ("filename*1", ".txt")], Some("ä.txt")),
            (&[("charset", "utf-8")], None),
        ] {
            assert_eq!(parameter(&parameters(pairs), "filename").as_deref(), wanted, "{pairs:?}");
        }
    }
}
