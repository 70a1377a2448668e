//! ESEARCH response (RFC 4466 §2.6.2, RFC 4731, RFC 7162 §3.1.10, RFC 9394).

use crate::command::search::PartialRange;
use crate::token::{Parsed, Reader, SyntaxError};
use crate::{ModSeq, Tag, write};

/// The data of an ESEARCH response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SearchData {
    /// The command that it answers.
    pub tag: Option<Tag>,
    /// Numbers are UIDs.
    pub uid: bool,
    /// In the server's order; may be empty.
    pub items: Vec<SearchDatum>,
}

/// `search-return-data`
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SearchDatum {
    /// `MIN n`
    Min(u32),
    /// `MAX n`
    Max(u32),
    /// `ALL set`
    All(NumberList),
    /// `COUNT n`
    Count(u32),
    /// `MODSEQ n`: the greatest one of those that are told.
    ModSeq(ModSeq),
    /// `PARTIAL (range set)`; `None` for NIL, where nothing lies in the range.
    Partial(PartialRange, Option<NumberList>),
}

/// Numbers in their order, which after SORT is not ascending, as ascending ranges.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NumberList(Vec<(u32, u32)>);

impl NumberList {
    /// The ranges, each from its lower to its higher end.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Whether it has no number: then it cannot be written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each number in order. Bounded only by the ranges: a hostile server can name billions.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    // sequence-set, without "*" (RFC 4731 §3.1)
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "a message number";
        let mut ranges = Vec::new();
        loop {
            let first = reader.nz_number(WHAT)?;
            let last = if reader.accept(b':') { reader.nz_number(WHAT)? } else { first };
            // RFC 5267 §3.2: 12:10 is the same as 10:12.
            ranges.push((first.min(last), first.max(last)));
            if !reader.accept(b',') {
                return Ok(Self(ranges));
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for (index, (first, last)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write::number(out, u64::from(*first));
            if first != last {
                out.push(b':');
                write::number(out, u64::from(*last));
            }
        }
    }
}

impl FromIterator<u32> for NumberList {
    /// Numbers that follow one another by one become ranges; the order stays.
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        Self(ranges)
    }
}

impl SearchData {
    /// Appends `* ESEARCH …`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* ESEARCH");
        if let Some(tag) = &self.tag {
            // In quotes always: some programs take no atom here (trap-15).
            out.extend_from_slice(b" (TAG ");
            write::quoted(out, tag.as_str().as_bytes());
            out.push(b')');
        }
        if self.uid {
            out.extend_from_slice(b" UID");
        }
        for item in &self.items {
            out.push(b' ');
            item.write(out);
        }
        out.extend_from_slice(b"\r\n");
    }

    // esearch-response   = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
    // search-correlator  = SP "(" "TAG" SP tag-string ")"
    pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let mut data = Self { tag: None, uid: false, items: Vec::new() };
        if reader.accept_prefix(" (TAG ") {
            let offset = reader.offset();
            let tag = Tag::new(&reader.astring("a tag")?);
            data.tag = Some(tag.ok_or(SyntaxError::expected(offset, "a tag"))?);
            reader.byte(b')', "`)`")?;
        }
        while reader.accept(b' ') {
            if !data.uid && data.items.is_empty() && reader.accept_atom("UID") {
                data.uid = true;
            } else {
                data.items.push(SearchDatum::parse(reader)?);
            }
        }
        Ok(data)
    }
}

impl SearchDatum {
    fn write(&self, out: &mut Vec<u8>) {
        let numbered = |out: &mut Vec<u8>, word: &[u8], number: u32| {
            out.extend_from_slice(word);
            write::number(out, u64::from(number));
        };
        match self {
            Self::Min(number) => numbered(out, b"MIN ", *number),
            Self::Max(number) => numbered(out, b"MAX ", *number),
            Self::Count(number) => numbered(out, b"COUNT ", *number),
            Self::ModSeq(mod_seq) => {
                out.extend_from_slice(b"MODSEQ ");
                write::number(out, mod_seq.0);
            }
            Self::All(numbers) => {
                out.extend_from_slice(b"ALL ");
                numbers.write(out);
            }
            Self::Partial(range, numbers) => {
                out.extend_from_slice(b"PARTIAL (");
                range.write(out);
                out.push(b' ');
                match numbers {
                    Some(numbers) => numbers.write(out),
                    None => out.extend_from_slice(b"NIL"),
                }
                out.push(b')');
            }
        }
    }

    // search-return-data = "MIN" SP nz-number / "MAX" SP nz-number / "ALL" SP sequence-set /
    //                      "COUNT" SP number / "MODSEQ" SP mod-sequence-value /
    //                      ret-data-partial
    // ret-data-partial   = "PARTIAL" SP "(" partial-range SP partial-results ")"
    // partial-results    = sequence-set / "NIL"
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "MIN, MAX, ALL, COUNT, MODSEQ or PARTIAL";
        let offset = reader.offset();
        let word = reader.atom(WHAT)?.to_ascii_uppercase();
        reader.space()?;
        Ok(match &word[..] {
            b"MIN" => Self::Min(reader.nz_number("a message number")?),
            b"MAX" => Self::Max(reader.nz_number("a message number")?),
            b"ALL" => Self::All(NumberList::parse(reader)?),
            b"COUNT" => Self::Count(reader.number("a count")?),
            b"MODSEQ" => Self::ModSeq(ModSeq::parse(reader)?),
            b"PARTIAL" => {
                reader.byte(b'(', "`(`")?;
                let range = PartialRange::parse(reader)?;
                reader.space()?;
                let none = reader.accept_atom("NIL");
                let numbers = if none { None } else { Some(NumberList::parse(reader)?) };
                reader.byte(b')', "`)`")?;
                Self::Partial(range, numbers)
            }
            _ => return Err(SyntaxError::expected(offset, WHAT)),
        })
    }
}
