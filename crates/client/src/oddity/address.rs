//! ENVELOPE as it should have been.

use super::Oddity;
use super::tree::Node;
use bytes::Bytes;
use peregrine_proto::response::string::nstring;

/// Fields of an envelope (RFC 3501 §9 `envelope`).
const FIELDS: usize = 10;
/// Those of them that are lists of addresses: From to Bcc.
const ADDRESSES: std::ops::Range<usize> = 2..8;

/// Appends the envelope; false where it is none.
pub(super) fn envelope(node: &Node, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) -> bool {
    let Some(fields) = node.list() else { return false };
    if fields.len() < FIELDS {
        odd.push(Oddity::ShortEnvelope);
    }
    out.push(b'(');
    for index in 0..FIELDS {
        if index > 0 {
            out.push(b' ');
        }
        match fields.get(index) {
            Some(field) if ADDRESSES.contains(&index) => addresses(field, out, odd),
            field => text(field, out, odd),
        }
    }
    out.push(b')');
    true
}

/// Appends `nstring`.
pub(super) fn text(node: Option<&Node>, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) {
    match node {
        Some(Node::Atom(atom)) if !atom.eq_ignore_ascii_case(b"NIL") => {
            odd.push(Oddity::RawOctets);
            nstring(out, Some(atom));
        }
        Some(Node::List(_)) => {
            odd.push(Oddity::ExtraParentheses);
            nstring(out, None);
        }
        node => nstring(out, node.and_then(Node::text).map(|text| &text[..])),
    }
}

fn addresses(node: &Node, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) {
    let mut found: Vec<[Option<&Bytes>; 4]> = Vec::new();
    collect(node, 0, &mut found, odd);
    if found.is_empty() {
        return nstring(out, None);
    }
    out.push(b'(');
    for address in found {
        out.push(b'(');
        for (index, part) in address.into_iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            nstring(out, part.map(|part| &part[..]));
        }
        out.push(b')');
    }
    out.push(b')');
}

/// Finds the addresses, however deep they lie: a list of texts is one.
fn collect<'a>(
    node: &'a Node,
    depth: usize,
    found: &mut Vec<[Option<&'a Bytes>; 4]>,
    odd: &mut Vec<Oddity>,
) {
    let Some(nodes) = node.list() else {
        if depth > 0 || !node.is_nil() {
            odd.push(Oddity::NilAddress);
        }
        return;
    };
    let is_address = !nodes.is_empty()
        && nodes.iter().all(|node| node.list().is_none())
        && nodes.iter().any(|node| !node.is_nil());
    if is_address {
        if depth != 1 || nodes.len() != 4 {
            odd.push(Oddity::ExtraParentheses);
        }
        let part = |index: usize| nodes.get(index).and_then(Node::text);
        let address = [part(0), part(1), part(2), part(3)];
        found.push(swapped(address, odd));
        return;
    }
    if nodes.is_empty() {
        odd.push(Oddity::NilAddress);
    }
    for node in nodes {
        collect(node, depth + 1, found, odd);
    }
}

/// Turns an address of which the name is `mailbox@host`, and the mailbox the name.
fn swapped<'a>(address: [Option<&'a Bytes>; 4], odd: &mut Vec<Oddity>) -> [Option<&'a Bytes>; 4] {
    let [name, route, mailbox, host] = address;
    if is_swapped(name.map(|name| &name[..]), mailbox.map(|name| &name[..]), host) {
        odd.push(Oddity::SwappedAddress);
        return [mailbox, route, name, None];
    }
    address
}

pub(super) fn is_swapped(
    name: Option<&[u8]>,
    mailbox: Option<&[u8]>,
    host: Option<&Bytes>,
) -> bool {
    name.is_some_and(|name| name.contains(&b'@') && !name.contains(&b' '))
        && mailbox.is_some_and(|mailbox| !mailbox.contains(&b'@'))
        && host.is_none_or(|host| is_placeholder(host))
        && host.is_some()
}

/// What servers write where there is no domain.
pub(super) fn is_placeholder(host: &[u8]) -> bool {
    const WORDS: [&str; 4] =
        ["MISSING_DOMAIN", ".MISSING-HOST-NAME.", "MISSING-HOST-NAME", ".SYNTAX-ERROR."];
    WORDS.iter().any(|word| host.eq_ignore_ascii_case(word.as_bytes()))
}
