//! VANISHED response (RFC 7162 §3.2.10).

use crate::UidSet;
use crate::token::{Parsed, Reader};

/// Messages that are gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vanished {
    /// `(EARLIER)`: they were gone before the mailbox was selected, or were never there; the
    /// numbers of the others don't change by it.
    pub earlier: bool,
    /// Which; without `*`. Some may never have been messages, so it is kept as ranges.
    pub uids: UidSet,
}

impl Vanished {
    /// Appends `* VANISHED …`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* VANISHED ");
        if self.earlier {
            out.extend_from_slice(b"(EARLIER) ");
        }
        self.uids.write(out);
        out.extend_from_slice(b"\r\n");
    }

    // expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids
    // known-uids    = sequence-set, without "*"
    pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let earlier = reader.accept_prefix("(EARLIER)");
        if earlier {
            reader.space()?;
        }
        let before = *reader;
        let uids = UidSet::parse(reader)?;
        if uids.names_largest() {
            return before.expected("UIDs");
        }
        Ok(Self { earlier, uids })
    }
}

#[cfg(test)]
mod tests {
    use crate::Response;

    #[test]
    fn known_answers() {
        for known in [
            "* VANISHED (EARLIER) 41,43:116,118,120:211,214:540\r\n",
            "* VANISHED 405,407,410,425\r\n",
            "* VANISHED 1:4294967295\r\n",
            "* 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (90060115194045001))\r\n",
        ] {
            let response = Response::parse(&known.into()).unwrap();
            let mut written = Vec::new();
            response.write(&mut written);
            assert_eq!(String::from_utf8(written).unwrap(), known);
        }
        for wrong in ["", " ", " *", " 1:*", " (EARLIER)", " (EARLIER) ", " (LATER) 1", " 0"] {
            assert!(Response::parse(&format!("* VANISHED{wrong}\r\n").into()).is_err(), "{wrong}");
        }
    }
}
