//! Header words and bodies, decoded for reading.

use mail_parser::MessageParser;
use mail_parser::decoders::html::html_to_text;
use peregrine_client::proto::response::Address;

use super::part::Part;

/// Text of a header field: encoded words decoded (RFC 2047), on one line.
pub fn words(octets: &[u8]) -> String {
    let plain = String::from_utf8_lossy(octets);
    let plain = plain.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let plain = plain.collect::<Vec<_>>().join(" ");
    if !plain.contains("=?") {
        return plain;
    }
    let field = format!("Subject: {plain}\r\n\r\n");
    let parsed = MessageParser::default().parse_headers(field.as_bytes());
    let subject = parsed.as_ref().and_then(|message| message.subject());
    subject.map_or(plain, |subject| subject.replace(['\r', '\n'], " "))
}

/// `ann@example.org`; `None` for what only opens or closes a group (RFC 3501 §7.4.2), and for nobody:
/// servers tell an address of nothing where a message has none.
pub fn address(address: &Address) -> Option<String> {
    let text = |octets: &Option<bytes::Bytes>| octets.as_deref().map(words);
    let (mailbox, host) = (text(&address.mailbox)?, text(&address.host)?);
    match (mailbox.is_empty(), host.is_empty()) {
        (true, true) => None,
        (_, true) => Some(mailbox),
        _ => Some(format!("{mailbox}@{host}")),
    }
}

/// `Ann <ann@example.org>`.
pub fn full_address(one: &Address) -> Option<String> {
    let address = address(one)?;
    Some(match &one.name {
        Some(name) if !name.is_empty() => format!("{} <{address}>", words(name)),
        _ => address,
    })
}

/// The name, or else the address.
pub fn short_address(one: &Address) -> Option<String> {
    match &one.name {
        Some(name) if !name.is_empty() => Some(words(name)),
        _ => address(one),
    }
}

/// The octets of a part without its transfer encoding (RFC 2045 §6).
pub fn decoded(part: &Part, octets: &[u8]) -> Vec<u8> {
    let encoding = &part.encoding;
    if !["base64", "quoted-printable"].iter().any(|one| encoding.eq_ignore_ascii_case(one)) {
        return octets.to_vec();
    }
    // Whatever type it has: as such it is not touched beyond that.
    let entity = entity("application/octet-stream", encoding, octets);
    let parsed = MessageParser::default().parse(&entity);
    let contents = parsed.as_ref().and_then(|message| message.parts.first());
    contents.map_or_else(|| octets.to_vec(), |part| part.contents().to_vec())
}

/// A text part for reading: decoded to Unicode, HTML without its marks.
pub fn readable(part: &Part, octets: &[u8]) -> String {
    let charset = part.charset.as_deref().unwrap_or("utf-8");
    let kind = format!("text/plain; charset=\"{charset}\"");
    let entity = entity(&kind, &part.encoding, octets);
    let parsed = MessageParser::default().parse(&entity);
    let text = parsed.as_ref().and_then(|message| message.body_text(0));
    let text = text.unwrap_or_else(|| String::from_utf8_lossy(octets));
    let text = if part.kind == "text/html" { html_to_text(&text).into() } else { text };
    text.replace("\r\n", "\n")
}

fn entity(kind: &str, encoding: &str, octets: &[u8]) -> Vec<u8> {
    // Both come from the server: nothing of them may end the header.
    let clean = |text: &str| text.replace(['\r', '\n', '\0'], " ");
    let (kind, encoding) = (clean(kind), clean(encoding));
    let header = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
    [header.as_bytes(), octets].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: &str, encoding: &str, charset: Option<&str>) -> Part {
        let charset = charset.map(str::to_owned);
        Part { kind: kind.into(), encoding: encoding.into(), charset, ..Part::default() }
    }

    #[test]
    fn header_words_are_decoded() {
        assert_eq!(words(b"plain"), "plain");
        assert_eq!(words("grüße".as_bytes()), "grüße");
        assert_eq!(words(b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?B?IQ==?="), "Grüße!");
        assert_eq!(words(b"=?iso-8859-1?q?caf=E9?= at noon"), "café at noon");
    }

    #[test]
    fn nobody_has_no_address() {
        let told = |mailbox: &'static str, host: &'static str| Address {
            mailbox: Some(mailbox.into()),
            host: Some(host.into()),
            ..Address::default()
        };
        assert_eq!(address(&told("ann", "example.org")).as_deref(), Some("ann@example.org"));
        assert_eq!(address(&told("ann", "")).as_deref(), Some("ann"));
        assert_eq!(address(&told("", "")), None);
    }

    #[test]
    fn bodies_are_decoded() {
        let latin = part("text/plain", "quoted-printable", Some("iso-8859-1"));
        assert_eq!(readable(&latin, b"caf=E9\r\nat =\r\nnoon"), "café\nat noon");
        let html = part("text/html", "7bit", None);
        assert_eq!(readable(&html, b"<p>a <b>b</b></p>").trim(), "a b");
        assert_eq!(decoded(&part("text/plain", "BASE64", None), b"gICA\r\n"), [128, 128, 128]);
        assert_eq!(decoded(&part("image/png", "8bit", None), b"a=20\r\n"), b"a=20\r\n");
    }
}
