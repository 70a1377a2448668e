//! From a response that does not follow the grammar to the one that was meant.

use super::Oddity;
use super::address::envelope;
use super::body::{number, structure};
use super::tree::{Node, TreeReader};
use bytes::Bytes;
use peregrine_proto::Response;
use peregrine_proto::response::string::nstring;
use peregrine_proto::write;

/// A response as it should have been.
pub(crate) struct Mended {
    pub(crate) octets: Bytes,
    pub(crate) oddities: Vec<Oddity>,
}

/// Mends a response that could not be read; `None` where nothing is known to be done.
pub(crate) fn mend(frame: &Bytes) -> Option<Mended> {
    let mut odd = Vec::new();
    let octets = match frame.first()? {
        b'+' if frame.len() == 1 => {
            odd.push(Oddity::BareContinuation);
            Bytes::from_static(b"+ ")
        }
        _ => {
            let clean = clean(frame, &mut odd);
            let mended = untagged(&clean, &mut odd).or_else(|| with_text(&clean, &mut odd));
            mended.unwrap_or(clean)
        }
    };
    odd.sort_by_key(|oddity| *oddity as u8);
    odd.dedup();
    (octets != *frame).then_some(Mended { octets, oddities: odd })
}

/// Without NUL and spaces at the end, where no literal is.
fn clean(frame: &Bytes, odd: &mut Vec<Oddity>) -> Bytes {
    if memchr::memmem::find(frame, b"}\r\n").is_some() {
        return frame.clone();
    }
    let mut clean = frame.clone();
    if memchr::memchr(0, frame).is_some() {
        odd.push(Oddity::NulPadding);
        clean = frame.iter().copied().filter(|octet| *octet != 0).collect();
    }
    let kept = clean.trim_ascii_end().len();
    if kept < clean.len() {
        odd.push(Oddity::ExtraSpace);
        clean.truncate(kept);
    }
    clean
}

fn untagged(clean: &Bytes, odd: &mut Vec<Oddity>) -> Option<Bytes> {
    let data = clean.strip_prefix(b"* ")?;
    let spaces = data.iter().take_while(|octet| **octet == b' ').count();
    if spaces > 0 {
        odd.push(Oddity::ExtraSpace);
    }
    let start = 2 + spaces;
    if clean.get(start) == Some(&b'[') {
        odd.push(Oddity::CodeWithoutStatus);
        let with_status = [b"* OK ", &clean[start..]].concat().into();
        return with_text(&with_status, odd).or(Some(with_status));
    }
    let mut reader = TreeReader::new(clean, start, odd);
    let first = reader.item_name();
    let is = |name: &str| first.eq_ignore_ascii_case(name.as_bytes());
    let mut out = [b"* ", first].concat();
    let good = if first.first().is_some_and(u8::is_ascii_digit) {
        numbered(&mut reader, &mut out)
    } else if is("CAPABILITY") || is("SEARCH") || is("ENABLED") {
        words(&mut reader, is("SEARCH"), &mut out)
    } else if is("STATUS") {
        status(&mut reader, &mut out)
    } else if is("LIST") || is("LSUB") {
        list(&mut reader, &mut out)
    } else if is("FLAGS") {
        out.push(b' ');
        flags(&mut reader, &mut out)
    } else if is("ID") {
        id(&mut reader, &mut out)
    } else {
        false
    };
    good.then(|| out.into())
}

/// `OK`, `NO`, `BAD`, `BYE` and a code, and no text behind it.
fn with_text(clean: &Bytes, odd: &mut Vec<Oddity>) -> Option<Bytes> {
    let mut words = clean.splitn(3, |octet| *octet == b' ');
    let (first, word, rest) = (words.next()?, words.next()?, words.next());
    const CONDITIONS: [&str; 5] = ["OK", "NO", "BAD", "BYE", "PREAUTH"];
    let condition = CONDITIONS.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()));
    if first == b"+" || !condition || rest.is_some_and(|rest| !rest.ends_with(b"]")) {
        return None;
    }
    odd.push(Oddity::NoText);
    Some([clean, &b" ."[..]].concat().into())
}

fn numbered(reader: &mut TreeReader<'_>, out: &mut Vec<u8>) -> bool {
    reader.spaces();
    let word = reader.item_name();
    out.push(b' ');
    out.extend_from_slice(word);
    if !word.eq_ignore_ascii_case(b"FETCH") {
        // Words behind EXISTS and such mean nothing.
        return reader.rest().iter().all(|octet| *octet == b' ');
    }
    reader.spaces();
    if !reader.accept(b'(') {
        return false;
    }
    out.extend_from_slice(b" (");
    let mut any = false;
    loop {
        reader.spaces();
        if reader.accept(b')') {
            out.push(b')');
            return any;
        }
        let name = reader.item_name();
        // In envelopes and structures there are no words.
        reader.words = !is_known(name) || name.eq_ignore_ascii_case(b"FLAGS");
        let Some(value) = reader.value() else { return false };
        let mut item = name.to_vec();
        item.push(b' ');
        if !fetch_item(name, &value, &mut item, reader.oddities) {
            if is_known(name) {
                return false;
            }
            reader.oddities.push(Oddity::Skipped);
            continue;
        }
        if any {
            out.push(b' ');
        }
        out.extend_from_slice(&item);
        any = true;
    }
}

/// Appends the value of an item; false where it is left out: of a kind that we don't know, or of no
/// use.
fn fetch_item(name: &[u8], value: &Node, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) -> bool {
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    if is("ENVELOPE") {
        return envelope(value, out, odd);
    }
    if is("BODY") || is("BODYSTRUCTURE") {
        return structure(value, out, odd);
    }
    if is("RFC822.SIZE") {
        number(Some(value), out, odd);
        return true;
    }
    if is("FLAGS") {
        return flag_list(value, out, odd);
    }
    match value {
        Node::Text(text) if is("INTERNALDATE") => write::quoted(out, text),
        // A message's octets may hold anything, NUL too.
        Node::Text(text) if text.len() > write::LONGEST_QUOTED || !write::is_quotable(text) => {
            write::literal(out, text);
        }
        Node::Text(text) => write::quoted(out, text),
        Node::Atom(atom) => out.extend_from_slice(atom),
        Node::List(_) => out.extend_from_slice(b"()"),
    }
    // What our reader takes is good; whatever else is not for us.
    let probe = [b"* 1 FETCH (", &out[..], b")"].concat().into();
    Response::parse(&probe).is_ok()
}

/// Whether somebody may have asked for the item, and must not do without it.
fn is_known(name: &[u8]) -> bool {
    const NAMES: [&str; 5] = ["ENVELOPE", "BODYSTRUCTURE", "FLAGS", "UID", "INTERNALDATE"];
    let begins = |word: &str| {
        name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        || begins("BODY")
        || begins("RFC822")
}

fn flags(reader: &mut TreeReader<'_>, out: &mut Vec<u8>) -> bool {
    match reader.value() {
        Some(value) => flag_list(&value, out, reader.oddities),
        None => false,
    }
}

fn flag_list(value: &Node, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) -> bool {
    let Some(nodes) = value.list() else { return false };
    let flags: Vec<_> = nodes
        .iter()
        .filter_map(|node| match node {
            Node::Atom(atom) if reads(b"* FLAGS (", atom, b")") => Some(atom),
            _ => {
                odd.push(Oddity::RawOctets);
                None
            }
        })
        .collect();
    write::list(out, flags, |out, flag| out.extend_from_slice(flag));
    true
}

/// Names or numbers with a space before each; others are left out.
fn words(reader: &mut TreeReader<'_>, numbers: bool, out: &mut Vec<u8>) -> bool {
    let all = reader.rest();
    // RFC 7162 §3.1.5: `(MODSEQ n)` behind the numbers is none of them.
    let end = memchr::memchr(b'(', all).filter(|_| numbers).unwrap_or(all.len());
    for word in all[..end].split(|octet| *octet == b' ').skip(1) {
        let good = match numbers {
            true => reads(b"* SEARCH ", word, b""),
            false => reads(b"* CAPABILITY ", word, b""),
        };
        match good {
            true => {
                out.push(b' ');
                out.extend_from_slice(word);
            }
            false if word.is_empty() => reader.oddities.push(Oddity::ExtraSpace),
            false => reader.oddities.push(Oddity::RawOctets),
        }
    }
    true
}

/// Items that we don't know are left out.
fn status(reader: &mut TreeReader<'_>, out: &mut Vec<u8>) -> bool {
    let (Some(mailbox), Some(Node::List(items))) = (reader.value(), reader.value()) else {
        return false;
    };
    let Some(name) = mailbox.text() else { return false };
    out.push(b' ');
    write::astring(out, name);
    out.extend_from_slice(b" (");
    let mut any = false;
    for pair in items.chunks_exact(2) {
        let mut item = pair[0].text().map(|name| name.to_vec()).unwrap_or_default();
        item.push(b' ');
        number(Some(&pair[1]), &mut item, reader.oddities);
        if !reads(b"* STATUS x (", &item, b")") {
            reader.oddities.push(Oddity::Skipped);
            continue;
        }
        if any {
            out.push(b' ');
        }
        any = true;
        out.extend_from_slice(&item);
    }
    out.push(b')');
    true
}

/// Names with octets that must stand in quotes or in a literal.
fn list(reader: &mut TreeReader<'_>, out: &mut Vec<u8>) -> bool {
    let (Some(Node::List(attributes)), Some(separator)) = (reader.value(), reader.value()) else {
        return false;
    };
    reader.spaces();
    let name = match reader.rest().first() {
        Some(b'"' | b'{') => match reader.value() {
            Some(Node::Text(name)) => name,
            _ => return false,
        },
        // All that is left, with the spaces in it.
        _ => Bytes::copy_from_slice(reader.rest()),
    };
    let told = attributes.len();
    let attributes: Vec<_> = attributes
        .iter()
        .filter_map(Node::text)
        .filter(|one| reads(b"* LIST (", one, b") NIL x"))
        .collect();
    if attributes.len() < told {
        reader.oddities.push(Oddity::RawOctets);
    }
    out.push(b' ');
    write::list(out, attributes, |out, attribute| out.extend_from_slice(attribute));
    out.push(b' ');
    match separator.text() {
        Some(separator) => write::quoted(out, separator),
        None => out.extend_from_slice(b"NIL"),
    }
    out.push(b' ');
    if !write::is_quotable(&name) || !write::is_plain(&name) {
        reader.oddities.push(Oddity::RawOctets);
    }
    write::astring(out, &name);
    true
}

fn id(reader: &mut TreeReader<'_>, out: &mut Vec<u8>) -> bool {
    let Some(Node::List(nodes)) = reader.value() else { return false };
    out.push(b' ');
    let pairs: Vec<_> = nodes.chunks_exact(2).filter(|pair| pair[0].text().is_some()).collect();
    write::list(out, pairs, |out, pair| {
        nstring(out, pair[0].text().map(|text| &text[..]));
        out.push(b' ');
        nstring(out, pair[1].text().map(|text| &text[..]));
    });
    true
}

/// Whether our reader takes it in this place.
fn reads(before: &[u8], what: &[u8], behind: &[u8]) -> bool {
    Response::parse(&[before, what, behind].concat().into()).is_ok()
}
