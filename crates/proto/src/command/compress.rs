//! COMPRESS (RFC 4978).

use super::States;
use crate::effects::Effects;
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;

/// The COMPRESS command: after its OK both directions are compressed, by DEFLATE (RFC 1951), the
/// only algorithm that there is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compress;

impl Compress {
    pub(crate) const NAME: &'static str = "COMPRESS";
    /// A `command-auth` (RFC 4978 §5): after login only.
    pub(crate) const STATES: States = States::AUTHENTICATED;

    const ALGORITHM: &'static str = "DEFLATE";

    /// ```abnf
    /// compress  = "COMPRESS" SP algorithm
    /// algorithm = "DEFLATE"
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let offset = reader.offset();
        let algorithm = reader.atom("an algorithm's name")?;
        match algorithm.eq_ignore_ascii_case(Self::ALGORITHM.as_bytes()) {
            true => Ok(Self),
            // RFC 4978 §3: BAD, and not NO, for one that is not known.
            false => Err(SyntaxError::wrong(offset, "the only algorithm is DEFLATE")),
        }
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.raw(Self::ALGORITHM);
    }

    /// What follows is read in another way, so nothing runs beside it.
    pub(crate) fn effects(&self) -> Effects {
        Effects::barrier()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a COMPRESS DEFLATE", "a COMPRESS DEFLATE");
        known("a compress Deflate", "a COMPRESS DEFLATE");
        refused("a COMPRESS");
        refused("a COMPRESS ");
        refused("a COMPRESS GZIP");
        refused("a COMPRESS \"DEFLATE\"");
        refused("a COMPRESS DEFLATE ");
    }
}
