//! The stored form of each value: one file for each row, each begins with a byte for its version.

pub(crate) mod account;
pub(crate) mod body;
pub(crate) mod chunk;
pub(crate) mod garbage;
pub(crate) mod head;
pub(crate) mod index;
pub(crate) mod keywords;
pub(crate) mod mailbox;
pub(crate) mod user;
pub(crate) mod vanished;

use crate::Error;

/// Reads a row from its begin to its end.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Which row it is, for the log.
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// Begins behind the version byte, which must be `version`.
    pub(crate) fn new(row: &'a [u8], version: u8, what: &'static str) -> Result<Self, Error> {
        match row.split_first() {
            Some((found, rest)) if *found == version => Ok(Self { rest, what }),
            _ => Err(Error::corrupt(format!("{what}: unknown version"))),
        }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.short())?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(|| self.short())?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// Text behind its length in 16 bits.
    pub(crate) fn text(&mut self) -> Result<&'a str, Error> {
        let length = self.u16()?;
        std::str::from_utf8(self.bytes(length.into())?).map_err(|_| self.damaged("text"))
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The row has nothing more.
    pub(crate) fn end(self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.damaged("length")) }
    }

    /// The error for a field that cannot be.
    pub(crate) fn damaged(&self, field: &str) -> Error {
        Error::corrupt(format!("{}: {field}", self.what))
    }

    fn short(&self) -> Error {
        self.damaged("too short")
    }
}

/// Appends text behind its length in 16 bits.
pub(crate) fn put_text(text: &str, out: &mut Vec<u8>) {
    // Names, keywords and credentials are all bounded far below.
    debug_assert!(text.len() <= usize::from(u16::MAX));
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
