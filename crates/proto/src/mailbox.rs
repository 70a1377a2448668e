//! Mailbox names (RFC 3501 §5.1, RFC 9051 §5.1): kept in UTF-8, modified UTF-7 (RFC 3501 §5.1.3)
//! only on the wire.

use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::{Encoding, utf7};
use bytes::Bytes;
use bytestring::ByteString;
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A mailbox name in UTF-8, hierarchy separator `/`. `INBOX` in any case is `INBOX`;
/// a child of INBOX begins with `INBOX/`. No control characters. Empty only in the answer to
/// `LIST "" ""`. A name that came in a command is in Unicode Normalization Form C, so that no two
/// mailboxes look the same; one that a server told is as the server spells it.
#[derive(Clone, Debug)]
pub struct MailboxName {
    name: ByteString,
    /// How the client spelt it, where that was another form.
    sent: Option<Box<str>>,
}

/// A LIST or LSUB pattern, decoded to UTF-8: `*` matches all, `%` all but the separator.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ListPattern(ByteString);

/// Why a text is no mailbox name: a clause for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct NameError(pub &'static str);

/// Names are equal whatever they were sent as.
impl PartialEq for MailboxName {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MailboxName {}

impl PartialOrd for MailboxName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MailboxName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for MailboxName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl MailboxName {
    /// The one hierarchy separator.
    pub const SEPARATOR: char = '/';

    /// Longest name that is taken, in octets of UTF-8: 32 levels of 255, and their separators.
    pub const MAX: usize = 32 * 256 - 1;

    /// The INBOX.
    pub const INBOX: Self = Self { name: ByteString::from_static("INBOX"), sent: None };

    /// The name, with INBOX in capitals.
    ///
    /// # Errors
    /// A control character, or longer than [`Self::MAX`].
    pub fn new(name: &str) -> Result<Self, NameError> {
        Self::from_text(ByteString::from(name))
    }

    fn from_text(name: ByteString) -> Result<Self, NameError> {
        check(&name)?;
        // RFC 3501 §5.1: INBOX in every case of letters is the same name.
        let inbox = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("INBOX"));
        if inbox && name.len() == 5 {
            return Ok(Self::INBOX);
        }
        if inbox && name.as_bytes()[5] == b'/' && !name.starts_with("INBOX") {
            return Ok(Self::plain(format!("INBOX{}", &name[5..]).into()));
        }
        Ok(Self::plain(name))
    }

    const fn plain(name: ByteString) -> Self {
        Self { name, sent: None }
    }

    /// The name in the one form that is taken here: Net-Unicode (RFC 5198 §2) without the
    /// characters that RFC 6855 §3 forbids.
    ///
    /// # Errors
    /// One of these characters, or too long.
    pub fn composed(self) -> Result<Self, NameError> {
        if self.name.is_ascii() {
            return Ok(self);
        }
        if self.name.contains(['\u{2028}', '\u{2029}']) {
            return Err(NameError("a mailbox name must not hold line or paragraph separators"));
        }
        if is_nfc(&self.name) {
            return Ok(self);
        }
        let sent = Some(Box::from(&*self.name));
        Ok(Self { sent, ..Self::from_text(compose(self.name))? })
    }

    /// How the client spelt the name, where it was not in Unicode Normalization Form C
    /// (RFC 9051 §5.1).
    pub fn sent(&self) -> Option<&str> {
        self.sent.as_deref()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Whether this is INBOX itself.
    pub fn is_inbox(&self) -> bool {
        &*self.name == "INBOX"
    }

    /// The name above: all before the last separator; `None` at the top.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.name.rsplit_once(Self::SEPARATOR)?;
        Some(Self::plain(self.name.slice_ref(parent)))
    }

    /// Whether this name lies below the other, at any depth.
    pub fn is_below(&self, other: &Self) -> bool {
        self.name.strip_prefix(&*other.name).is_some_and(|rest| rest.starts_with(Self::SEPARATOR))
    }

    /// The first level of the name.
    pub fn top(&self) -> Self {
        match self.name.split_once(Self::SEPARATOR) {
            Some((top, _)) => Self::plain(self.name.slice_ref(top)),
            None => self.clone(),
        }
    }

    /// The name without the separator at its end (RFC 3501 §6.3.3: with it, a client says that
    /// it will make names below). Two of them are an empty level, which stays for the store to
    /// refuse: less one it would be a name that says something else.
    pub(crate) fn without_trailing_separator(self) -> Self {
        match self.name.strip_suffix(Self::SEPARATOR) {
            Some(name) if !name.ends_with(Self::SEPARATOR) => {
                Self { name: self.name.slice_ref(name), sent: self.sent }
            }
            _ => self,
        }
    }

    /// `mailbox` in a command: not empty, brought into Unicode Normalization Form C.
    ///
    /// ```abnf
    /// mailbox = "INBOX" / astring
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        let name = Self::parse_told(reader)?;
        name.composed().map_err(|NameError(clause)| SyntaxError::wrong(offset, clause))
    }

    /// `mailbox` in a response: not empty, as the server spells it.
    pub fn parse_told(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        let name = Self::parse_or_empty(reader)?;
        if name.as_str().is_empty() {
            return Err(SyntaxError::wrong(offset, "a mailbox name must not be empty"));
        }
        Ok(name)
    }

    /// As [`Self::parse_told`]; empty in the answer to `LIST "" ""` (RFC 3501 §6.3.8).
    pub fn parse_or_empty(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        let mut ahead = *reader;
        if ahead.run(class::ASTRING).eq_ignore_ascii_case(b"INBOX") {
            *reader = ahead;
            return Ok(Self::INBOX);
        }
        let wire = reader.astring("a mailbox name")?;
        decode(wire, reader.encoding())
            .and_then(Self::from_text)
            .map_err(|NameError(clause)| SyntaxError::wrong(offset, clause))
    }
}

impl ListPattern {
    /// The pattern, in UTF-8.
    ///
    /// # Errors
    /// As [`MailboxName::new`].
    pub fn new(pattern: &str) -> Result<Self, NameError> {
        check(pattern)?;
        Ok(Self(ByteString::from(pattern)))
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `list-mailbox`
    ///
    /// ```abnf
    /// list-mailbox   = 1*list-char / string
    /// list-char      = ATOM-CHAR / list-wildcards / resp-specials
    /// list-wildcards = "%" / "*"
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        let wire = match reader.peek() {
            Some(b'"' | b'{') => reader.string("a pattern")?,
            _ => {
                let word = reader.word(class::LIST, "a pattern such as * or %")?;
                reader.share(word)
            }
        };
        let decoded = decode(wire, reader.encoding()).and_then(|text| {
            check(&text)?;
            Ok(compose(text))
        });
        decoded.map(Self).map_err(|NameError(clause)| SyntaxError::wrong(offset, clause))
    }

    /// Whether the name matches (RFC 3501 §6.3.8). INBOX matches in any case of letters (§5.1).
    ///
    /// All places in the pattern where a match can stand go through the name at once, so the
    /// time is bounded by the product of both lengths, whatever the wildcards.
    pub fn matches(&self, name: &MailboxName) -> bool {
        let (mut pattern, mut name) = (&self.0.as_bytes()[..], &name.name.as_bytes()[..]);
        if name == b"INBOX" || name.starts_with(b"INBOX/") {
            // What stands before the first wildcard is compared here, the letters of INBOX apart.
            let mut left = 5;
            while let ([first, pattern_rest @ ..], [other, name_rest @ ..]) = (pattern, name) {
                if left == 0 || is_wild(*first) {
                    break;
                }
                if !first.eq_ignore_ascii_case(other) {
                    return false;
                }
                (pattern, name, left) = (pattern_rest, name_rest, left - 1);
            }
            return matches(pattern, name, left);
        }
        let plain = pattern.iter().position(|byte| is_wild(*byte)).unwrap_or(pattern.len());
        let (before, wild) = pattern.split_at(plain);
        match name.strip_prefix(before) {
            Some(rest) => matches(wild, rest, 0),
            None => false,
        }
    }
}

fn is_wild(byte: u8) -> bool {
    matches!(byte, b'*' | b'%')
}

/// Whether the pattern matches the whole name; the name's first `folded` octets are letters
/// compared without case.
fn matches(pattern: &[u8], name: &[u8], folded: usize) -> bool {
    // A run of wildcards is one `*` if it holds one, else one `%`.
    let mut steps: SmallVec<[u8; 64]> = SmallVec::new();
    for byte in pattern {
        match (steps.last_mut(), byte) {
            (Some(last), b'*' | b'%') if is_wild(*last) => {
                if *byte == b'*' {
                    *last = b'*';
                }
            }
            _ => steps.push(*byte),
        }
    }
    match steps.as_slice() {
        [] => return name.is_empty(),
        [b'*'] => return true,
        [b'%'] => return !name.contains(&b'/'),
        _ if steps.iter().filter(|byte| !is_wild(**byte)).count() > name.len() => return false,
        _ => {}
    }
    let mut places = Places::default();
    let mut next = Places::default();
    places.add(0, &steps);
    for (index, byte) in name.iter().enumerate() {
        for place in places.0.drain(..) {
            match steps.get(place) {
                Some(b'*') => next.add(place, &steps),
                Some(b'%') if *byte != b'/' => next.add(place, &steps),
                Some(b'%') | None => {}
                Some(step) if step == byte => next.add(place + 1, &steps),
                Some(step) if index < folded && step.eq_ignore_ascii_case(byte) => {
                    next.add(place + 1, &steps);
                }
                Some(_) => {}
            }
        }
        if next.0.is_empty() {
            return false;
        }
        std::mem::swap(&mut places, &mut next);
    }
    places.0.last() == Some(&steps.len())
}

/// Places in a pattern, ascending.
#[derive(Default)]
struct Places(SmallVec<[usize; 16]>);

impl Places {
    /// Adds a place, and the one behind it where a wildcard stands, which may match nothing.
    fn add(&mut self, place: usize, steps: &[u8]) {
        let skips = steps.get(place).is_some_and(|step| is_wild(*step));
        for place in place..=place + usize::from(skips) {
            if self.0.last().is_none_or(|last| *last < place) {
                self.0.push(place);
            }
        }
    }
}

/// From the wire to UTF-8.
pub(crate) fn decode(wire: Bytes, encoding: Encoding) -> Result<ByteString, NameError> {
    let decoded = match encoding {
        Encoding::SevenBit => utf7::decode(&wire).map_err(NameError)?,
        Encoding::Utf8 => None,
    };
    match decoded {
        Some(decoded) => Ok(decoded.into()),
        None => ByteString::try_from(wire).map_err(|_| NameError("the name is not UTF-8")),
    }
}

/// In Unicode Normalization Form C.
pub(crate) fn compose(text: ByteString) -> ByteString {
    if text.is_ascii() || is_nfc(&text) { text } else { text.nfc().collect::<String>().into() }
}

fn check(name: &str) -> Result<(), NameError> {
    if name.len() > MailboxName::MAX {
        return Err(NameError("the mailbox name is too long"));
    }
    let suspicious = name.bytes().any(|byte| !matches!(byte, b' '..=b'~'));
    if suspicious && name.chars().any(char::is_control) {
        return Err(NameError("a mailbox name must not hold control characters"));
    }
    Ok(())
}
