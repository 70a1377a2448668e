//! INPROGRESS (RFC 9585): how far a command has come that takes long.

use crate::token::{Parsed, Reader, SyntaxError};
use crate::write;
use bytestring::ByteString;
use std::num::NonZeroU32;

/// What a server tells of a command that runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// The command's tag, where the server names it.
    pub tag: Option<ByteString>,
    /// How much has been done, in units of the server's choice; below `goal`.
    pub done: Option<u32>,
    /// How much there is to do; only beside `done`.
    pub goal: Option<NonZeroU32>,
}

/// Appends the code.
pub(super) fn write(out: &mut Vec<u8>, progress: Option<&Progress>) {
    out.extend_from_slice(b"INPROGRESS");
    if let Some(progress) = progress {
        out.push(b' ');
        progress.write(out);
    }
}

impl Progress {
    /// `(tag done goal)`
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        match &self.tag {
            Some(tag) => write::quoted(out, tag.as_bytes()),
            None => out.extend_from_slice(b"NIL"),
        }
        for number in [self.done, self.goal.map(NonZeroU32::get)] {
            out.push(b' ');
            match number {
                Some(number) => write::number(out, u64::from(number)),
                None => out.extend_from_slice(b"NIL"),
            }
        }
        out.push(b')');
    }

    /// ```abnf
    /// "(" (quoted / nil) SP (nil SP nil / number SP (nil / nz-number)) ")"
    /// ```
    pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.byte(b'(', "`(`")?;
        let at = reader.offset();
        let tag = match reader.accept_atom("NIL") {
            true => None,
            false => Some(reader.quoted()?),
        };
        let text = |tag| ByteString::try_from(tag).ok();
        let wrong = SyntaxError::wrong(at, "the tag is not UTF-8");
        let tag = tag.map(|tag| text(tag).ok_or(wrong)).transpose()?;
        reader.space()?;
        let done = optional(reader)?;
        reader.space()?;
        let at = reader.offset();
        let goal = optional(reader)?;
        reader.byte(b')', "`)`")?;
        match (done, goal) {
            (None, Some(_)) => Err(SyntaxError::wrong(at, "a goal stands beside a number only")),
            (Some(done), Some(goal)) if done >= goal => {
                Err(SyntaxError::wrong(at, "the goal has been reached"))
            }
            _ => Ok(Self { tag, done, goal: goal.and_then(NonZeroU32::new) }),
        }
    }
}

fn optional(reader: &mut Reader<'_>) -> Parsed<Option<u32>> {
    if reader.accept_atom("NIL") { Ok(None) } else { reader.number("a number or NIL").map(Some) }
}

#[cfg(test)]
mod tests {
    use super::Progress;
    use crate::number::Number;
    use crate::response::{Response, ResponseText};
    use crate::{Code, Status, Uid};
    use bytes::Bytes;
    use std::num::NonZeroU32;

    #[track_caller]
    fn both(line: &str, response: Response) {
        let source = Bytes::from(format!("{line}\r\n"));
        assert_eq!(Response::parse(&source).as_ref(), Ok(&response), "reading {line}");
        let mut out = Vec::new();
        response.write(&mut out);
        assert_eq!(out, source, "writing {line}");
    }

    fn condition(status: Status, code: Option<Code>, text: &str) -> Response {
        Response::Condition { status, text: ResponseText { code, text: text.into() } }
    }

    /// RFC 9585, RFC 9586 and RFC 9738.
    #[test]
    fn progress_and_limits() {
        let told = |tag: Option<&str>, done, goal| {
            let tag = tag.map(Into::into);
            condition(
                Status::Ok,
                Some(Code::InProgress(Some(Progress { tag, done, goal: NonZeroU32::new(goal) }))),
                "Working",
            )
        };
        both(
            "* OK [INPROGRESS] Working",
            condition(Status::Ok, Some(Code::InProgress(None)), "Working"),
        );
        for (line, response) in [
            ("* OK [INPROGRESS (\"A1\" 175 1000)] Working", told(Some("A1"), Some(175), 1000)),
            ("* OK [INPROGRESS (\"A1\" 175 NIL)] Working", told(Some("A1"), Some(175), 0)),
            ("* OK [INPROGRESS (\"A1\" NIL NIL)] Working", told(Some("A1"), None, 0)),
            ("* OK [INPROGRESS (NIL 0 1)] Working", told(None, Some(0), 1)),
        ] {
            both(line, response);
        }
        for other in ["(\"A1\" 1 1)", "(\"A1\" NIL 2)", "(\"A1\" 1 0)", "(A1 1 2)", "(\"A1\" 1)"] {
            let line = Bytes::from(format!("* OK [INPROGRESS {other}] x"));
            let Ok(Response::Condition { text, .. }) = Response::parse(&line) else {
                panic!("{other}")
            };
            assert!(matches!(text.code, Some(Code::Other(..))), "{other}");
        }
        let limit = |lowest| Code::MessageLimit { limit: NonZeroU32::MIN, lowest };
        both("* NO [MESSAGELIMIT 1] Enough", condition(Status::No, Some(limit(None)), "Enough"));
        both(
            "* NO [MESSAGELIMIT 1 7] Enough",
            condition(Status::No, Some(limit(Uid::new(7))), "Enough"),
        );
        both("* BAD [UIDREQUIRED] x", condition(Status::Bad, Some(Code::UidRequired), "x"));
    }
}
