//! What follows the grammar and is odd all the same.

use super::Oddity;
use super::address::{is_placeholder, is_swapped};
use peregrine_proto::response::fetch::PartDetail;
use peregrine_proto::response::{BodyStructure, Envelope, FetchData};
use peregrine_proto::{Code, Response};
use smallvec::SmallVec;

/// The oddities of a response that could be read.
pub(crate) fn inspect(response: &Response) -> SmallVec<[Oddity; 1]> {
    let mut odd = SmallVec::new();
    match response {
        Response::Fetch { data, .. } => {
            for item in data {
                fetch_item(item, &mut odd);
            }
        }
        Response::Status(data) if data.items.is_empty() => odd.push(Oddity::EmptyStatus),
        Response::Capability(names) if names.iter().any(|name| &**name == "+") => {
            odd.push(Oddity::SpacedLiteral);
        }
        Response::Condition { text, .. } | Response::Tagged { text, .. } => {
            odd.extend(text.code.as_ref().and_then(code));
        }
        _ => {}
    }
    odd
}

/// Codes that we know, with arguments that make no sense.
fn code(code: &Code) -> Option<Oddity> {
    let Code::Other(name, rest) = code else { return None };
    let is = |word: &str| name.eq_ignore_ascii_case(word);
    if is("COPYUID") || is("APPENDUID") {
        return Some(Oddity::SenselessUids);
    }
    let zero = rest.as_deref().is_some_and(|rest| rest.trim() == "0");
    let counts = is("UIDNEXT") || is("UIDVALIDITY") || is("UNSEEN");
    (zero && counts).then_some(Oddity::ZeroCode)
}

fn fetch_item(item: &FetchData, odd: &mut SmallVec<[Oddity; 1]>) {
    match item {
        FetchData::Envelope(envelope) => addresses(envelope, odd),
        FetchData::Body(body) | FetchData::BodyStructure(body) => structure(body, odd),
        FetchData::Section { data: None, .. }
        | FetchData::Rfc822(None)
        | FetchData::Rfc822Header(None)
        | FetchData::Rfc822Text(None) => odd.push(Oddity::MissingBody),
        _ => {}
    }
}

fn addresses(envelope: &Envelope, odd: &mut SmallVec<[Oddity; 1]>) {
    let Envelope { from, sender, reply_to, to, cc, bcc, .. } = envelope;
    for address in [from, sender, reply_to, to, cc, bcc].into_iter().flatten() {
        let (name, mailbox) = (address.name.as_deref(), address.mailbox.as_deref());
        let oddity = match &address.host {
            host if is_swapped(name, mailbox, host.as_ref()) => Oddity::SwappedAddress,
            Some(host) if is_placeholder(host) => Oddity::MissingDomain,
            _ => continue,
        };
        odd.push(oddity);
        return;
    }
}

/// Not deeper than the reader went.
fn structure(body: &BodyStructure, odd: &mut SmallVec<[Oddity; 1]>) {
    match body {
        BodyStructure::Multipart { parts, .. } => {
            for part in parts {
                structure(part, odd);
            }
        }
        BodyStructure::Single(part) => match &part.detail {
            PartDetail::Basic if part.media_type.eq_ignore_ascii_case(b"MULTIPART") => {
                odd.push(Oddity::MultipartAsBasic);
            }
            PartDetail::Basic
                if part.media_type.eq_ignore_ascii_case(b"MESSAGE")
                    && part.subtype.eq_ignore_ascii_case(b"RFC822") =>
            {
                odd.push(Oddity::MessageAsBasic);
            }
            PartDetail::Message { envelope, body, .. } => {
                addresses(envelope, odd);
                structure(body, odd);
            }
            _ => {}
        },
    }
}
