//! ID (RFC 2971).

use super::States;
use crate::effects::{Answer, Effects};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::write;
use crate::writer::CommandWriter;
use bytestring::ByteString;

/// The ID command: the client tells what program it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Id {
    /// Field and value pairs (RFC 2971 §3.1); `None` for NIL.
    pub parameters: Option<Vec<(ByteString, Option<ByteString>)>>,
}

impl Id {
    pub(crate) const NAME: &'static str = "ID";
    pub(crate) const STATES: States = States::ANY;

    /// Most pairs (RFC 2971 §3.3, as the next two).
    pub const MAX_PAIRS: usize = 30;
    /// Longest field name, in octets.
    pub const MAX_FIELD: usize = 30;
    /// Longest value, in octets.
    pub const MAX_VALUE: usize = 1024;

    /// ```abnf
    /// id             = "ID" SP id-params-list
    /// id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        if reader.accept_atom("NIL") {
            return Ok(Self { parameters: None });
        }
        let mut pairs = Vec::new();
        reader.list_or_empty(|reader| {
            let offset = reader.offset();
            let wrong = |clause| Err(SyntaxError::wrong(offset, clause));
            let field = text(reader.string("a field's name in quotes")?, offset)?;
            if field.len() > Self::MAX_FIELD {
                return wrong("a field's name is longer than 30 octets");
            }
            reader.space()?;
            let value = reader.nstring("a value in quotes, or NIL")?;
            let value = value.map(|value| text(value, offset)).transpose()?;
            if value.as_ref().is_some_and(|value| value.len() > Self::MAX_VALUE) {
                return wrong("a value is longer than 1024 octets");
            }
            pairs.push((field, value));
            if pairs.len() > Self::MAX_PAIRS {
                return wrong("there are more than 30 fields");
            }
            Ok(())
        })?;
        Ok(Self { parameters: Some(pairs) })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        let Some(pairs) = &self.parameters else {
            return out.raw("NIL");
        };
        out.raw("(");
        for (index, (field, value)) in pairs.iter().enumerate() {
            if index > 0 {
                out.space();
            }
            out.string(field.as_bytes());
            out.space();
            match value {
                Some(value) => out.string(value.as_bytes()),
                None => out.with(|out| write::nstring(out, None)),
            }
        }
        out.raw(")");
    }

    pub(crate) fn effects(&self) -> Effects {
        Effects::none().answers(Answer::Id)
    }
}

fn text(octets: bytes::Bytes, offset: usize) -> Parsed<ByteString> {
    ByteString::try_from(octets)
        .map_err(|_| SyntaxError::wrong(offset, "a field or value is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a ID NIL", "a ID NIL");
        known("a id ()", "a ID ()");
        known("a ID (\"name\" \"x\" \"os\" nil)", "a ID (\"name\" \"x\" \"os\" NIL)");
        known("a ID (\"name\" {1+}\r\nx)", "a ID (\"name\" \"x\")");
        refused("a ID");
        refused("a ID (\"name\")");
        refused("a ID ((\"name\" \"x\"))");
        refused("a ID (name \"x\")");
    }

    #[test]
    fn t26_limits_hold_exactly() {
        let pairs = |count| format!("a ID ({})", vec!["\"n\" \"v\""; count].join(" "));
        let field = |length| format!("a ID (\"{}\" NIL)", "n".repeat(length));
        let value = |length| format!("a ID (\"n\" \"{}\")", "v".repeat(length));
        for (good, bad) in
            [(pairs(30), pairs(31)), (field(30), field(31)), (value(1024), value(1025))]
        {
            known(&good, &good);
            refused(&bad);
        }
    }
}
