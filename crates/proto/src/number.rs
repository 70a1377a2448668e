//! Message numbers and sets of them: ranges that are never expanded (RFC 3501 §9 `sequence-set`).

use crate::token::{Parsed, Reader, SyntaxError};
use crate::write;
use smallvec::SmallVec;
use std::num::NonZeroU32;

/// A unique identifier of a message within a mailbox (RFC 3501 §2.3.1.1): 1 to 2^32-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Uid(pub NonZeroU32);

/// A message's position in a session's view of a mailbox (RFC 3501 §2.3.1.2), counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SequenceNumber(pub NonZeroU32);

/// A mailbox's UIDVALIDITY (RFC 3501 §2.3.1.1): never 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UidValidity(pub NonZeroU32);

/// A modification sequence (RFC 7162 §3.1): 63 bits, grows with each change of a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ModSeq(pub u64);

impl ModSeq {
    /// The greatest one.
    pub const MAX: Self = Self((1 << 63) - 1);

    /// `mod-sequence-valzer`: 0 is older than any change (RFC 7162 §7).
    pub(crate) fn parse_or_zero(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "a modification sequence below 2^63";
        let offset = reader.offset();
        let value = Self(reader.number64(WHAT)?);
        if value > Self::MAX { Err(SyntaxError::expected(offset, WHAT)) } else { Ok(value) }
    }

    /// `mod-sequence-value`
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        match Self::parse_or_zero(reader)? {
            Self(0) => Err(SyntaxError::expected(offset, "a modification sequence from 1")),
            value => Ok(value),
        }
    }
}

/// What [`Uid`] and [`SequenceNumber`] have in common, so that one set type serves both
/// while the two never mix.
pub trait Number: Copy + Ord + std::fmt::Debug {
    /// The number of this value; `None` for 0.
    fn new(value: u32) -> Option<Self>;
    /// The plain value.
    fn get(self) -> u32;
}

macro_rules! number {
    ($name:ident) => {
        impl Number for $name {
            fn new(value: u32) -> Option<Self> {
                NonZeroU32::new(value).map(Self)
            }
            fn get(self) -> u32 {
                self.0.get()
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
number!(Uid);
number!(SequenceNumber);
number!(UidValidity);

/// `number64` as RFC 9051 §9 has it: 0 to 2^63-1.
pub(crate) fn number63(reader: &mut Reader<'_>, what: &'static str) -> Parsed<u64> {
    let offset = reader.offset();
    let value = reader.number64(what)?;
    let clause = "the number is above 9223372036854775807";
    i64::try_from(value).map_or(Err(SyntaxError::wrong(offset, clause)), |_| Ok(value))
}

/// `seq-number`: a number, or `*`, the largest in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bound<N> {
    /// A plain number.
    Number(N),
    /// `*`
    Largest,
}

impl<N: Number> Bound<N> {
    /// `seq-number`
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        if reader.accept(b'*') {
            return Ok(Self::Largest);
        }
        let offset = reader.offset();
        let value = reader.nz_number("a message number from 1, or *")?;
        N::new(value).map(Self::Number).ok_or(SyntaxError::expected(offset, "a number from 1"))
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Number(number) => write::number(out, u64::from(number.get())),
            Self::Largest => out.push(b'*'),
        }
    }
}

/// A set as the client wrote it: order kept, `*` not yet resolved, ranges never expanded.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NumberSet<N> {
    /// Never empty. A range may be written backwards (`4:2` means `2:4`).
    pub ranges: SmallVec<[(Bound<N>, Bound<N>); 2]>,
}

/// A set of message sequence numbers.
pub type SequenceSet = NumberSet<SequenceNumber>;
/// A set of UIDs.
pub type UidSet = NumberSet<Uid>;

/// Plain numbers in ascending, disjoint, non-adjacent, inclusive ranges: what a
/// [`NumberSet`] becomes once `*` is known, and what COPYUID and the store speak of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ranges<N>(Vec<(N, N)>);

/// Ascending UIDs.
pub type UidRanges = Ranges<Uid>;
/// Ascending sequence numbers.
pub type SequenceRanges = Ranges<SequenceNumber>;

impl<N> Default for Ranges<N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<N: Number> Ranges<N> {
    /// The set that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a number greater than all that are there.
    ///
    /// # Panics
    /// In debug builds when the number is not greater.
    pub fn push(&mut self, number: N) {
        match self.0.last_mut() {
            Some((_, last)) if last.get().checked_add(1) == Some(number.get()) => *last = number,
            last => {
                debug_assert!(last.is_none_or(|(_, end)| *end < number));
                self.0.push((number, number));
            }
        }
    }

    /// Sorts and merges ranges given in any order; backward ranges are turned.
    pub fn from_unordered(mut ranges: Vec<(N, N)>) -> Self {
        for range in &mut ranges {
            if range.0 > range.1 {
                *range = (range.1, range.0);
            }
        }
        ranges.sort_unstable();
        let mut merged: Vec<(N, N)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last) if start.get() <= last.1.get().saturating_add(1) => {
                    last.1 = last.1.max(end);
                }
                _ => merged.push((start, end)),
            }
        }
        Self(merged)
    }

    /// The inclusive ranges, ascending.
    pub fn ranges(&self) -> &[(N, N)] {
        &self.0
    }

    /// Whether the number is in the set; O(log ranges).
    pub fn contains(&self, number: N) -> bool {
        let after = self.0.partition_point(|range| range.0 <= number);
        after > 0 && self.0[after - 1].1 >= number
    }

    /// How many numbers the set holds.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(start, end)| u64::from(end.get() - start.get()) + 1).sum()
    }

    /// `sequence-set`; nothing where the set is empty.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (index, (start, end)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write::number(out, u64::from(start.get()));
            if start != end {
                out.push(b':');
                write::number(out, u64::from(end.get()));
            }
        }
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the two sets share a number; linear in their ranges.
    pub fn intersects(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            if a.1 < b.0 {
                left.next();
            } else if b.1 < a.0 {
                right.next();
            } else {
                return true;
            }
        }
        false
    }

    /// What is in both sets; linear in their ranges.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let (start, end) = (a.0.max(b.0), a.1.min(b.1));
            if start <= end {
                both.push((start, end));
            }
            if a.1 < b.1 {
                left.next()
            } else {
                right.next()
            };
        }
        Self(both)
    }

    /// Each number, ascending. Bounded only by the set: never call it on a client's set that was
    /// not cut to the messages that exist.
    pub fn iter(&self) -> impl Iterator<Item = N> + '_ {
        self.0.iter().flat_map(|(start, end)| (start.get()..=end.get()).filter_map(N::new))
    }
}

impl<N: Number> From<N> for NumberSet<N> {
    fn from(number: N) -> Self {
        Self::single(number)
    }
}

impl<N: Number> From<&Ranges<N>> for NumberSet<N> {
    fn from(ranges: &Ranges<N>) -> Self {
        let bounds = |(start, end): &(N, N)| (Bound::Number(*start), Bound::Number(*end));
        Self { ranges: ranges.ranges().iter().map(bounds).collect() }
    }
}

impl<N: Number> FromIterator<N> for Ranges<N> {
    /// Collects ascending numbers.
    fn from_iter<I: IntoIterator<Item = N>>(numbers: I) -> Self {
        let mut ranges = Self::new();
        for number in numbers {
            ranges.push(number);
        }
        ranges
    }
}

impl<N: Number> NumberSet<N> {
    /// `sequence-set`: ranges are kept as they are written.
    ///
    /// ```abnf
    /// sequence-set = (seq-number / seq-range) *("," sequence-set)
    /// seq-range    = seq-number ":" seq-number
    /// seq-number   = nz-number / "*"
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let mut ranges = SmallVec::new();
        loop {
            let start = Bound::parse(reader)?;
            let end = if reader.accept(b':') { Bound::parse(reader)? } else { start };
            ranges.push((start, end));
            if !reader.accept(b',') {
                return Ok(Self { ranges });
            }
        }
    }

    /// `sequence-set`: a range of one number is written as that number.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (index, (start, end)) in self.ranges.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            start.write(out);
            if start != end {
                out.push(b':');
                end.write(out);
            }
        }
    }

    /// A set of one number.
    pub fn single(number: N) -> Self {
        Self::one(Bound::Number(number))
    }

    /// A set of one number, or of the largest.
    pub fn one(bound: Bound<N>) -> Self {
        Self { ranges: SmallVec::from_buf_and_len([(bound, bound); 2], 1) }
    }

    /// The set with `*` standing for `largest`; where there is no message at all (`None`),
    /// `*` selects nothing and stands for 0 in a range.
    ///
    /// RFC 3501 §9: `*:n` and `n:*` are the same, and `n:*` holds `*` even where n is greater.
    pub fn resolve(&self, largest: Option<N>) -> Ranges<N> {
        let value = |bound: Bound<N>| match bound {
            Bound::Number(number) => Some(number),
            Bound::Largest => largest,
        };
        let ranges =
            self.ranges.iter().filter_map(|(start, end)| Some((value(*start)?, value(*end)?)));
        Ranges::from_unordered(ranges.collect())
    }

    /// Whether `*` occurs.
    pub fn names_largest(&self) -> bool {
        self.ranges
            .iter()
            .any(|(start, end)| matches!(start, Bound::Largest) || matches!(end, Bound::Largest))
    }
}
