//! Writes commands for a client: octets, and the places where the client must wait.

use crate::{Encoding, Flag, MailboxName, write};
use smallvec::SmallVec;

/// How a client may send literals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum LiteralMode {
    /// The server knows no others: each waits for `+` (RFC 3501 §4.3).
    #[default]
    Wait,
    /// LITERAL-: those up to [`CommandWriter::LITERAL_MINUS`] octets are sent at once.
    Minus,
    /// LITERAL+: all are sent at once.
    Plus,
}

/// Collects the octets of commands.
#[derive(Debug, Default)]
pub struct CommandWriter {
    /// What was written.
    pub octets: Vec<u8>,
    /// Where in `octets` the client must have got `+ …` before it sends what follows; ascending.
    pub waits: SmallVec<[usize; 2]>,
    /// Literals whose octets lie elsewhere.
    pub gaps: SmallVec<[Gap; 1]>,
    mode: LiteralMode,
    encoding: Encoding,
}

/// A literal whose octets the client sends from elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Where in the octets it belongs.
    pub at: usize,
    /// The number that the command gave it.
    pub id: u64,
    /// Octets.
    pub length: u32,
}

impl CommandWriter {
    /// Largest literal that LITERAL- lets a client send at once, in octets (RFC 7888 §5).
    pub const LITERAL_MINUS: usize = 4096;

    /// An empty buffer.
    pub fn new(mode: LiteralMode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// With names and quoted strings in this encoding.
    #[must_use]
    pub fn encoded(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// Octets as they are: words of the grammar.
    pub fn raw(&mut self, octets: &str) {
        self.octets.extend_from_slice(octets.as_bytes());
    }

    /// `SP`
    pub fn space(&mut self) {
        self.octets.push(b' ');
    }

    /// What never needs a literal, through a writer of [`mod@write`].
    pub fn with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.octets);
    }

    /// `astring`, in its shortest form.
    pub fn astring(&mut self, text: &[u8]) {
        if write::is_plain(text) {
            self.octets.extend_from_slice(text);
        } else {
            self.string(text);
        }
    }

    /// `string`: quoted where it can be, else a literal.
    pub fn string(&mut self, text: &[u8]) {
        if write::is_quotable_in(text, self.encoding) {
            write::quoted(&mut self.octets, text);
        } else {
            self.literal(text);
        }
    }

    /// `mailbox`
    pub fn mailbox(&mut self, name: &MailboxName) {
        self.name(name.as_str());
    }

    /// A mailbox name, or the beginning of one, as an astring.
    pub(crate) fn name(&mut self, text: &str) {
        self.astring(&write::name(text, self.encoding));
    }

    /// A mailbox name, or the beginning of one, as a string.
    pub(crate) fn quoted_name(&mut self, text: &str) {
        self.string(&write::name(text, self.encoding));
    }

    /// `flag-list`
    pub fn flags(&mut self, flags: &[Flag]) {
        write::flags(&mut self.octets, flags);
    }

    /// `literal`
    pub fn literal(&mut self, octets: &[u8]) {
        self.announce(octets.len());
        self.octets.extend_from_slice(octets);
    }

    /// A literal whose octets lie elsewhere.
    pub fn gap(&mut self, id: u64, length: u32) {
        self.announce(length as usize);
        self.gaps.push(Gap { at: self.octets.len(), id, length });
    }

    fn announce(&mut self, length: usize) {
        let at_once = match self.mode {
            LiteralMode::Wait => false,
            LiteralMode::Minus => length <= Self::LITERAL_MINUS,
            LiteralMode::Plus => true,
        };
        self.octets.push(b'{');
        write::number(&mut self.octets, length as u64);
        self.raw(if at_once { "+}\r\n" } else { "}\r\n" });
        if !at_once {
            self.waits.push(self.octets.len());
        }
    }
}
