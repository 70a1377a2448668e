//! SEARCH (RFC 3501).

use crate::{Date, Keyword, SequenceSet, UidSet};
use bytes::Bytes;
use bytestring::ByteString;

/// The SEARCH command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// `UID SEARCH`: answer with UIDs.
    pub uid: bool,
    /// CHARSET, upper case; `None` means US-ASCII.
    pub charset: Option<ByteString>,
    /// All of these must hold; at least one.
    pub keys: Vec<SearchKey>,
}

/// `search-key`. Strings are as sent, in the command's charset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SearchKey {
    /// `ALL`
    All,
    /// `ANSWERED`, and `UNANSWERED` as `Not`; likewise the other system flags.
    Flag(SearchFlag),
    /// The flag is not set.
    NotFlag(SearchFlag),
    /// `KEYWORD`
    Keyword(Keyword),
    /// `UNKEYWORD`
    Unkeyword(Keyword),
    /// `NEW`: recent and not seen.
    New,
    /// `BCC`, `CC`, `FROM`, `SUBJECT`, `TO`, `HEADER name`: field name and substring; an empty substring asks for the field alone.
    Header(ByteString, Bytes),
    /// `BODY`
    Body(Bytes),
    /// `TEXT`
    Text(Bytes),
    /// `BEFORE`: INTERNALDATE, disregarding time and zone.
    Before(Date),
    /// `ON`
    On(Date),
    /// `SINCE`
    Since(Date),
    /// `SENTBEFORE`: the Date: field, disregarding time and zone.
    SentBefore(Date),
    /// `SENTON`
    SentOn(Date),
    /// `SENTSINCE`
    SentSince(Date),
    /// `LARGER`: more octets than this.
    Larger(u64),
    /// `SMALLER`
    Smaller(u64),
    /// A sequence set.
    Sequence(SequenceSet),
    /// `UID set`
    Uid(UidSet),
    /// `NOT`
    Not(Box<SearchKey>),
    /// `OR`
    Or(Box<SearchKey>, Box<SearchKey>),
    /// `( … )`: all of these; at least one.
    And(Vec<SearchKey>),
}

/// The flags that SEARCH has keys for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SearchFlag {
    /// `\Answered`
    Answered,
    /// `\Deleted`
    Deleted,
    /// `\Draft`
    Draft,
    /// `\Flagged`
    Flagged,
    /// `\Recent`
    Recent,
    /// `\Seen`
    Seen,
}
