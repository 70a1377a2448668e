//! THREAD (RFC 5256).

use super::States;
use super::search::{SearchKey, finding, parse_charset, parse_keys, write_keys};
use crate::effects::{Answer, Effects};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use bytestring::ByteString;

/// The THREAD command: finds messages and puts them into conversations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// `UID THREAD`: answer with UIDs.
    pub uid: bool,
    /// How conversations are told apart.
    pub algorithm: ThreadAlgorithm,
    /// The keys' charset, upper case.
    pub charset: ByteString,
    /// All of these must hold; at least one.
    pub keys: Vec<SearchKey>,
}

/// `thread-alg`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ThreadAlgorithm {
    /// By base subject.
    OrderedSubject,
    /// By References and In-Reply-To, then by base subject.
    References,
}

impl ThreadAlgorithm {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderedSubject => "ORDEREDSUBJECT",
            Self::References => "REFERENCES",
        }
    }
}

impl Thread {
    pub(crate) const NAME: &'static str = "THREAD";
    pub(crate) const STATES: States = States::SELECTED;

    /// ```abnf
    /// thread     = "THREAD" SP thread-alg SP charset 1*(SP search-key)
    /// thread-alg = "ORDEREDSUBJECT" / "REFERENCES"
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        reader.space()?;
        let offset = reader.offset();
        let algorithm = if reader.accept_atom(ThreadAlgorithm::References.name()) {
            ThreadAlgorithm::References
        } else if reader.accept_atom(ThreadAlgorithm::OrderedSubject.name()) {
            ThreadAlgorithm::OrderedSubject
        } else {
            return Err(SyntaxError::expected(offset, "ORDEREDSUBJECT or REFERENCES"));
        };
        reader.space()?;
        let charset = parse_charset(reader)?;
        reader.space()?;
        Ok(Self { uid, algorithm, charset, keys: parse_keys(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.raw(self.algorithm.name());
        out.space();
        out.astring(self.charset.as_bytes());
        write_keys(&self.keys, out);
    }

    pub(crate) fn effects(&self) -> Effects {
        finding(&self.keys, self.uid, None, Answer::Thread)
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known(
            "a thread orderedsubject UTF-8 SINCE 5-Mar-2000",
            "a THREAD ORDEREDSUBJECT UTF-8 SINCE 5-Mar-2000",
        );
        known("a UID THREAD References \"us-ascii\" $", "a UID THREAD REFERENCES US-ASCII $");
        for wrong in [
            "",
            " REFERENCES",
            " REFERENCES UTF-8",
            " REFS UTF-8 ALL",
            " (REFERENCES) UTF-8 ALL",
            " RETURN () REFERENCES UTF-8 ALL",
            " REFERENCES ALL",
        ] {
            refused(&format!("a THREAD{wrong}"));
        }
    }
}
