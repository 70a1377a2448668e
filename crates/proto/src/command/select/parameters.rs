//! The parameters of SELECT and EXAMINE (RFC 4466 §2.1, RFC 7162).

use crate::number::{Number, NumberSet};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use crate::{ModSeq, SequenceSet, UidSet, UidValidity, write};

/// `select-param`s.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SelectParameters {
    /// `CONDSTORE` (RFC 7162 §3.1.8): tell MODSEQs from now on.
    pub condstore: bool,
    /// `QRESYNC` (RFC 7162 §3.2.5): tell what changed since. Boxed, so that commands stay small.
    pub qresync: Option<Box<Resync>>,
}

/// What a client knows of a mailbox from an earlier connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resync {
    /// Its UIDs are those of this UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// It knows all changes up to this one.
    pub mod_seq: ModSeq,
    /// The UIDs that it knows, without `*`; `None` for all.
    pub known: Option<UidSet>,
    /// Some sequence numbers and the UIDs that they had, by position; without `*`.
    pub matching: Option<(SequenceSet, UidSet)>,
}

impl SelectParameters {
    /// ```abnf
    /// select-params = [SP "(" select-param *(SP select-param) ")"]
    /// select-param  = "CONDSTORE" / "QRESYNC" SP "(" … ")"
    /// ```
    pub(in crate::command) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let mut found = Self::default();
        if !reader.rest().starts_with(b" (") {
            return Ok(found);
        }
        reader.space()?;
        reader.list(|reader| {
            let offset = reader.offset();
            if reader.accept_atom("CONDSTORE") {
                found.condstore = true;
            } else if reader.accept_atom("QRESYNC") {
                if found.qresync.is_some() {
                    return Err(SyntaxError::wrong(offset, "QRESYNC stands there twice"));
                }
                reader.space()?;
                found.qresync = Some(Box::new(Resync::parse(reader)?));
            } else {
                return reader.expected("CONDSTORE or QRESYNC");
            }
            Ok(())
        })?;
        Ok(found)
    }

    pub(in crate::command) fn write(&self, out: &mut CommandWriter) {
        if self.condstore {
            out.raw(" (CONDSTORE");
        }
        if let Some(resync) = &self.qresync {
            out.raw(if self.condstore { " QRESYNC " } else { " (QRESYNC " });
            out.with(|out| resync.write(out));
        }
        if self.condstore || self.qresync.is_some() {
            out.raw(")");
        }
    }
}

impl Resync {
    /// ```abnf
    /// select-param   = "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids]
    ///                  [SP seq-match-data] ")"
    /// seq-match-data = "(" known-sequence-set SP known-uid-set ")"
    /// ```
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.byte(b'(', "`(`")?;
        let offset = reader.offset();
        let uid_validity = UidValidity::new(reader.nz_number("a UIDVALIDITY")?);
        let uid_validity = uid_validity.ok_or(SyntaxError::expected(offset, "a UIDVALIDITY"))?;
        reader.space()?;
        let mut found =
            Self { uid_validity, mod_seq: ModSeq::parse(reader)?, known: None, matching: None };
        while reader.accept(b' ') {
            if found.matching.is_none() && reader.accept(b'(') {
                let numbers = numbers(reader)?;
                reader.space()?;
                found.matching = Some((numbers, self::numbers(reader)?));
                reader.byte(b')', "`)`")?;
            } else if found.known.is_none() && found.matching.is_none() {
                found.known = Some(numbers(reader)?);
            } else {
                return reader.expected("`)`");
            }
        }
        reader.byte(b')', "`)`")?;
        Ok(found)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        write::number(out, u64::from(self.uid_validity.get()));
        out.push(b' ');
        write::number(out, self.mod_seq.0);
        if let Some(known) = &self.known {
            out.push(b' ');
            known.write(out);
        }
        if let Some((numbers, uids)) = &self.matching {
            out.extend_from_slice(b" (");
            numbers.write(out);
            out.push(b' ');
            uids.write(out);
            out.push(b')');
        }
        out.push(b')');
    }
}

/// `sequence-set`; RFC 7162 §7: `*` is not allowed.
fn numbers<N: Number>(reader: &mut Reader<'_>) -> Parsed<NumberSet<N>> {
    let offset = reader.offset();
    let set = NumberSet::parse(reader)?;
    match set.names_largest() {
        true => Err(SyntaxError::wrong(offset, "`*` cannot stand here")),
        false => Ok(set),
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        for text in [
            "INBOX (CONDSTORE)",
            "INBOX (QRESYNC (67890007 20050715194045000))",
            "INBOX (QRESYNC (67890007 20050715194045000 41,43:211,214:541))",
            "INBOX (QRESYNC (1 2 (3,5:7 10,20:22)))",
            "INBOX (QRESYNC (1 2 1:29 (3 10)))",
            "INBOX (CONDSTORE QRESYNC (1 2))",
        ] {
            for name in ["SELECT", "EXAMINE"] {
                known(&format!("a {name} {text}"), &format!("a {name} {text}"));
            }
        }
        known("a select x (qresync (1 2) condstore)", "a SELECT x (CONDSTORE QRESYNC (1 2))");
        for wrong in [
            "()",
            "(FOO)",
            "(CONDSTORE",
            "(QRESYNC)",
            "(QRESYNC 1 2)",
            "(QRESYNC (1))",
            "(QRESYNC (0 2))",
            "(QRESYNC (1 0))",
            "(QRESYNC (1 2 1:*))",
            "(QRESYNC (1 2 (1:* 3)))",
            "(QRESYNC (1 2 (1 2) 3))",
            "(QRESYNC (1 2 (1)))",
            "(QRESYNC (1 2 3 4))",
            "(QRESYNC (1 2) QRESYNC (1 2))",
            "CONDSTORE",
        ] {
            refused(&format!("a SELECT INBOX {wrong}"));
            refused(&format!("a EXAMINE INBOX {wrong}"));
        }
    }
}
