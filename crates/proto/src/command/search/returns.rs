//! The return options of SEARCH and SORT (RFC 4466 §2.6.1, RFC 4731, RFC 5182, RFC 9394).

use crate::token::{Parsed, Reader, SyntaxError};
use crate::write;
use crate::writer::CommandWriter;
use std::num::NonZeroU32;
use std::ops::Range;

/// What an extended SEARCH or SORT shall tell of the messages that it finds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SearchReturn {
    /// `MIN`: the first message.
    pub min: bool,
    /// `MAX`: the last message.
    pub max: bool,
    /// `ALL`: all messages; also where no option stands in the parentheses.
    pub all: bool,
    /// `COUNT`: how many messages.
    pub count: bool,
    /// `SAVE`: let `$` stand for them.
    pub save: bool,
    /// `PARTIAL`: some of them, by their place among all; never beside `all`.
    pub partial: Option<PartialRange>,
}

/// `partial-range`: places in a list, counted from 1 (RFC 9394 §4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PartialRange {
    /// Counted from the end: both places are written with a minus.
    pub from_end: bool,
    /// As it was written, and told again so; it may be the greater one.
    pub first: NonZeroU32,
    /// The other place.
    pub last: NonZeroU32,
}

impl SearchReturn {
    /// Whether an ESEARCH response answers: `SAVE` alone has none (RFC 5182 §2.2).
    pub fn is_answered(&self) -> bool {
        self.min || self.max || self.all || self.count || self.partial.is_some()
    }

    /// ```abnf
    /// search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
    /// search-return-opt  = "MIN" / "MAX" / "ALL" / "COUNT" / "SAVE" / modifier-partial
    /// modifier-partial   = "PARTIAL" SP partial-range
    /// ```
    pub(in crate::command) fn parse(reader: &mut Reader<'_>) -> Parsed<Option<Self>> {
        if !reader.accept_atom("RETURN") {
            return Ok(None);
        }
        reader.space()?;
        let mut options = Self::default();
        let mut any = false;
        reader.list_or_empty(|reader| {
            any = true;
            options.parse_one(reader)
        })?;
        // RFC 4731 §3.1: an empty list means ALL.
        options.all |= !any;
        Ok(Some(options))
    }

    fn parse_one(&mut self, reader: &mut Reader<'_>) -> Parsed<()> {
        const WHAT: &str = "MIN, MAX, ALL, COUNT, SAVE or PARTIAL";
        let offset = reader.offset();
        let word = reader.atom(WHAT)?.to_ascii_uppercase();
        match &word[..] {
            b"MIN" => self.min = true,
            b"MAX" => self.max = true,
            b"ALL" => self.all = true,
            b"COUNT" => self.count = true,
            b"SAVE" => self.save = true,
            b"PARTIAL" => {
                if self.partial.is_some() {
                    return Err(SyntaxError::wrong(offset, "PARTIAL stands there twice"));
                }
                reader.space()?;
                self.partial = Some(PartialRange::parse(reader)?);
            }
            _ => return Err(SyntaxError::expected(offset, WHAT)),
        }
        // RFC 9394 §3.1
        if self.all && self.partial.is_some() {
            return Err(SyntaxError::wrong(offset, "ALL and PARTIAL cannot both be asked"));
        }
        Ok(())
    }

    pub(in crate::command) fn write(&self, out: &mut CommandWriter) {
        let words = [
            (self.min, "MIN"),
            (self.max, "MAX"),
            (self.all, "ALL"),
            (self.count, "COUNT"),
            (self.save, "SAVE"),
            (self.partial.is_some(), "PARTIAL "),
        ];
        out.raw(" RETURN (");
        for (index, (_, word)) in words.iter().filter(|(on, _)| *on).enumerate() {
            out.raw(if index > 0 { " " } else { "" });
            out.raw(word);
        }
        if let Some(partial) = self.partial {
            out.with(|out| partial.write(out));
        }
        out.raw(")");
    }
}

impl PartialRange {
    /// The places of a list of this length that are meant, in the order of the list, from 0.
    pub fn of(&self, length: usize) -> Range<usize> {
        let place = |place: NonZeroU32| usize::try_from(place.get()).unwrap_or(usize::MAX);
        let low = place(self.first.min(self.last)) - 1;
        let high = place(self.first.max(self.last));
        if self.from_end {
            length.saturating_sub(high)..length.saturating_sub(low)
        } else {
            low.min(length)..high.min(length)
        }
    }

    /// ```abnf
    /// partial-range       = partial-range-first / partial-range-last
    /// partial-range-first = nz-number ":" nz-number
    /// partial-range-last  = MINUS nz-number ":" MINUS nz-number
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "a range such as 1:100 or -1:-100";
        let from_end = reader.accept(b'-');
        let first = Self::place(reader)?;
        reader.byte(b':', WHAT)?;
        if from_end {
            reader.byte(b'-', WHAT)?;
        }
        Ok(Self { from_end, first, last: Self::place(reader)? })
    }

    fn place(reader: &mut Reader<'_>) -> Parsed<NonZeroU32> {
        const WHAT: &str = "a place from 1";
        let offset = reader.offset();
        NonZeroU32::new(reader.nz_number(WHAT)?).ok_or(SyntaxError::expected(offset, WHAT))
    }

    /// `partial-range`
    pub fn write(&self, out: &mut Vec<u8>) {
        let sign: &[u8] = if self.from_end { b"-" } else { b"" };
        out.extend_from_slice(sign);
        write::number(out, u64::from(self.first.get()));
        out.push(b':');
        out.extend_from_slice(sign);
        write::number(out, u64::from(self.last.get()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9394 §3.1: places beyond the end are passed over, from either end.
    #[test]
    fn ranges_are_cut_to_the_list() {
        let range = |from_end, first, last| {
            let place = |place| NonZeroU32::new(place).unwrap();
            PartialRange { from_end, first: place(first), last: place(last) }
        };
        for (from_end, first, last, length, expected) in [
            (false, 1, 3, 10, 0..3),
            (false, 3, 1, 10, 0..3),
            (false, 9, 12, 10, 8..10),
            (false, 11, 12, 10, 10..10),
            (true, 1, 3, 10, 7..10),
            (true, 3, 1, 10, 7..10),
            (true, 9, 12, 10, 0..2),
            (true, 11, 12, 10, 0..0),
            (true, 1, 1, 0, 0..0),
            (false, u32::MAX, 1, 2, 0..2),
            (true, 1, u32::MAX, 2, 0..2),
        ] {
            assert_eq!(range(from_end, first, last).of(length), expected);
        }
    }
}
