//! Reads the grammar's primitives (RFC 3501 §9) from one frame, keeping slices of it.

use crate::Encoding;
use crate::frame::Spooled;
use bytes::Bytes;
use bytestring::ByteString;
use std::borrow::Cow;

/// Where and why a frame does not follow the grammar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Octets before the place, from the start of the frame.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Problem {
    /// A noun with its article, such as `a mailbox name`: something else stands there.
    Expected(&'static str),
    /// A clause of its own, such as `a tag is longer than 64 octets`.
    Wrong(&'static str),
}

/// Result of reading a piece of the grammar.
pub type Parsed<T> = Result<T, SyntaxError>;

/// A string as it stands in the frame, or in the caller's storage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LiteralData {
    /// The octets.
    Inline(Bytes),
    /// Spooled under this number; so many octets.
    Spooled(u64, u32),
}

/// A place in a frame, and the readers of the grammar's primitives. Each reader either consumes
/// what it names, or fails with the offset at which it stopped.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    source: &'a Bytes,
    spooled: &'a [Spooled],
    at: usize,
    encoding: Encoding,
    /// Quoted strings must be UTF-8.
    strict: bool,
}

/// Classes of octets, as bits of [`CLASSES`].
pub mod class {
    /// `ATOM-CHAR`
    pub const ATOM: u8 = 1;
    /// `ASTRING-CHAR`: ATOM-CHAR and `]`.
    pub const ASTRING: u8 = 2;
    /// Octets of a `tag`: ASTRING-CHAR without `+`.
    pub const TAG: u8 = 4;
    /// `list-char`: ASTRING-CHAR and the wildcards.
    pub const LIST: u8 = 8;
    /// Octets that stand for themselves in a quoted string. Above 0x7F too: what they mean is
    /// for the reader of the string to say.
    pub const QUOTED: u8 = 16;
    /// `DIGIT`
    pub const DIGIT: u8 = 32;
    /// Letters, digits and `.`: the words of FETCH, which `[` ends.
    pub const WORD: u8 = 64;
}

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 1usize;
    while octet < 256 {
        let byte = octet as u8;
        let special = matches!(byte, b'(' | b')' | b'{' | b' ' | b'%' | b'*' | b'"' | b'\\' | b']');
        let mut bits = 0;
        if byte > 0x1F && byte < 0x7F && !special {
            bits |= class::ATOM;
        }
        if bits != 0 || byte == b']' {
            bits |= class::ASTRING | class::LIST;
            if byte != b'+' {
                bits |= class::TAG;
            }
        }
        if matches!(byte, b'%' | b'*') {
            bits |= class::LIST;
        }
        if !matches!(byte, b'"' | b'\\' | b'\r' | b'\n') {
            bits |= class::QUOTED;
        }
        if byte.is_ascii_digit() {
            bits |= class::DIGIT;
        }
        if byte.is_ascii_alphanumeric() || byte == b'.' {
            bits |= class::WORD;
        }
        table[octet] = bits;
        octet += 1;
    }
    table
}

/// Whether the octet belongs to one of the classes.
#[inline]
pub fn is(byte: u8, classes: u8) -> bool {
    CLASSES[byte as usize] & classes != 0
}

impl SyntaxError {
    /// Something else was expected at this offset.
    pub fn expected(offset: usize, what: &'static str) -> Self {
        Self { offset, problem: Problem::Expected(what) }
    }

    /// What stands at this offset is wrong.
    pub fn wrong(offset: usize, clause: &'static str) -> Self {
        Self { offset, problem: Problem::Wrong(clause) }
    }

    /// A sentence for a person: what, at which column (octets, from 1, in its line), and, unless
    /// `secret`, what was found.
    pub fn describe(&self, frame: &[u8], secret: bool) -> String {
        let offset = self.offset.min(frame.len());
        let line = memchr::memrchr(b'\n', &frame[..offset]).map_or(0, |end| end + 1);
        let column = offset - line + 1;
        match self.problem {
            Problem::Expected(what) if secret => format!("expected {what} at column {column}"),
            Problem::Expected(what) => {
                let rest = &frame[offset..];
                let hint = if rest.first().is_none_or(u8::is_ascii) { "" } else { BEYOND_ASCII };
                format!("expected {what} at column {column}, found {}{hint}", excerpt(rest))
            }
            Problem::Wrong(clause) => format!("{clause} (column {column})"),
        }
    }
}

/// For those who type names as they are spoken (RFC 9051 §4.3.1).
const BEYOND_ASCII: &str = "; letters beyond ASCII go into quotes";

/// The next word in quotes, cut and made printable.
pub(crate) fn excerpt(rest: &[u8]) -> Cow<'static, str> {
    /// Octets shown: enough to recognise the place, short enough for a line.
    const LONGEST: usize = 24;
    match rest.first() {
        None | Some(b'\r' | b'\n') => return Cow::Borrowed("the end of the line"),
        Some(b' ') => return Cow::Borrowed("a space"),
        Some(_) => {}
    }
    let word = rest.iter().position(|byte| matches!(byte, b' ' | b'\r' | b'\n'));
    let word = &rest[..word.unwrap_or(rest.len())];
    let shown = word[..word.len().min(LONGEST)].escape_ascii();
    let dots = if word.len() > LONGEST { "…" } else { "" };
    Cow::Owned(format!("`{shown}{dots}`"))
}

impl<'a> Reader<'a> {
    /// Reads a frame that has all its literals in place: a response, whose quoted strings may hold
    /// any octets, since servers send such.
    pub fn new(source: &'a Bytes) -> Self {
        Self { source, spooled: &[], at: 0, encoding: Encoding::SevenBit, strict: false }
    }

    /// Reads a command, some of whose literals may have been spooled. Its quoted strings must be
    /// UTF-8 (RFC 6855 §3).
    pub fn with_spooled(source: &'a Bytes, spooled: &'a [Spooled]) -> Self {
        Self { source, spooled, at: 0, encoding: Encoding::SevenBit, strict: true }
    }

    /// With names in this encoding.
    #[must_use]
    pub fn encoded(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// How names are encoded.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Octets read so far.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// What has not been read.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        &self.source[self.at..]
    }

    /// The next octet.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    /// Passes over octets that the caller has looked at through [`Self::rest`].
    ///
    /// # Panics
    /// In debug builds when fewer are there.
    pub fn advance(&mut self, octets: usize) {
        debug_assert!(octets <= self.rest().len());
        self.at += octets;
    }

    /// An error at the present place.
    pub fn expected<T>(&self, what: &'static str) -> Parsed<T> {
        Err(SyntaxError::expected(self.at, what))
    }

    /// Whether all has been read.
    pub fn is_at_end(&self) -> bool {
        self.at == self.source.len()
    }

    /// The frame must end here.
    pub fn end(&self) -> Parsed<()> {
        if self.is_at_end() {
            return Ok(());
        }
        // What follows the space is what a person wonders about.
        let follows = self.peek() == Some(b' ') && self.at + 1 < self.source.len();
        Err(SyntaxError::expected(self.at + usize::from(follows), "the end of the command"))
    }

    /// Reads the octet if it is next.
    #[inline]
    pub fn accept(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Reads the octet, which must be next.
    #[inline]
    pub fn byte(&mut self, byte: u8, what: &'static str) -> Parsed<()> {
        if self.accept(byte) { Ok(()) } else { self.expected(what) }
    }

    /// `SP`: exactly one.
    #[inline]
    pub fn space(&mut self) -> Parsed<()> {
        self.byte(b' ', "a space")
    }

    /// Octets of these classes, possibly none.
    #[inline]
    pub fn run(&mut self, classes: u8) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !is(*byte, classes)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// `1*` octets of these classes.
    #[inline]
    pub fn word(&mut self, classes: u8, what: &'static str) -> Parsed<&'a [u8]> {
        let word = self.run(classes);
        if word.is_empty() { self.expected(what) } else { Ok(word) }
    }

    /// `atom`
    #[inline]
    pub fn atom(&mut self, what: &'static str) -> Parsed<&'a [u8]> {
        self.word(class::ATOM, what)
    }

    /// Reads this atom, in any case, if it is next as a whole.
    #[inline]
    pub fn accept_atom(&mut self, atom: &str) -> bool {
        let mut ahead = *self;
        let there = ahead.run(class::ATOM).eq_ignore_ascii_case(atom.as_bytes());
        if there {
            self.at = ahead.at;
        }
        there
    }

    /// Reads these octets, in any case of letters, if they are next, whatever follows them.
    pub fn accept_prefix(&mut self, prefix: &str) -> bool {
        let there = self
            .rest()
            .get(..prefix.len())
            .is_some_and(|next| next.eq_ignore_ascii_case(prefix.as_bytes()));
        if there {
            self.at += prefix.len();
        }
        there
    }

    /// The octets as a slice that keeps the frame alive. They must lie in the frame.
    #[inline]
    pub fn share(&self, part: &[u8]) -> Bytes {
        self.source.slice_ref(part)
    }

    /// As [`Self::share`], for octets that must be UTF-8.
    pub fn share_text(&self, part: &[u8], offset: usize) -> Parsed<ByteString> {
        text(self.share(part), offset)
    }

    /// `number`: 0 to 2^32-1.
    ///
    /// ```abnf
    /// number = 1*DIGIT
    /// ```
    #[inline]
    pub fn number(&mut self, what: &'static str) -> Parsed<u32> {
        let at = self.at;
        let value = self.number64(what)?;
        u32::try_from(value).map_err(|_| SyntaxError::wrong(at, "the number is above 4294967295"))
    }

    /// `number64`: 0 to 2^64-1; the RFCs use it to 2^63-1 only.
    #[inline]
    pub fn number64(&mut self, what: &'static str) -> Parsed<u64> {
        /// Digits that fit whatever they are.
        const SAFE: usize = 19;
        let at = self.at;
        let digits = self.word(class::DIGIT, what)?;
        let (safe, rest) = digits.split_at(digits.len().min(SAFE));
        let mut value = safe.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
        for digit in rest {
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u64::from(digit - b'0')))
                .ok_or(SyntaxError::wrong(at, "the number is too large"))?;
        }
        Ok(value)
    }

    /// `nz-number`: 1 to 2^32-1, no leading zero.
    ///
    /// ```abnf
    /// nz-number = digit-nz *DIGIT
    /// ```
    #[inline]
    pub fn nz_number(&mut self, what: &'static str) -> Parsed<u32> {
        if self.peek() == Some(b'0') {
            return self.expected(what);
        }
        self.number(what)
    }

    /// `string`: quoted or literal.
    pub fn string(&mut self, what: &'static str) -> Parsed<Bytes> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => {
                let at = self.at;
                let bytes = self.inline_literal()?;
                // RFC 3501 §9 `literal = "{" number "}" CRLF *CHAR8`, CHAR8 without NUL.
                match memchr::memchr(0, &bytes) {
                    Some(_) => Err(SyntaxError::wrong(at, "a literal here must not hold NUL")),
                    None => Ok(bytes),
                }
            }
            _ => self.expected(what),
        }
    }

    /// A quoted string without escapes is a slice of the frame, any other a copy.
    ///
    /// ```abnf
    /// quoted      = DQUOTE *QUOTED-CHAR DQUOTE
    /// QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials /
    ///               UTF8-2 / UTF8-3 / UTF8-4    ; RFC 9051 §9, RFC 6855 §3
    /// ```
    pub fn quoted(&mut self) -> Parsed<Bytes> {
        let at = self.at;
        let octets = self.quoted_octets()?;
        if self.strict && std::str::from_utf8(&octets).is_err() {
            return Err(SyntaxError::wrong(at, "the quoted string is not UTF-8"));
        }
        Ok(octets)
    }

    fn quoted_octets(&mut self) -> Parsed<Bytes> {
        self.byte(b'"', "a quoted string")?;
        let plain = self.run(class::QUOTED);
        if self.accept(b'"') {
            return Ok(self.share(plain));
        }
        let mut unescaped = plain.to_vec();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Bytes::from(unescaped));
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(byte @ (b'"' | b'\\')) => unescaped.push(byte),
                        _ => return self.expected("`\"` or `\\` after a backslash"),
                    }
                    self.at += 1;
                    unescaped.extend_from_slice(self.run(class::QUOTED));
                }
                _ => return self.expected("a closing quote"),
            }
        }
    }

    /// `literal`, with its octets in the frame or spooled. NUL is allowed.
    ///
    /// ```abnf
    /// literal = "{" number ["+"] "}" CRLF *CHAR8    ; RFC 7888 §6
    /// ```
    pub fn literal(&mut self) -> Parsed<LiteralData> {
        let at = self.at;
        self.byte(b'{', "a literal")?;
        let length = self.number("a literal's size")?;
        self.accept(b'+');
        self.byte(b'}', "`}` after a literal's size")?;
        // The framer takes LF alone as a line's end; so must whoever reads its frames.
        self.accept(b'\r');
        self.byte(b'\n', "the end of the line after a literal's size")?;
        if let Some(spooled) = self.spooled.iter().find(|spooled| spooled.at == self.at) {
            return Ok(LiteralData::Spooled(spooled.id, spooled.length));
        }
        match self.rest().get(..length as usize) {
            Some(octets) => {
                self.at += octets.len();
                Ok(LiteralData::Inline(self.share(octets)))
            }
            None => Err(SyntaxError::wrong(at, "the literal is not complete")),
        }
    }

    fn inline_literal(&mut self) -> Parsed<Bytes> {
        let at = self.at;
        match self.literal()? {
            LiteralData::Inline(octets) => Ok(octets),
            LiteralData::Spooled(..) => Err(SyntaxError::wrong(at, "the literal is too long here")),
        }
    }

    /// `astring`
    ///
    /// ```abnf
    /// astring = 1*ASTRING-CHAR / string
    /// ```
    #[inline]
    pub fn astring(&mut self, what: &'static str) -> Parsed<Bytes> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(what),
            _ => self.word(class::ASTRING, what).map(|word| self.share(word)),
        }
    }

    /// `astring` that must be UTF-8.
    pub fn astring_text(&mut self, what: &'static str) -> Parsed<ByteString> {
        let at = self.at;
        text(self.astring(what)?, at)
    }

    /// `nstring`
    ///
    /// ```abnf
    /// nstring = string / nil
    /// ```
    pub fn nstring(&mut self, what: &'static str) -> Parsed<Option<Bytes>> {
        if self.accept_atom("NIL") { Ok(None) } else { self.string(what).map(Some) }
    }

    /// `"(" item *(SP item) ")"`: each item read by `item`, at least one.
    #[inline]
    pub fn list(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        self.byte(b'(', "`(`")?;
        loop {
            item(self)?;
            if self.accept(b')') {
                return Ok(());
            }
            self.byte(b' ', "a space or `)`")?;
        }
    }

    /// `"(" [item *(SP item)] ")"`: as [`Self::list`], or empty.
    pub fn list_or_empty(&mut self, item: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        if self.rest().starts_with(b"()") {
            self.at += 2;
            return Ok(());
        }
        self.list(item)
    }
}

fn text(bytes: Bytes, offset: usize) -> Parsed<ByteString> {
    ByteString::try_from(bytes).map_err(|_| SyntaxError::wrong(offset, "the text is not UTF-8"))
}
