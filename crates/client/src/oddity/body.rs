//! BODY and BODYSTRUCTURE as they should have been.

use super::Oddity;
use super::address::{envelope, text};
use super::tree::Node;
use peregrine_proto::response::string::{nstring, string};

/// Appends the structure; false where it is none.
pub(super) fn structure(node: &Node, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) -> bool {
    let Some(fields) = node.list() else { return false };
    out.push(b'(');
    let parts = fields.iter().take_while(|field| field.list().is_some()).count();
    // `(NIL "alternative" ("boundary" "x") …)`: where parts should be, there is NIL.
    let empty = matches!(fields, [first, Node::Text(_), third, ..]
        if first.is_nil() && (third.list().is_some() || third.is_nil()) && fields.len() <= 6)
        || matches!(fields, [first, Node::Text(_)] if first.is_nil());
    let good = if parts > 0 {
        multipart(&fields[..parts], &fields[parts..], out, odd)
    } else if empty {
        odd.push(Oddity::EmptyMultipart);
        // As our type has it: an empty text stands for no part.
        out.extend_from_slice(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)");
        multipart(&[], &fields[1..], out, odd)
    } else {
        single(fields, out, odd)
    };
    out.push(b')');
    good
}

fn multipart(parts: &[Node], rest: &[Node], out: &mut Vec<u8>, odd: &mut Vec<Oddity>) -> bool {
    if !parts.iter().all(|part| structure(part, out, odd)) {
        return false;
    }
    out.push(b' ');
    word(rest.first(), "MIXED", Oddity::ShortPart, out, odd);
    if let Some(extension) = rest.get(1..).filter(|extension| !extension.is_empty()) {
        out.push(b' ');
        parameters(&extension[0], out, odd);
        common(&extension[1..], out, odd);
    }
    true
}

/// `body-fields`, what some types have more, and the extension.
fn single(fields: &[Node], out: &mut Vec<u8>, odd: &mut Vec<Oddity>) -> bool {
    /// `media-basic` and `body-fields`.
    const BASIC: usize = 7;
    if fields.len() < BASIC {
        odd.push(Oddity::ShortPart);
    }
    let nil = |index: usize| fields.get(index).is_none_or(Node::is_nil);
    if nil(0) && nil(1) {
        odd.push(Oddity::NilPart);
        out.extend_from_slice(b"\"APPLICATION\" \"OCTET-STREAM\"");
    } else {
        word(fields.first(), "APPLICATION", Oddity::NilPart, out, odd);
        out.push(b' ');
        word(fields.get(1), "OCTET-STREAM", Oddity::NilPart, out, odd);
    }
    out.push(b' ');
    parameters(fields.get(2).unwrap_or(&NIL), out, odd);
    out.push(b' ');
    text(fields.get(3), out, odd);
    out.push(b' ');
    text(fields.get(4), out, odd);
    out.push(b' ');
    word(fields.get(5), "7BIT", Oddity::NilEncoding, out, odd);
    out.push(b' ');
    number(fields.get(6), out, odd);
    let rest = fields.get(BASIC..).unwrap_or_default();
    let is = |index: usize, name: &str| {
        let text = fields.get(index).and_then(Node::text);
        text.is_some_and(|text| text.eq_ignore_ascii_case(name.as_bytes()))
    };
    let rest = if is(0, "TEXT") {
        lines(rest, out, odd)
    } else if is(0, "MESSAGE") && is(1, "RFC822") && rest.len() >= 2 && rest[0].list().is_some() {
        out.push(b' ');
        let good = envelope(&rest[0], out, odd);
        out.push(b' ');
        if !good || !structure(&rest[1], out, odd) {
            return false;
        }
        lines(&rest[2..], out, odd)
    } else {
        rest
    };
    if let [md5, rest @ ..] = rest {
        out.push(b' ');
        text(Some(md5), out, odd);
        common(rest, out, odd);
    }
    true
}

static NIL: Node = Node::List(Vec::new());

/// `body-fld-lines`, which some leave out.
fn lines<'a>(rest: &'a [Node], out: &mut Vec<u8>, odd: &mut Vec<Oddity>) -> &'a [Node] {
    out.push(b' ');
    match rest {
        [Node::Atom(atom), rest @ ..] if !atom.eq_ignore_ascii_case(b"NIL") => {
            number(Some(&Node::Atom(atom.clone())), out, odd);
            rest
        }
        _ => {
            odd.push(Oddity::ShortPart);
            out.push(b'0');
            rest
        }
    }
}

// [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc …]]]
fn common(rest: &[Node], out: &mut Vec<u8>, odd: &mut Vec<Oddity>) {
    if let Some(node) = rest.first() {
        out.push(b' ');
        disposition(node, out, odd);
    }
    if let Some(node) = rest.get(1) {
        out.push(b' ');
        match node.list() {
            Some([]) => nstring(out, None),
            Some(languages) => {
                let texts: Vec<_> = languages.iter().filter_map(Node::text).collect();
                peregrine_proto::write::list(out, texts, |out, text| string(out, text));
            }
            None => text(Some(node), out, odd),
        }
    }
    if let Some(node) = rest.get(2) {
        out.push(b' ');
        text(Some(node), out, odd);
    }
}

fn disposition(node: &Node, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) {
    match (node.list(), node.text()) {
        (None, Some(kind)) => {
            odd.push(Oddity::BareDisposition);
            out.push(b'(');
            string(out, kind);
            out.extend_from_slice(b" NIL)");
        }
        (Some([kind, rest @ ..]), _) if !kind.is_nil() => {
            out.push(b'(');
            word(Some(kind), "ATTACHMENT", Oddity::BareDisposition, out, odd);
            out.push(b' ');
            parameters(rest.first().unwrap_or(&NIL), out, odd);
            out.push(b')');
        }
        _ => nstring(out, None),
    }
}

/// `body-fld-param`: names and values in turn.
fn parameters(node: &Node, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) {
    let pairs = node.list().unwrap_or_default().chunks_exact(2);
    let pairs: Vec<_> = pairs
        .filter_map(|pair| Some((pair[0].text()?, pair[1].text().map_or(&b""[..], |text| text))))
        .collect();
    if pairs.is_empty() {
        if node.list().is_some_and(|list| !list.is_empty()) {
            odd.push(Oddity::ShortPart);
        }
        return nstring(out, None);
    }
    peregrine_proto::write::list(out, pairs, |out, (name, value)| {
        string(out, name);
        out.push(b' ');
        string(out, value);
    });
}

/// `string`; where there is none, what it is taken for.
fn word(
    node: Option<&Node>,
    instead: &str,
    oddity: Oddity,
    out: &mut Vec<u8>,
    odd: &mut Vec<Oddity>,
) {
    match node.and_then(Node::text) {
        Some(text) => string(out, text),
        None => {
            odd.push(oddity);
            string(out, instead.as_bytes());
        }
    }
}

/// `number`
pub(super) fn number(node: Option<&Node>, out: &mut Vec<u8>, odd: &mut Vec<Oddity>) {
    let text = node.and_then(Node::text).map(|text| &text[..]).unwrap_or_default();
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    match text {
        [b'-', ..] => odd.push(Oddity::NegativeNumber),
        _ if digits == 0 => odd.push(Oddity::ShortPart),
        _ if digits < text.len() => odd.push(Oddity::FractionalNumber),
        _ => {}
    }
    match digits {
        0 => out.push(b'0'),
        _ => out.extend_from_slice(&text[..digits]),
    }
}
