//! Flags as bits: the system flags of every mailbox, and the keywords that each mailbox numbers.

use crate::Error;
use crate::limits::{MAX_KEYWORD, MAX_KEYWORDS};
use peregrine_proto::{Flag, Keyword};
use std::collections::HashMap;
use std::ops::{BitAnd, BitOr, Not};
use std::sync::Arc;

/// System flags as bits. `\Recent` is not among them: it belongs to sessions, not to messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SystemFlags(u8);

impl SystemFlags {
    /// None.
    pub const NONE: Self = Self(0);
    /// `\Answered`
    pub const ANSWERED: Self = Self(1);
    /// `\Flagged`
    pub const FLAGGED: Self = Self(1 << 1);
    /// `\Deleted`
    pub const DELETED: Self = Self(1 << 2);
    /// `\Seen`
    pub const SEEN: Self = Self(1 << 3);
    /// `\Draft`
    pub const DRAFT: Self = Self(1 << 4);

    /// Whether any of `flags` is set.
    #[must_use]
    pub fn intersects(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// As flags of their own.
    pub(crate) fn names(self) -> Vec<Flag> {
        let all = [
            (Self::ANSWERED, Flag::Answered),
            (Self::FLAGGED, Flag::Flagged),
            (Self::DELETED, Flag::Deleted),
            (Self::SEEN, Flag::Seen),
            (Self::DRAFT, Flag::Draft),
        ];
        all.into_iter().filter(|(bit, _)| self.intersects(*bit)).map(|(_, flag)| flag).collect()
    }

    /// The stored form, below 32.
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// From the stored form; bits that mean nothing are dropped.
    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits & 0x1f)
    }
}

impl BitOr for SystemFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for SystemFlags {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for SystemFlags {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0 & 0x1f)
    }
}

/// Words of bits beyond the first one.
const HIGH: usize = MAX_KEYWORDS / 64 - 1;

/// Which keywords a message has, by their number in the mailbox's [`Keywords`]. The first 64 lie
/// in place; hardly a mailbox has more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeywordSet {
    low: u64,
    /// Never all zero.
    high: Option<Arc<[u64; HIGH]>>,
}

impl KeywordSet {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.low == 0 && self.high.is_none()
    }

    /// Whether a keyword is in it.
    #[must_use]
    pub fn contains(&self, number: usize) -> bool {
        self.words().nth(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The numbers in it, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words().enumerate().flat_map(|(index, mut word)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                (word != 0).then(|| {
                    word &= word - 1;
                    index * 64 + bit
                })
            })
        })
    }

    /// With one more. Numbers from [`MAX_KEYWORDS`] on are not taken.
    pub(crate) fn insert(&mut self, number: usize) {
        match number / 64 {
            0 => self.low |= 1 << number,
            word if word <= HIGH => {
                let high = self.high.get_or_insert_default();
                Arc::make_mut(high)[word - 1] |= 1 << (number % 64);
            }
            _ => {}
        }
    }

    /// In either.
    pub(crate) fn union(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a | b)
    }

    /// In this one only.
    pub(crate) fn without(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a & !b)
    }

    /// All words of bits.
    pub(crate) fn words(&self) -> impl Iterator<Item = u64> + '_ {
        std::iter::once(self.low).chain(self.high.iter().flat_map(|high| high.iter().copied()))
    }

    /// From words of bits; those beyond the bound are not taken.
    pub(crate) fn from_words(words: impl IntoIterator<Item = u64>) -> Self {
        let mut words = words.into_iter();
        let low = words.next().unwrap_or_default();
        let mut high = [0; HIGH];
        for (place, word) in high.iter_mut().zip(words) {
            *place = word;
        }
        Self { low, high: (high != [0; HIGH]).then(|| Arc::new(high)) }
    }

    fn combine(&self, other: &Self, with: impl Fn(u64, u64) -> u64) -> Self {
        if self.high.is_none() && other.high.is_none() {
            return Self { low: with(self.low, other.low), high: None };
        }
        let padded = |set: &Self| {
            let mut all = [0; HIGH + 1];
            for (place, word) in all.iter_mut().zip(set.words()) {
                *place = word;
            }
            all
        };
        let (a, b) = (padded(self), padded(other));
        Self::from_words(a.into_iter().zip(b).map(|(a, b)| with(a, b)))
    }
}

/// The keywords of a mailbox, numbered in the order in which they were first seen, in the case in
/// which they were first seen. None ever goes: a client may have been told of it.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    names: Vec<Keyword>,
    numbers: HashMap<Keyword, usize>,
}

impl Keywords {
    /// All of them.
    #[must_use]
    pub fn names(&self) -> &[Keyword] {
        &self.names
    }

    /// The number of a keyword, in any case of letters.
    #[must_use]
    pub fn number(&self, keyword: &Keyword) -> Option<usize> {
        self.numbers.get(keyword).copied()
    }

    /// The number of a keyword, a new one if it is new.
    pub(crate) fn add(&mut self, keyword: &Keyword) -> Result<usize, Error> {
        if let Some(number) = self.number(keyword) {
            return Ok(number);
        }
        if keyword.as_str().len() > MAX_KEYWORD {
            return Err(Error::Limit("a keyword may have 64 octets"));
        }
        if self.names.len() >= MAX_KEYWORDS {
            return Err(Error::Limit("a mailbox may have 512 keywords"));
        }
        self.names.push(keyword.clone());
        self.numbers.insert(keyword.clone(), self.names.len() - 1);
        Ok(self.names.len() - 1)
    }

    /// The bits of flags as a client names them, and the keywords among them that are new.
    /// `\Recent` and flags that we do not know are passed over: they are not among PERMANENTFLAGS
    /// (RFC 3501 §7.1).
    pub(crate) fn bits<'a>(
        &self,
        flags: &'a [Flag],
    ) -> (SystemFlags, KeywordSet, Vec<&'a Keyword>) {
        let (mut system, mut keywords) = (SystemFlags::NONE, KeywordSet::default());
        let mut new = Vec::new();
        for flag in flags {
            match flag {
                Flag::Answered => system = system | SystemFlags::ANSWERED,
                Flag::Flagged => system = system | SystemFlags::FLAGGED,
                Flag::Deleted => system = system | SystemFlags::DELETED,
                Flag::Seen => system = system | SystemFlags::SEEN,
                Flag::Draft => system = system | SystemFlags::DRAFT,
                Flag::Keyword(keyword) => match self.number(keyword) {
                    Some(number) => keywords.insert(number),
                    None => new.push(keyword),
                },
                Flag::Recent | Flag::Extension(_) => {}
            }
        }
        (system, keywords, new)
    }

    /// The bits of flags; keywords that are new are added. A table that others share is copied
    /// only then.
    pub(crate) fn bits_of(
        this: &mut Arc<Self>,
        flags: &[Flag],
    ) -> Result<(SystemFlags, KeywordSet), Error> {
        let (system, mut keywords, new) = this.bits(flags);
        for keyword in new {
            keywords.insert(Arc::make_mut(this).add(keyword)?);
        }
        Ok((system, keywords))
    }

    /// The numbers that another mailbox's keywords have here; those that are new are added.
    pub(crate) fn translate(
        this: &mut Arc<Self>,
        from: &Self,
        set: &KeywordSet,
    ) -> Result<KeywordSet, Error> {
        let mut translated = KeywordSet::default();
        for keyword in set.iter().filter_map(|number| from.names.get(number)) {
            let number = match this.number(keyword) {
                Some(number) => number,
                None => Arc::make_mut(this).add(keyword)?,
            };
            translated.insert(number);
        }
        Ok(translated)
    }
}

/// The system flags between parentheses, for each of the 64 combinations with `\Recent`.
const RENDERED: [&[u8]; 32] = [
    b"",
    b"\\Answered",
    b"\\Flagged",
    b"\\Answered \\Flagged",
    b"\\Deleted",
    b"\\Answered \\Deleted",
    b"\\Flagged \\Deleted",
    b"\\Answered \\Flagged \\Deleted",
    b"\\Seen",
    b"\\Answered \\Seen",
    b"\\Flagged \\Seen",
    b"\\Answered \\Flagged \\Seen",
    b"\\Deleted \\Seen",
    b"\\Answered \\Deleted \\Seen",
    b"\\Flagged \\Deleted \\Seen",
    b"\\Answered \\Flagged \\Deleted \\Seen",
    b"\\Draft",
    b"\\Answered \\Draft",
    b"\\Flagged \\Draft",
    b"\\Answered \\Flagged \\Draft",
    b"\\Deleted \\Draft",
    b"\\Answered \\Deleted \\Draft",
    b"\\Flagged \\Deleted \\Draft",
    b"\\Answered \\Flagged \\Deleted \\Draft",
    b"\\Seen \\Draft",
    b"\\Answered \\Seen \\Draft",
    b"\\Flagged \\Seen \\Draft",
    b"\\Answered \\Flagged \\Seen \\Draft",
    b"\\Deleted \\Seen \\Draft",
    b"\\Answered \\Deleted \\Seen \\Draft",
    b"\\Flagged \\Deleted \\Seen \\Draft",
    b"\\Answered \\Flagged \\Deleted \\Seen \\Draft",
];

/// `"(" [flag-fetch *(SP flag-fetch)] ")"` (RFC 3501 §9 `msg-att-dynamic`).
pub(crate) fn write_flags(
    system: SystemFlags,
    keywords: &KeywordSet,
    names: &Keywords,
    recent: bool,
    out: &mut Vec<u8>,
) {
    out.push(b'(');
    let start = out.len();
    out.extend_from_slice(RENDERED[usize::from(system.bits())]);
    let separate = |out: &mut Vec<u8>| {
        if out.len() > start {
            out.push(b' ');
        }
    };
    if recent {
        separate(out);
        out.extend_from_slice(b"\\Recent");
    }
    if !keywords.is_empty() {
        for name in keywords.iter().filter_map(|number| names.names.get(number)) {
            separate(out);
            out.extend_from_slice(name.as_str().as_bytes());
        }
    }
    out.push(b')');
}
