//! The grammar of `search-key` (RFC 3501 §9, RFC 7162 §7).

use super::{SearchFlag, SearchKey};
use crate::command::key;
use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::writer::CommandWriter;
use crate::{Date, Keyword, ModSeq, ObjectId, SequenceSet, Uid, UidSet, write};
use bytes::Bytes;
use bytestring::ByteString;
use std::num::NonZeroU32;

/// Keys that are a header field's name.
const FIELDS: [&str; 5] = ["BCC", "CC", "FROM", "SUBJECT", "TO"];

impl SearchKey {
    /// ```abnf
    /// search-key = "ALL" / "ANSWERED" / "BCC" SP astring / … / sequence-set /
    ///              "(" search-key *(SP search-key) ")"
    /// ```
    pub(super) fn parse(reader: &mut Reader<'_>, depth: usize, left: &mut usize) -> Parsed<Self> {
        let offset = reader.offset();
        if depth == 0 {
            return Err(SyntaxError::wrong(offset, "search keys nest deeper than 64 levels"));
        }
        if *left == 0 {
            return Err(SyntaxError::wrong(offset, "there are more than 4096 search keys"));
        }
        *left -= 1;
        match reader.peek() {
            Some(b'(') => {
                let mut keys = Vec::new();
                reader.list(|reader| {
                    keys.push(Self::parse(reader, depth - 1, left)?);
                    Ok(())
                })?;
                return Ok(Self::And(keys));
            }
            Some(b'$') => {
                reader.advance(1);
                return Ok(Self::Saved);
            }
            Some(b'0'..=b'9' | b'*') => return SequenceSet::parse(reader).map(Self::Sequence),
            _ => {}
        }
        let word = reader.word(class::ATOM, "a search key such as ALL, FROM or UID")?;
        let name = key(word);
        if let Some(found) = Self::alone(name) {
            return Ok(found);
        }
        // Its name is longer than a key.
        if word.eq_ignore_ascii_case(b"SAVEDATESUPPORTED") {
            return Ok(Self::SaveDateSupported);
        }
        if let Some(found) = Self::with_argument(name, reader)? {
            return Ok(found);
        }
        match name {
            NOT => {
                reader.space()?;
                Ok(Self::Not(Box::new(Self::parse(reader, depth - 1, left)?)))
            }
            OR => {
                reader.space()?;
                let first = Self::parse(reader, depth - 1, left)?;
                reader.space()?;
                Ok(Self::Or(Box::new(first), Box::new(Self::parse(reader, depth - 1, left)?)))
            }
            CHARSET => Err(SyntaxError::wrong(offset, "CHARSET must come before all search keys")),
            _ => Err(SyntaxError::expected(offset, "a search key such as ALL, FROM or UID")),
        }
    }

    /// Keys without arguments.
    fn alone(name: u128) -> Option<Self> {
        use SearchFlag::{Answered, Deleted, Draft, Flagged, Recent, Seen};
        Some(match name {
            ALL => Self::All,
            NEW => Self::New,
            OLD => Self::NotFlag(Recent),
            ANSWERED => Self::Flag(Answered),
            DELETED => Self::Flag(Deleted),
            DRAFT => Self::Flag(Draft),
            FLAGGED => Self::Flag(Flagged),
            RECENT => Self::Flag(Recent),
            SEEN => Self::Flag(Seen),
            UNANSWERED => Self::NotFlag(Answered),
            UNDELETED => Self::NotFlag(Deleted),
            UNDRAFT => Self::NotFlag(Draft),
            UNFLAGGED => Self::NotFlag(Flagged),
            UNSEEN => Self::NotFlag(Seen),
            _ => return None,
        })
    }

    /// Keys with arguments that are no keys.
    fn with_argument(name: u128, reader: &mut Reader<'_>) -> Parsed<Option<Self>> {
        Ok(Some(match name {
            KEYWORD => Self::Keyword(keyword(reader)?),
            UNKEYWORD => Self::Unkeyword(keyword(reader)?),
            UID => {
                reader.space()?;
                if reader.accept(b'$') { Self::Saved } else { Self::Uid(UidSet::parse(reader)?) }
            }
            UIDAFTER => Self::UidAfter(uid(reader)?),
            UIDBEFORE => Self::UidBefore(uid(reader)?),
            HEADER => {
                reader.space()?;
                let name = reader.astring_text("a header field's name")?;
                let known = FIELDS.iter().find(|field| name.eq_ignore_ascii_case(field));
                let name = known.map_or(name, |field| ByteString::from_static(field));
                Self::Header(name, string(reader)?)
            }
            BODY => Self::Body(string(reader)?),
            TEXT => Self::Text(string(reader)?),
            BEFORE => Self::Before(date(reader)?),
            ON => Self::On(date(reader)?),
            SINCE => Self::Since(date(reader)?),
            SENTBEFORE => Self::SentBefore(date(reader)?),
            SENTON => Self::SentOn(date(reader)?),
            SENTSINCE => Self::SentSince(date(reader)?),
            LARGER => Self::Larger(size(reader)?),
            SMALLER => Self::Smaller(size(reader)?),
            OLDER => Self::Older(interval(reader)?),
            YOUNGER => Self::Younger(interval(reader)?),
            SAVEDBEFORE => Self::SavedBefore(date(reader)?),
            SAVEDON => Self::SavedOn(date(reader)?),
            SAVEDSINCE => Self::SavedSince(date(reader)?),
            EMAILID => Self::EmailId(object_id(reader)?),
            THREADID => Self::ThreadId(object_id(reader)?),
            MODSEQ => Self::ModSeq(mod_seq(reader)?),
            BCC => Self::field(FIELDS[0], reader)?,
            CC => Self::field(FIELDS[1], reader)?,
            FROM => Self::field(FIELDS[2], reader)?,
            SUBJECT => Self::field(FIELDS[3], reader)?,
            TO => Self::field(FIELDS[4], reader)?,
            _ => return Ok(None),
        }))
    }

    fn field(name: &'static str, reader: &mut Reader<'_>) -> Parsed<Self> {
        Ok(Self::Header(ByteString::from_static(name), string(reader)?))
    }

    pub(super) fn write(&self, out: &mut CommandWriter) {
        match self {
            Self::Keyword(keyword) => words(out, "KEYWORD", keyword.as_str()),
            Self::Unkeyword(keyword) => words(out, "UNKEYWORD", keyword.as_str()),
            Self::Header(name, text) => {
                if !FIELDS.contains(&&**name) {
                    out.raw("HEADER ");
                }
                out.astring(name.as_bytes());
                out.space();
                out.astring(text);
            }
            Self::Body(text) => text_key(out, "BODY ", text),
            Self::Text(text) => text_key(out, "TEXT ", text),
            Self::Before(date) => date_key(out, "BEFORE ", *date),
            Self::On(date) => date_key(out, "ON ", *date),
            Self::Since(date) => date_key(out, "SINCE ", *date),
            Self::SentBefore(date) => date_key(out, "SENTBEFORE ", *date),
            Self::SentOn(date) => date_key(out, "SENTON ", *date),
            Self::SentSince(date) => date_key(out, "SENTSINCE ", *date),
            Self::Larger(size) => size_key(out, "LARGER ", *size),
            Self::Smaller(size) => size_key(out, "SMALLER ", *size),
            Self::SavedBefore(date) => date_key(out, "SAVEDBEFORE ", *date),
            Self::SavedOn(date) => date_key(out, "SAVEDON ", *date),
            Self::SavedSince(date) => date_key(out, "SAVEDSINCE ", *date),
            Self::SaveDateSupported => out.raw("SAVEDATESUPPORTED"),
            Self::EmailId(id) => words(out, "EMAILID", id.as_str()),
            Self::ThreadId(id) => words(out, "THREADID", id.as_str()),
            Self::Older(seconds) => size_key(out, "OLDER ", u64::from(seconds.get())),
            Self::Younger(seconds) => size_key(out, "YOUNGER ", u64::from(seconds.get())),
            Self::ModSeq(since) => size_key(out, "MODSEQ ", since.0),
            Self::Saved => out.raw("$"),
            Self::Sequence(set) => out.with(|out| set.write(out)),
            Self::UidAfter(uid) => size_key(out, "UIDAFTER ", u64::from(uid.0.get())),
            Self::UidBefore(uid) => size_key(out, "UIDBEFORE ", u64::from(uid.0.get())),
            Self::Uid(set) => uid_key(out, set),
            Self::Not(key) => {
                out.raw("NOT ");
                key.write(out);
            }
            Self::Or(left, right) => {
                out.raw("OR ");
                left.write(out);
                out.space();
                right.write(out);
            }
            Self::And(keys) => {
                for (index, key) in keys.iter().enumerate() {
                    out.raw(if index > 0 { " " } else { "(" });
                    key.write(out);
                }
                out.raw(")");
            }
            Self::All => out.raw("ALL"),
            Self::New => out.raw("NEW"),
            Self::NotFlag(SearchFlag::Recent) => out.raw("OLD"),
            Self::Flag(flag) => out.raw(flag.name()),
            Self::NotFlag(flag) => words(out, "UN", flag.name()),
        }
    }
}

impl SearchFlag {
    fn name(self) -> &'static str {
        match self {
            Self::Answered => "ANSWERED",
            Self::Deleted => "DELETED",
            Self::Draft => "DRAFT",
            Self::Flagged => "FLAGGED",
            Self::Recent => "RECENT",
            Self::Seen => "SEEN",
        }
    }
}

// SP uniqueid
fn uid(reader: &mut Reader<'_>) -> Parsed<Uid> {
    reader.space()?;
    let at = reader.offset();
    let number = NonZeroU32::new(reader.nz_number("a UID")?);
    number.map(Uid).ok_or(SyntaxError::expected(at, "a UID"))
}

fn keyword(reader: &mut Reader<'_>) -> Parsed<Keyword> {
    reader.space()?;
    Keyword::parse_in_command(reader)
}

fn string(reader: &mut Reader<'_>) -> Parsed<Bytes> {
    reader.space()?;
    reader.astring("a text to look for")
}

fn date(reader: &mut Reader<'_>) -> Parsed<Date> {
    reader.space()?;
    Date::parse(reader)
}

/// RFC 3501 has 32 bits here; messages may be larger, and RFC 9051 has 63.
fn size(reader: &mut Reader<'_>) -> Parsed<u64> {
    reader.space()?;
    reader.number64("a number of octets")
}

fn object_id(reader: &mut Reader<'_>) -> Parsed<ObjectId> {
    reader.space()?;
    ObjectId::parse(reader)
}

/// ```abnf
/// search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
/// search-modseq-ext  = SP entry-name SP entry-type-req
/// entry-name         = DQUOTE "/flags/" attr-flag DQUOTE
/// entry-type-req     = "priv" / "shared" / "all"
/// ```
fn mod_seq(reader: &mut Reader<'_>) -> Parsed<ModSeq> {
    reader.space()?;
    let offset = reader.offset();
    if reader.peek() == Some(b'"') {
        let name = reader.astring("a flag such as \"/flags/\\\\seen\"")?;
        if !name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"/flags/")) {
            return Err(SyntaxError::expected(offset, "a flag such as \"/flags/\\\\seen\""));
        }
        reader.space()?;
        if !["priv", "shared", "all"].iter().any(|word| reader.accept_atom(word)) {
            return reader.expected("priv, shared or all");
        }
        reader.space()?;
    }
    ModSeq::parse_or_zero(reader)
}

/// RFC 5032 §5: seconds.
fn interval(reader: &mut Reader<'_>) -> Parsed<NonZeroU32> {
    const WHAT: &str = "a number of seconds from 1";
    reader.space()?;
    let offset = reader.offset();
    NonZeroU32::new(reader.nz_number(WHAT)?).ok_or(SyntaxError::expected(offset, WHAT))
}

fn words(out: &mut CommandWriter, first: &str, second: &str) {
    out.raw(first);
    out.raw(if first == "UN" { "" } else { " " });
    out.raw(second);
}

fn uid_key(out: &mut CommandWriter, set: &UidSet) {
    out.raw("UID ");
    out.with(|out| set.write(out));
}

fn text_key(out: &mut CommandWriter, word: &str, text: &[u8]) {
    out.raw(word);
    out.astring(text);
}

fn date_key(out: &mut CommandWriter, word: &str, date: Date) {
    out.raw(word);
    out.with(|out| date.write(out));
}

fn size_key(out: &mut CommandWriter, word: &str, size: u64) {
    out.raw(word);
    out.with(|out| write::number(out, size));
}

const ALL: u128 = key(b"ALL");
const ANSWERED: u128 = key(b"ANSWERED");
const BCC: u128 = key(b"BCC");
const BEFORE: u128 = key(b"BEFORE");
const BODY: u128 = key(b"BODY");
const CC: u128 = key(b"CC");
const CHARSET: u128 = key(b"CHARSET");
const DELETED: u128 = key(b"DELETED");
const DRAFT: u128 = key(b"DRAFT");
const EMAILID: u128 = key(b"EMAILID");
const FLAGGED: u128 = key(b"FLAGGED");
const FROM: u128 = key(b"FROM");
const HEADER: u128 = key(b"HEADER");
const KEYWORD: u128 = key(b"KEYWORD");
const LARGER: u128 = key(b"LARGER");
const MODSEQ: u128 = key(b"MODSEQ");
const NEW: u128 = key(b"NEW");
const NOT: u128 = key(b"NOT");
const OLD: u128 = key(b"OLD");
const OLDER: u128 = key(b"OLDER");
const ON: u128 = key(b"ON");
const OR: u128 = key(b"OR");
const RECENT: u128 = key(b"RECENT");
const SAVEDBEFORE: u128 = key(b"SAVEDBEFORE");
const SAVEDON: u128 = key(b"SAVEDON");
const SAVEDSINCE: u128 = key(b"SAVEDSINCE");
const SEEN: u128 = key(b"SEEN");
const SENTBEFORE: u128 = key(b"SENTBEFORE");
const SENTON: u128 = key(b"SENTON");
const SENTSINCE: u128 = key(b"SENTSINCE");
const SINCE: u128 = key(b"SINCE");
const SMALLER: u128 = key(b"SMALLER");
const SUBJECT: u128 = key(b"SUBJECT");
const TEXT: u128 = key(b"TEXT");
const THREADID: u128 = key(b"THREADID");
const TO: u128 = key(b"TO");
const UID: u128 = key(b"UID");
const UIDAFTER: u128 = key(b"UIDAFTER");
const UIDBEFORE: u128 = key(b"UIDBEFORE");
const UNANSWERED: u128 = key(b"UNANSWERED");
const UNDELETED: u128 = key(b"UNDELETED");
const UNDRAFT: u128 = key(b"UNDRAFT");
const UNFLAGGED: u128 = key(b"UNFLAGGED");
const UNKEYWORD: u128 = key(b"UNKEYWORD");
const UNSEEN: u128 = key(b"UNSEEN");
const YOUNGER: u128 = key(b"YOUNGER");
