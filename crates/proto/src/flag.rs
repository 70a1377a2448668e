//! Flags and keywords (RFC 3501 §2.3.2).

use crate::token::{Parsed, Reader, SyntaxError, class, is};
use bytestring::ByteString;
use smallvec::SmallVec;

/// A keyword: an atom that does not begin with `\`. Case is kept, but compared without it.
#[derive(Clone, Debug)]
pub struct Keyword(ByteString);

/// A flag of a message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Flag {
    /// `\Answered`
    Answered,
    /// `\Flagged`
    Flagged,
    /// `\Deleted`
    Deleted,
    /// `\Seen`
    Seen,
    /// `\Draft`
    Draft,
    /// `\Recent`: told by the server, never taken from a client.
    Recent,
    /// A keyword such as `$Forwarded`.
    Keyword(Keyword),
    /// `flag-extension`: `\Something`, kept without the backslash. Servers may refuse it.
    Extension(Keyword),
}

impl Keyword {
    /// Longest keyword that a command may name, in octets; a server's responses may have longer
    /// ones.
    pub const MAX: usize = 64;

    /// The keyword, if it is an atom of at most [`Self::MAX`] octets.
    pub fn new(text: &str) -> Option<Self> {
        let right = !text.is_empty()
            && text.len() <= Self::MAX
            && text.bytes().all(|byte| is(byte, class::ATOM));
        right.then(|| Self(ByteString::from(text)))
    }

    /// The keyword as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `flag-keyword`, of any length.
    ///
    /// ```abnf
    /// flag-keyword = atom
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        let atom = reader.atom("a keyword")?;
        reader.share_text(atom, offset).map(Self)
    }

    /// As [`Self::parse`], refusing those longer than [`Self::MAX`].
    pub(crate) fn parse_in_command(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        let keyword = Self::parse(reader)?;
        keyword.within_limit(offset)
    }

    fn within_limit(self, offset: usize) -> Parsed<Self> {
        if self.0.len() > Self::MAX {
            return Err(SyntaxError::wrong(offset, "the keyword is longer than 64 octets"));
        }
        Ok(self)
    }
}

impl PartialEq for Keyword {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for Keyword {}
impl std::hash::Hash for Keyword {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl Flag {
    /// Most flags that one command may name: more than a mailbox can have.
    pub const MAX_LIST: usize = 512;

    /// The name on the wire of a flag that RFC 3501 §2.3.2 defines.
    pub fn system_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Answered => "\\Answered",
            Self::Flagged => "\\Flagged",
            Self::Deleted => "\\Deleted",
            Self::Seen => "\\Seen",
            Self::Draft => "\\Draft",
            Self::Recent => "\\Recent",
            Self::Keyword(_) | Self::Extension(_) => return None,
        })
    }

    /// `flag-fetch`: any flag, `\Recent` too.
    ///
    /// ```abnf
    /// flag-fetch     = flag / "\Recent"
    /// flag           = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" /
    ///                  flag-keyword / flag-extension
    /// flag-extension = "\" atom
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        if !reader.accept(b'\\') {
            return match reader.peek() {
                Some(byte) if is(byte, class::ATOM) => Keyword::parse(reader).map(Self::Keyword),
                _ => reader.expected("a flag"),
            };
        }
        let offset = reader.offset();
        let name = reader.atom("a flag's name")?;
        let known = [
            (&b"Seen"[..], Self::Seen),
            (b"Deleted", Self::Deleted),
            (b"Flagged", Self::Flagged),
            (b"Answered", Self::Answered),
            (b"Draft", Self::Draft),
            (b"Recent", Self::Recent),
        ];
        for (word, flag) in known {
            if name.eq_ignore_ascii_case(word) {
                return Ok(flag);
            }
        }
        reader.share_text(name, offset).map(|name| Self::Extension(Keyword(name)))
    }

    /// `flag` of a client: not `\Recent` (RFC 3501 §2.3.2: it cannot be altered by the client),
    /// and no keyword above the limit.
    pub(crate) fn parse_in_command(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        match Self::parse(reader)? {
            Self::Recent => {
                Err(SyntaxError::wrong(offset, "\\Recent cannot be set or removed by a client"))
            }
            Self::Keyword(name) => name.within_limit(offset).map(Self::Keyword),
            Self::Extension(name) => name.within_limit(offset).map(Self::Extension),
            flag => Ok(flag),
        }
    }

    /// `flag-list` of a client.
    ///
    /// ```abnf
    /// flag-list = "(" [flag *(SP flag)] ")"
    /// ```
    pub(crate) fn parse_list(reader: &mut Reader<'_>) -> Parsed<SmallVec<[Self; 2]>> {
        let mut flags = SmallVec::new();
        reader.list_or_empty(|reader| Self::parse_into(&mut flags, reader))?;
        Ok(flags)
    }

    /// `flag *(SP flag)`: STORE takes flags without parentheses too.
    pub(crate) fn parse_bare_list(reader: &mut Reader<'_>) -> Parsed<SmallVec<[Self; 2]>> {
        let mut flags = SmallVec::new();
        Self::parse_into(&mut flags, reader)?;
        while reader.accept(b' ') {
            Self::parse_into(&mut flags, reader)?;
        }
        Ok(flags)
    }

    fn parse_into(flags: &mut SmallVec<[Self; 2]>, reader: &mut Reader<'_>) -> Parsed<()> {
        if flags.len() == Self::MAX_LIST {
            return Err(SyntaxError::wrong(reader.offset(), "more than 512 flags are named"));
        }
        flags.push(Self::parse_in_command(reader)?);
        Ok(())
    }
}
