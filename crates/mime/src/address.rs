//! Address lists (RFC 5322 §3.4 with the obsolete forms of §4.4), read leniently.
//!
//! One pass from comma to comma: each octet is looked at a bounded number of times.

use crate::limits::MAX_ADDRESSES;
use crate::token::{comment_end, is_blank, quoted_end, skip_cfws, trim, unquote};
use std::borrow::Cow;

/// One member of an ENVELOPE address list (RFC 3501 §7.4.2). The bytes may be anything.
///
/// The start of a group has no host, and the group's name as mailbox; its end has neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address<'a> {
    /// The display name, or else a comment beside the address; RFC 2047 words are left as they
    /// stand.
    pub name: Option<Cow<'a, [u8]>>,
    /// The source route ("at-domain-list") of obsolete syntax.
    pub route: Option<Cow<'a, [u8]>>,
    /// The local part, or the group's name.
    pub mailbox: Option<Cow<'a, [u8]>>,
    /// The domain. An address that lacks one has an empty host: `None` would start a group.
    pub host: Option<Cow<'a, [u8]>>,
}

/// Appends the addresses of a field's value to `out`; false when [`MAX_ADDRESSES`] cut the list.
///
/// address-list = (address *("," address)) / obs-addr-list ; address = mailbox / group
/// group = display-name ":" [group-list] ";" [CFWS]
pub(crate) fn addresses<'a>(value: &'a [u8], out: &mut Vec<Address<'a>>) -> bool {
    let mut list = List { bytes: value, at: 0, unclosed_quote: false };
    let mut in_group = false;
    let mut whole = true;
    while let Some(item) = list.next() {
        // Room for this one, and for the end of a group that is or becomes open.
        let needed = match item {
            Item::GroupEnd => usize::from(in_group),
            Item::Mailbox(_) => 1 + usize::from(in_group),
            Item::GroupStart(_) => 2 + usize::from(in_group),
        };
        if out.len() + needed > MAX_ADDRESSES {
            whole = false;
            break;
        }
        if in_group && !matches!(item, Item::Mailbox(_)) {
            // A group inside a group is no syntax; the outer one ends where it begins.
            out.push(Address::default());
            in_group = false;
        }
        match item {
            Item::Mailbox(address) => out.push(address),
            Item::GroupStart(name) => {
                out.push(Address { mailbox: Some(name), ..Address::default() });
                in_group = true;
            }
            Item::GroupEnd => {}
        }
    }
    if in_group {
        out.push(Address::default());
    }
    whole
}

enum Item<'a> {
    Mailbox(Address<'a>),
    GroupStart(Cow<'a, [u8]>),
    GroupEnd,
}

struct List<'a> {
    bytes: &'a [u8],
    at: usize,
    /// A quote was found that nothing closes; no later one can be closed either.
    unclosed_quote: bool,
}

/// The octets up to a character that ends or divides an address.
struct Segment {
    end: usize,
    /// `,` `;` `<` or the `:` of a group; `None` at the end of the value.
    stop: Option<u8>,
    at_sign: Option<usize>,
    /// The last comment, without its parentheses.
    comment: Option<(usize, usize)>,
}

impl<'a> List<'a> {
    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            while self.bytes.get(self.at).is_some_and(|&b| is_blank(b) || b == b',') {
                self.at += 1;
            }
            if *self.bytes.get(self.at)? == b';' {
                self.at += 1;
                return Some(Item::GroupEnd);
            }
            let start = self.at;
            let segment = self.segment(start);
            self.at = segment.end;
            match segment.stop {
                Some(b':') => {
                    self.at += 1;
                    return Some(Item::GroupStart(phrase(&self.bytes[start..segment.end])));
                }
                Some(b'<') => return Some(Item::Mailbox(self.name_addr(start, &segment))),
                _ => match self.addr_spec(start, &segment) {
                    Some(address) => return Some(Item::Mailbox(address)),
                    // Only comments: no address.
                    None => continue,
                },
            }
        }
    }

    fn segment(&mut self, start: usize) -> Segment {
        let mut segment = Segment { end: start, stop: None, at_sign: None, comment: None };
        while let Some(&byte) = self.bytes.get(segment.end) {
            let at = segment.end;
            segment.end = match byte {
                b',' | b';' | b'<' => {
                    segment.stop = Some(byte);
                    return segment;
                }
                b':' if segment.at_sign.is_none() => {
                    segment.stop = Some(byte);
                    return segment;
                }
                b'@' => {
                    segment.at_sign = Some(at);
                    at + 1
                }
                b'(' => {
                    let end = comment_end(self.bytes, at);
                    segment.comment = Some(inside_comment(self.bytes, at, end));
                    end
                }
                b'"' => self.quoted(at),
                b'\\' => at + 2,
                _ => at + 1,
            };
        }
        segment.end = segment.end.min(self.bytes.len());
        segment
    }

    /// Behind the quoted string at `at`. A quote that nothing closes is an ordinary character, so
    /// that one missing quote does not swallow all addresses after it.
    fn quoted(&mut self, at: usize) -> usize {
        if self.unclosed_quote {
            return at + 1;
        }
        let end = quoted_end(self.bytes, at);
        self.unclosed_quote = end.is_none();
        end.unwrap_or(at + 1)
    }

    /// addr-spec = local-part "@" domain
    ///
    /// Without an at-sign, all of it is the mailbox.
    fn addr_spec(&self, start: usize, segment: &Segment) -> Option<Address<'a>> {
        let bytes = &self.bytes[start..segment.end];
        let (mailbox, host) = match segment.at_sign {
            Some(at) => (local(&self.bytes[start..at]), domain(&self.bytes[at + 1..segment.end])),
            None => (phrase(bytes), Cow::default()),
        };
        if mailbox.is_empty() && segment.at_sign.is_none() {
            return None;
        }
        let name = self.comment(segment.comment);
        Some(Address { name, route: None, mailbox: Some(mailbox), host: Some(host) })
    }

    /// name-addr = [display-name] angle-addr ; self.at is at the "<"
    fn name_addr(&mut self, start: usize, segment: &Segment) -> Address<'a> {
        let name = Some(phrase(&self.bytes[start..segment.end])).filter(|name| !name.is_empty());
        let mut address = self.angle_addr();
        let comment = self.skip_to_separator();
        address.name =
            name.or_else(|| self.comment(segment.comment)).or_else(|| self.comment(comment));
        address
    }

    /// angle-addr = "<" addr-spec ">" / "<" obs-route addr-spec ">"
    /// obs-route = *("," / CFWS) "@" domain *("," [CFWS] ["@" domain]) ":"
    fn angle_addr(&mut self) -> Address<'a> {
        while self.bytes.get(self.at) == Some(&b'<') {
            self.at = skip_cfws(self.bytes, self.at + 1);
        }
        let mut route = None;
        if self.bytes.get(self.at) == Some(&b'@') {
            let rest = &self.bytes[self.at..];
            let stop = rest.iter().position(|b| matches!(b, b':' | b'<' | b'>'));
            if let Some(len) = stop.filter(|&len| rest[len] == b':') {
                route = Some(domain(&rest[..len]));
                self.at += len + 1;
            }
        }
        let start = self.at;
        let mut at_sign = None;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at = match byte {
                // A comma or semicolon stands for a missing ">".
                b'>' | b',' | b';' => break,
                b'(' => comment_end(self.bytes, self.at),
                b'"' => self.quoted(self.at),
                b'\\' => self.at + 2,
                b'@' => {
                    at_sign = Some(self.at);
                    self.at + 1
                }
                _ => self.at + 1,
            };
        }
        self.at = self.at.min(self.bytes.len());
        let (mailbox, host) = match at_sign {
            Some(at) => (local(&self.bytes[start..at]), domain(&self.bytes[at + 1..self.at])),
            None => (local(&self.bytes[start..self.at]), Cow::default()),
        };
        Address { name: None, route, mailbox: Some(mailbox), host: Some(host) }
    }

    /// Passes what stands between an address and the next comma or semicolon; a comment there may
    /// be the name.
    fn skip_to_separator(&mut self) -> Option<(usize, usize)> {
        let mut comment = None;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at = match byte {
                b',' | b';' => break,
                b'(' => {
                    let end = comment_end(self.bytes, self.at);
                    comment = Some(inside_comment(self.bytes, self.at, end));
                    end
                }
                b'"' => self.quoted(self.at),
                _ => self.at + 1,
            };
        }
        comment
    }

    fn comment(&self, range: Option<(usize, usize)>) -> Option<Cow<'a, [u8]>> {
        let inside = &self.bytes[range.map(|(start, end)| start..end)?];
        Some(unquote(trim(inside))).filter(|text| !text.is_empty())
    }
}

/// A comment's text, without its parentheses.
fn inside_comment(bytes: &[u8], start: usize, end: usize) -> (usize, usize) {
    let closed = end > start + 1 && bytes[end - 1] == b')';
    (start + 1, end - usize::from(closed))
}

/// display-name = phrase ; phrase = 1*word / obs-phrase
///
/// Words keep one blank between them where there were blanks or comments.
fn phrase(bytes: &[u8]) -> Cow<'_, [u8]> {
    render(bytes, Blanks::One)
}

/// local-part = dot-atom / quoted-string / obs-local-part, where blanks around dots mean nothing.
fn local(bytes: &[u8]) -> Cow<'_, [u8]> {
    render(bytes, Blanks::NotAtDots)
}

/// domain = dot-atom / domain-literal / obs-domain, where blanks mean nothing.
fn domain(bytes: &[u8]) -> Cow<'_, [u8]> {
    render(bytes, Blanks::None)
}

/// What becomes of blanks between words.
#[derive(Clone, Copy, PartialEq)]
enum Blanks {
    One,
    NotAtDots,
    None,
}

/// Words without their quotes, quoted-pairs and comments.
fn render(bytes: &[u8], blanks: Blanks) -> Cow<'_, [u8]> {
    let bytes = trim(bytes);
    if let [b'"', .., b'"'] = bytes
        && quoted_end(bytes, 0) == Some(bytes.len())
    {
        return unquote(&bytes[1..bytes.len() - 1]);
    }
    let special = |&b: &u8| matches!(b, b'"' | b'(' | b'\\' | b'\t' | b'\r' | b'\n');
    let spaced = match blanks {
        Blanks::One => bytes.windows(2).any(|pair| pair == b"  "),
        Blanks::NotAtDots | Blanks::None => bytes.contains(&b' '),
    };
    if !spaced && !bytes.iter().any(special) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut blank = false;
    let mut unclosed = false;
    let mut at = 0;
    while at < bytes.len() {
        let after = skip_cfws(bytes, at);
        if after > at {
            blank = true;
            at = after;
            continue;
        }
        let dots = bytes[at] == b'.' || out.last() == Some(&b'.');
        let wanted = blanks == Blanks::One || (blanks == Blanks::NotAtDots && !dots);
        if std::mem::take(&mut blank) && wanted && !out.is_empty() {
            out.push(b' ');
        }
        match bytes[at] {
            b'"' if !unclosed => match quoted_end(bytes, at) {
                Some(end) => {
                    out.extend_from_slice(&unquote(&bytes[at + 1..end - 1]));
                    at = end;
                }
                None => {
                    unclosed = true;
                    at += 1;
                }
            },
            b'"' => at += 1,
            b'\\' => {
                out.extend(bytes.get(at + 1));
                at += 2;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}
