//! What SORT and THREAD compare, made when a message arrives: base subject, first addresses,
//! Message-ID and references (RFC 5256, RFC 5957).
//!
//! Texts are folded, so that they are compared by their octets. Of message ids a hash is kept:
//! they are only asked whether they are equal.

use super::subject;
use crate::search::fold;
use peregrine_mime::{Address, Structure, decode_header, header_fields};

/// Message ids of one References field that are kept, the last ones: more are no conversation.
const MAX_REFERENCES: usize = 1024;

/// The texts that are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SortText {
    Subject,
    From,
    To,
    Cc,
    DisplayFrom,
    DisplayTo,
}

impl SortText {
    const COUNT: usize = 6;
}

/// The keys of one message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortKeys<'a>(&'a [u8]);

/// Octets before the references: whether it is a reply, its id, how many references.
const HEAD: usize = 1 + 8 + 2;

impl<'a> SortKeys<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether the subject is that of a reply or a forward (RFC 5256 §3, REFERENCES).
    pub(crate) fn is_reply(&self) -> bool {
        self.0.first() == Some(&1)
    }

    /// What stands for its Message-ID; `None` if it has none.
    pub(crate) fn message_id(&self) -> Option<u64> {
        let id = u64::from_be_bytes(*self.0.get(1..)?.first_chunk()?);
        (id != 0).then_some(id)
    }

    /// What stands for its references, the oldest first: those of References, or else the first
    /// of In-Reply-To.
    pub(crate) fn references(&self) -> impl Iterator<Item = u64> + use<'a> {
        let ids = self.0.get(HEAD..self.texts_at()).unwrap_or_default();
        ids.as_chunks::<8>().0.iter().map(|id| u64::from_be_bytes(*id))
    }

    /// A text, folded; empty where the message does not have it.
    pub(crate) fn text(&self, text: SortText) -> &'a str {
        let bytes = self.0.get(self.texts_at()..).unwrap_or_default();
        let (ends, texts) = bytes.split_at_checked(4 * SortText::COUNT).unwrap_or_default();
        let end = |place: usize| {
            let end = ends.get(4 * place..).and_then(|ends| ends.first_chunk());
            end.map_or(0, |end| u32::from_be_bytes(*end) as usize)
        };
        let place = text as usize;
        let start = if place == 0 { 0 } else { end(place - 1) };
        let text = texts.get(start..end(place)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn texts_at(&self) -> usize {
        let count = self.0.get(9..).and_then(|bytes| bytes.first_chunk());
        HEAD + 8 * count.map_or(0, |count| usize::from(u16::from_be_bytes(*count)))
    }
}

/// Appends the keys of a message.
pub(super) fn put(structure: &Structure, message: &[u8], header: &[u8], row: &mut Vec<u8>) {
    let field = |name: &str| header_fields(header).find(|field| field.is(name.as_bytes()));
    let decoded = field("Subject").map(|field| decode_header(field.value)).unwrap_or_default();
    let (base, reply) = subject::base(&decoded);
    let id = field("Message-ID").and_then(|field| ids(field.value).next());
    let mut references: Vec<u64> =
        field("References").map(|field| ids(field.value).collect()).unwrap_or_default();
    if references.is_empty() {
        references.extend(field("In-Reply-To").and_then(|field| ids(field.value).next()));
    }
    let cut = references.len().saturating_sub(MAX_REFERENCES);
    let references = &references[cut..];
    row.push(u8::from(reply));
    row.extend_from_slice(&id.unwrap_or(0).to_be_bytes());
    row.extend_from_slice(&(references.len() as u16).to_be_bytes());
    references.iter().for_each(|id| row.extend_from_slice(&id.to_be_bytes()));
    let envelope = structure.envelope(message, 0);
    let [from, to, cc] = [&envelope.from, &envelope.to, &envelope.cc].map(|list| list.first());
    let texts = [fold(&base), mailbox(from), mailbox(to), mailbox(cc), display(from), display(to)];
    let mut end = 0;
    for text in &texts {
        end += text.len();
        row.extend_from_slice(&(end as u32).to_be_bytes());
    }
    texts.iter().for_each(|text| row.extend_from_slice(text.as_bytes()));
}

/// `addr-mailbox` (RFC 5256 §3).
fn mailbox(address: Option<&Address<'_>>) -> String {
    let mailbox = address.and_then(|address| address.mailbox.as_deref());
    fold(&decode_header(mailbox.unwrap_or_default()))
}

/// The sort value of an address as people see it (RFC 5957 §3).
fn display(address: Option<&Address<'_>>) -> String {
    let Some(address) = address else { return String::new() };
    let name = decode_header(address.name.as_deref().unwrap_or_default());
    if !name.is_empty() {
        return fold(&name);
    }
    let mut text = decode_header(address.mailbox.as_deref().unwrap_or_default());
    if let (Some(_), Some(host)) = (&address.mailbox, &address.host) {
        text.push('@');
        text.push_str(&decode_header(host));
    }
    fold(&text)
}

/// What stands for each message id of a field, in order.
fn ids(value: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let (id, behind) = next_id(rest)?;
            rest = behind;
            if let Some(id) = id {
                return Some(hash(&id));
            }
        }
    })
}

/// Never 0, which stands for none.
fn hash(id: &[u8]) -> u64 {
    let digest = blake3::hash(id);
    digest.as_bytes().first_chunk().map_or(1, |bytes| u64::from_be_bytes(*bytes)).max(1)
}

/// The next thing in angle brackets, without quoting and blanks, so that equal ids look equal
/// (RFC 5256 §3); `None` in the first place where it is no message id.
///
/// msg-id = "<" id-left "@" id-right ">"
fn next_id(value: &[u8]) -> Option<(Option<Vec<u8>>, &[u8])> {
    let mut at = memchr::memchr(b'<', value)? + 1;
    let (mut id, mut quoted) = (Vec::new(), false);
    while let Some(&octet) = value.get(at) {
        at += 1;
        match octet {
            b'\\' if quoted => {
                id.extend(value.get(at));
                at += 1;
            }
            b'"' => quoted = !quoted,
            _ if quoted => id.push(octet),
            // Another begins: the one before had no end.
            b'<' => id.clear(),
            b'>' => {
                let sign = memchr::memchr(b'@', &id).is_some_and(|at| at > 0 && at + 1 < id.len());
                return Some((sign.then_some(id), &value[at..]));
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => id.push(octet),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5256 §3: quoting does not tell ids apart; what is no id is passed over.
    #[test]
    fn message_ids_are_normalized() {
        let found = |value: &str| ids(value.as_bytes()).collect::<Vec<_>>();
        let id = |id: &str| hash(id.as_bytes());
        let one = [id("01KF8JCEOCBS0045PS@xxx.yyy.com")];
        assert_eq!(found("<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>"), one);
        assert_eq!(found(" <01KF8JCEOCBS0045PS@xxx.yyy.com>\r\n"), one);
        assert_eq!(
            found("<a@b> junk <c@d>\r\n <<e@f> <nothing> <@x> <x@> <g@h"),
            [id("a@b"), id("c@d"), id("e@f")]
        );
        assert_eq!(found("Ann's mail of Friday <a@b> (x)"), [id("a@b")]);
        assert_eq!(found("<\"a\\\"b c\"@d>"), [id("a\"b c@d")]);
        assert_ne!(id("A@b"), id("a@b"), "ids have a case");
    }
}
