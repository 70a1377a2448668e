//! SORT (RFC 5256), by displayed names (RFC 5957), extended (RFC 5267 §3).

use super::States;
use super::search::{SearchKey, SearchReturn, finding, parse_charset, parse_keys, write_keys};
use crate::effects::{Answer, Effects};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use bytestring::ByteString;
use smallvec::SmallVec;

/// The SORT command: finds messages and puts them in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sort {
    /// `UID SORT`: answer with UIDs.
    pub uid: bool,
    /// Which ESEARCH response is asked; `None` for a plain SORT response.
    pub returns: Option<SearchReturn>,
    /// The first one weighs most; at least one.
    pub criteria: SmallVec<[SortCriterion; 2]>,
    /// The keys' charset, upper case.
    pub charset: ByteString,
    /// All of these must hold; at least one.
    pub keys: Vec<SearchKey>,
}

/// `sort-criterion`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SortCriterion {
    /// `REVERSE`: in descending order.
    pub reverse: bool,
    /// By what.
    pub key: SortKey,
}

/// `sort-key`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SortKey {
    /// INTERNALDATE.
    Arrival,
    /// Mailbox of the first Cc address.
    Cc,
    /// The Date field in UTC, else INTERNALDATE.
    Date,
    /// Mailbox of the first From address.
    From,
    /// Octets.
    Size,
    /// Base subject.
    Subject,
    /// Mailbox of the first To address.
    To,
    /// Name of the first From address as people see it (RFC 5957).
    DisplayFrom,
    /// Name of the first To address.
    DisplayTo,
}

impl SortKey {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Arrival,
        Self::Cc,
        Self::Date,
        Self::From,
        Self::Size,
        Self::Subject,
        Self::To,
        Self::DisplayFrom,
        Self::DisplayTo,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arrival => "ARRIVAL",
            Self::Cc => "CC",
            Self::Date => "DATE",
            Self::From => "FROM",
            Self::Size => "SIZE",
            Self::Subject => "SUBJECT",
            Self::To => "TO",
            Self::DisplayFrom => "DISPLAYFROM",
            Self::DisplayTo => "DISPLAYTO",
        }
    }
}

impl Sort {
    pub(crate) const NAME: &'static str = "SORT";
    pub(crate) const STATES: States = States::SELECTED;

    /// Most criteria that are taken: each of them, and each reversed.
    pub const MAX_CRITERIA: usize = 18;

    /// ```abnf
    /// sort            = "SORT" [search-return-opts] SP sort-criteria SP search-criteria
    /// sort-criteria   = "(" sort-criterion *(SP sort-criterion) ")"
    /// search-criteria = charset 1*(SP search-key)
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        reader.space()?;
        let returns = SearchReturn::parse(reader)?;
        if returns.is_some() {
            reader.space()?;
        }
        let mut criteria = SmallVec::new();
        reader.list(|reader| {
            let offset = reader.offset();
            if criteria.len() == Self::MAX_CRITERIA {
                return Err(SyntaxError::wrong(offset, "more than 18 criteria are given"));
            }
            criteria.push(SortCriterion::parse(reader)?);
            Ok(())
        })?;
        reader.space()?;
        let charset = parse_charset(reader)?;
        reader.space()?;
        Ok(Self { uid, returns, criteria, charset, keys: parse_keys(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        if let Some(returns) = &self.returns {
            returns.write(out);
        }
        for (index, criterion) in self.criteria.iter().enumerate() {
            out.raw(if index > 0 { " " } else { " (" });
            out.raw(if criterion.reverse { "REVERSE " } else { "" });
            out.raw(criterion.key.name());
        }
        out.raw(") ");
        out.astring(self.charset.as_bytes());
        write_keys(&self.keys, out);
    }

    pub(crate) fn effects(&self) -> Effects {
        finding(&self.keys, self.uid, self.returns.as_ref(), Answer::Sort)
    }
}

impl SortCriterion {
    /// ```abnf
    /// sort-criterion = ["REVERSE" SP] sort-key
    /// sort-key       = "ARRIVAL" / "CC" / "DATE" / "FROM" / "SIZE" / "SUBJECT" / "TO" /
    ///                  "DISPLAYFROM" / "DISPLAYTO"
    /// ```
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "a sort key such as DATE, FROM or SUBJECT";
        let reverse = reader.accept_atom("REVERSE");
        if reverse {
            reader.space()?;
        }
        let offset = reader.offset();
        let word = reader.atom(WHAT)?;
        let key =
            SortKey::ALL.into_iter().find(|key| word.eq_ignore_ascii_case(key.name().as_bytes()));
        let key = key.ok_or(SyntaxError::expected(offset, WHAT))?;
        Ok(Self { reverse, key })
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        for (text, canonical) in [
            ("(SUBJECT) UTF-8 SINCE 1-Feb-1994", "(SUBJECT) UTF-8 SINCE 1-Feb-1994"),
            ("(subject reverse date) us-ascii all", "(SUBJECT REVERSE DATE) US-ASCII ALL"),
            (
                "(ARRIVAL CC FROM SIZE TO DISPLAYFROM DISPLAYTO) \"UTF-8\" ALL",
                "(ARRIVAL CC FROM SIZE TO DISPLAYFROM DISPLAYTO) UTF-8 ALL",
            ),
            ("return () (DATE) UTF-8 $", "RETURN (ALL) (DATE) UTF-8 $"),
            ("RETURN (MIN COUNT) (DATE) UTF-8 1:*", "RETURN (MIN COUNT) (DATE) UTF-8 1:*"),
        ] {
            known(&format!("a SORT {text}"), &format!("a SORT {canonical}"));
            known(&format!("a uid sort {text}"), &format!("a UID SORT {canonical}"));
        }
        for wrong in [
            "",
            " ",
            " SUBJECT UTF-8 ALL",
            " () UTF-8 ALL",
            " (SUBJECT) ALL",
            " (SUBJECT) UTF-8",
            " (SUBJECT) UTF-8 ",
            " (REVERSE) UTF-8 ALL",
            " (REVERSE REVERSE DATE) UTF-8 ALL",
            " (FOO) UTF-8 ALL",
            " (DATE) RETURN () UTF-8 ALL",
            " (SUBJECT UTF-8 ALL",
        ] {
            refused(&format!("a SORT{wrong}"));
        }
    }

    #[test]
    fn criteria_are_bounded() {
        let sort = |count| format!("a SORT ({}) UTF-8 ALL", vec!["DATE"; count].join(" "));
        known(&sort(18), &sort(18));
        refused(&sort(19));
    }
}
