//! What stands behind the items of FETCH (RFC 4466 §2.4).

use crate::command::search::PartialRange;
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use crate::{ModSeq, write};

/// `fetch-modifier`s: of the messages that are named, which are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FetchModifiers {
    /// `CHANGEDSINCE` (RFC 7162 §3.1.4.1): those with a greater MODSEQ.
    pub changed_since: Option<ModSeq>,
    /// `VANISHED` (RFC 7162 §3.2.6), of `UID FETCH` beside CHANGEDSINCE only: tell which are gone
    /// since.
    pub vanished: bool,
    /// `PARTIAL` (RFC 9394 §3.3), of `UID FETCH` only: those at these places.
    pub partial: Option<PartialRange>,
}

impl FetchModifiers {
    /// ```abnf
    /// fetch-modifiers = [SP "(" fetch-modifier *(SP fetch-modifier) ")"]
    /// fetch-modifier  = "PARTIAL" SP partial-range / "CHANGEDSINCE" SP mod-sequence-value /
    ///                   "VANISHED"
    /// ```
    pub(super) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        let mut found = Self::default();
        if !reader.rest().starts_with(b" (") {
            return Ok(found);
        }
        reader.space()?;
        let start = reader.offset();
        reader.list(|reader| found.parse_one(reader, uid))?;
        if found.vanished && found.changed_since.is_none() {
            return Err(SyntaxError::wrong(start, "VANISHED stands beside CHANGEDSINCE only"));
        }
        Ok(found)
    }

    fn parse_one(&mut self, reader: &mut Reader<'_>, uid: bool) -> Parsed<()> {
        let offset = reader.offset();
        if reader.accept_atom("CHANGEDSINCE") {
            if self.changed_since.is_some() {
                return Err(SyntaxError::wrong(offset, "CHANGEDSINCE stands there twice"));
            }
            reader.space()?;
            // RFC 7162 §7 begins with 1; iOS has asked for 0 (trap-03).
            self.changed_since = Some(ModSeq::parse_or_zero(reader)?);
        } else if reader.accept_atom("VANISHED") {
            if !uid || self.vanished {
                let clause = "VANISHED stands once, and in UID FETCH only";
                return Err(SyntaxError::wrong(offset, clause));
            }
            self.vanished = true;
        } else if reader.accept_atom("PARTIAL") {
            if !uid || self.partial.is_some() {
                let clause = "PARTIAL stands once, and in UID FETCH only";
                return Err(SyntaxError::wrong(offset, clause));
            }
            reader.space()?;
            self.partial = Some(PartialRange::parse(reader)?);
        } else {
            return reader.expected("CHANGEDSINCE, VANISHED or PARTIAL");
        }
        Ok(())
    }

    pub(super) fn write(&self, out: &mut CommandWriter) {
        let mut before = " (";
        if let Some(since) = self.changed_since {
            out.raw(before);
            out.raw("CHANGEDSINCE ");
            out.with(|out| write::number(out, since.0));
            before = " ";
        }
        if self.vanished {
            out.raw(before);
            out.raw("VANISHED");
            before = " ";
        }
        if let Some(partial) = self.partial {
            out.raw(before);
            out.raw("PARTIAL ");
            out.with(|out| partial.write(out));
            before = " ";
        }
        out.raw(if before == " " { ")" } else { "" });
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        for text in [
            "a FETCH 1:* FLAGS (CHANGEDSINCE 12)",
            "a FETCH 1:* FLAGS (CHANGEDSINCE 0)",
            "a UID FETCH 1:* FLAGS (CHANGEDSINCE 12 VANISHED)",
            "a UID FETCH 1:* FLAGS (CHANGEDSINCE 12 VANISHED PARTIAL -1:-30)",
            "a UID FETCH 1 (MODSEQ FLAGS) (CHANGEDSINCE 9223372036854775807)",
        ] {
            known(text, text);
        }
        known(
            "a uid fetch 1 all (partial 1:2 vanished changedsince 3)",
            "a UID FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE) \
             (CHANGEDSINCE 3 VANISHED PARTIAL 1:2)",
        );
        for wrong in [
            "FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
            "UID FETCH 1 FLAGS (VANISHED)",
            "UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED VANISHED)",
            "UID FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 1)",
            "FETCH 1 FLAGS (CHANGEDSINCE)",
            "FETCH 1 FLAGS (CHANGEDSINCE -1)",
            "FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)",
            "FETCH 1 FLAGS (CHANGEDSINCE 1",
            "FETCH 1 FLAGS (PARTIAL 1:2)",
            "FETCH 1 FLAGS CHANGEDSINCE 1",
            "FETCH 1 FLAGS ",
        ] {
            refused(&format!("a {wrong}"));
        }
    }
}
