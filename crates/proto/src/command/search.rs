//! SEARCH (RFC 3501 §6.4.4), extended (RFC 4466 §2.6, RFC 4731, RFC 5032, RFC 5182, RFC 7162, RFC 9394).

mod key;
mod returns;

pub use returns::{PartialRange, SearchReturn};

use super::{Messages, States};
use crate::effects::{Answer, Effects, Resource, Scope};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use crate::{Date, Keyword, ModSeq, ObjectId, SequenceSet, Uid, UidSet};
use bytes::Bytes;
use bytestring::ByteString;
use std::num::NonZeroU32;

/// The SEARCH command: finds messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// `UID SEARCH`: answer with UIDs.
    pub uid: bool,
    /// Which ESEARCH response is asked; `None` for a plain SEARCH response.
    pub returns: Option<SearchReturn>,
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
    /// `ANSWERED`; likewise the other system flags.
    Flag(SearchFlag),
    /// `UNANSWERED` and its like: the flag is not set. `OLD`: not recent.
    NotFlag(SearchFlag),
    /// `KEYWORD`
    Keyword(Keyword),
    /// `UNKEYWORD`
    Unkeyword(Keyword),
    /// `NEW`: recent and not seen.
    New,
    /// `HEADER name`, and `BCC`, `CC`, `FROM`, `SUBJECT`, `TO` with that name in capitals: field
    /// name and substring; an empty substring asks for the field alone.
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
    /// `OLDER`: INTERNALDATE is so many seconds ago, or more (RFC 5032).
    Older(NonZeroU32),
    /// `YOUNGER`: INTERNALDATE is so many seconds ago, or less.
    Younger(NonZeroU32),
    /// `SAVEDBEFORE`: the day when it came into the mailbox (RFC 8514).
    SavedBefore(Date),
    /// `SAVEDON`
    SavedOn(Date),
    /// `SAVEDSINCE`
    SavedSince(Date),
    /// `SAVEDATESUPPORTED`
    SaveDateSupported,
    /// `EMAILID` (RFC 8474)
    EmailId(ObjectId),
    /// `THREADID`
    ThreadId(ObjectId),
    /// `MODSEQ`: this MODSEQ or a greater one (RFC 7162 §3.1.5). Which flag is meant, in
    /// `MODSEQ "/flags/…" all n`, is passed over: a message has one MODSEQ for all of them.
    ModSeq(ModSeq),
    /// A sequence set.
    Sequence(SequenceSet),
    /// `UID set`
    Uid(UidSet),
    /// `UIDAFTER`: a UID above this one (RFC 9738 §3.2).
    UidAfter(Uid),
    /// `UIDBEFORE`: a UID below this one.
    UidBefore(Uid),
    /// `$`, and `UID $`: what the last search saved (RFC 5182).
    Saved,
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

impl Search {
    pub(crate) const NAME: &'static str = "SEARCH";
    pub(crate) const STATES: States = States::SELECTED;

    /// How deep keys may nest (`NOT`, `OR`, parentheses): reading and evaluating them uses the
    /// stack.
    pub const MAX_DEPTH: usize = 64;

    /// Most keys in all: some programs look for a thousand Message-IDs at once.
    pub const MAX_KEYS: usize = 4096;

    /// ```abnf
    /// search = "SEARCH" [search-return-opts] [SP "CHARSET" SP astring] 1*(SP search-key)
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        reader.space()?;
        let returns = SearchReturn::parse(reader)?;
        if returns.is_some() {
            reader.space()?;
        }
        let mut charset = None;
        if reader.accept_atom("CHARSET") {
            reader.space()?;
            charset = Some(parse_charset(reader)?);
            reader.space()?;
        }
        Ok(Self { uid, returns, charset, keys: parse_keys(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        if let Some(returns) = &self.returns {
            returns.write(out);
        }
        if let Some(charset) = &self.charset {
            out.raw(" CHARSET ");
            out.astring(charset.as_bytes());
        }
        write_keys(&self.keys, out);
    }

    pub(crate) fn effects(&self) -> Effects {
        finding(&self.keys, self.uid, self.returns.as_ref(), Answer::Search)
    }
}

/// What SEARCH, SORT and THREAD touch. Where one of the keys that must all hold is a set, no
/// message outside of it matters.
///
/// An ESEARCH response names its command, so it may overtake; a response without the tag is
/// routed by position.
pub(super) fn finding(
    keys: &[SearchKey],
    uid: bool,
    returns: Option<&SearchReturn>,
    plain: Answer,
) -> Effects {
    let scope = || {
        let named = keys.iter().find_map(|key| match key {
            SearchKey::Uid(set) => Some(Messages::Uid(set.clone())),
            SearchKey::Sequence(set) => Some(Messages::Sequence(set.clone())),
            _ => None,
        });
        named.map_or(Scope::All, Scope::Messages)
    };
    let any = |test: fn(&SearchKey) -> bool| keys.iter().any(|key| key.any(&test));
    let numbers = !uid || any(|key| matches!(key, SearchKey::Sequence(_)));
    let effects = Effects::in_selected().numbered(numbers);
    // A search by UIDs may find what is removed meanwhile; by numbers it could not be told.
    let mut effects = if numbers {
        effects.reads(Resource::Existence(scope()))
    } else {
        effects.takes(Resource::Existence(scope()))
    };
    if any(SearchKey::reads_flags) {
        effects = effects.takes(Resource::Flags(scope()));
    }
    if returns.is_some_and(|returns| returns.save) {
        effects = effects.writes(Resource::SavedResult);
    } else if any(|key| matches!(key, SearchKey::Saved)) {
        effects = effects.takes(Resource::SavedResult);
    }
    if returns.is_none() { effects.answers(plain) } else { effects }
}

pub(super) fn parse_charset(reader: &mut Reader<'_>) -> Parsed<ByteString> {
    let offset = reader.offset();
    let name = reader.astring("a charset such as UTF-8")?;
    // A quoted name may hold anything. No charset is called so, but that is for NO [BADCHARSET] to say.
    if !name.is_ascii() {
        return Err(SyntaxError::wrong(offset, "the name must be ASCII"));
    }
    Ok(String::from_utf8_lossy(&name).to_ascii_uppercase().into())
}

/// `search-key *(SP search-key)`, to the end of the command.
pub(super) fn parse_keys(reader: &mut Reader<'_>) -> Parsed<Vec<SearchKey>> {
    let mut left = Search::MAX_KEYS;
    let mut keys = Vec::new();
    loop {
        keys.push(SearchKey::parse(reader, Search::MAX_DEPTH, &mut left)?);
        if reader.is_at_end() {
            return Ok(keys);
        }
        reader.space()?;
    }
}

/// Each key with a space before it.
pub(super) fn write_keys(keys: &[SearchKey], out: &mut CommandWriter) {
    for key in keys {
        out.space();
        key.write(out);
    }
}

impl SearchKey {
    /// Whether the test holds for this key or for one within it.
    fn any(&self, test: &impl Fn(&Self) -> bool) -> bool {
        test(self)
            || match self {
                Self::Not(key) => key.any(test),
                Self::Or(left, right) => left.any(test) || right.any(test),
                Self::And(keys) => keys.iter().any(|key| key.any(test)),
                _ => false,
            }
    }

    /// Whether it asks for MODSEQs, here or within.
    pub fn asks_mod_seq(&self) -> bool {
        self.any(&|key| matches!(key, Self::ModSeq(_)))
    }

    /// Whether a sequence set is among the keys, here or within.
    pub fn names_sequence_numbers(&self) -> bool {
        self.any(&|key| matches!(key, Self::Sequence(_)))
    }

    fn reads_flags(&self) -> bool {
        matches!(
            self,
            Self::Flag(_)
                | Self::NotFlag(_)
                | Self::Keyword(_)
                | Self::Unkeyword(_)
                | Self::New
                | Self::ModSeq(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Search;
    use crate::command::tests::{known, parse, refused};
    use crate::command::{Command, CommandBody};

    #[test]
    fn known_answers() {
        for (text, canonical) in [
            ("ALL", "ALL"),
            ("answered unanswered OLD new", "ANSWERED UNANSWERED OLD NEW"),
            ("KEYWORD $X UNKEYWORD y", "KEYWORD $X UNKEYWORD y"),
            ("FROM smith", "FROM smith"),
            ("from \"s m\" HEADER from x", "FROM \"s m\" FROM x"),
            ("HEADER Message-ID \"\"", "HEADER Message-ID \"\""),
            ("1,2:* UID *:5", "1,2:* UID *:5"),
            ("SINCE 1-Feb-1994 NOT FROM x", "SINCE 1-Feb-1994 NOT FROM x"),
            ("sentbefore \"01-feb-1994\"", "SENTBEFORE 1-Feb-1994"),
            ("OR SEEN (BODY a TEXT b)", "OR SEEN (BODY a TEXT b)"),
            ("((ALL))", "((ALL))"),
            ("LARGER 0 SMALLER 4294967296", "LARGER 0 SMALLER 4294967296"),
            ("CHARSET utf-8 TEXT {2}\r\n\u{e9}", "CHARSET UTF-8 TEXT {2}\r\n\u{e9}"),
            ("SUBJECT \"\u{e9}\"", "SUBJECT {2}\r\n\u{e9}"),
            ("charset \"no such\" ALL", "CHARSET \"NO SUCH\" ALL"),
            ("BCC a CC b TO c", "BCC a CC b TO c"),
            ("older 60 NOT YOUNGER 4294967295", "OLDER 60 NOT YOUNGER 4294967295"),
            (
                "savedon 1-Feb-2026 SAVEDBEFORE 2-Feb-2026 SAVEDSINCE 3-Feb-2026",
                "SAVEDON 1-Feb-2026 SAVEDBEFORE 2-Feb-2026 SAVEDSINCE 3-Feb-2026",
            ),
            ("savedatesupported", "SAVEDATESUPPORTED"),
            ("EmailId M6d-9 THREADID T_1", "EMAILID M6d-9 THREADID T_1"),
            ("$ SMALLER 4096", "$ SMALLER 4096"),
            ("UID $ (OR $ 1,3000:3021)", "$ (OR $ 1,3000:3021)"),
            ("return () ALL", "RETURN (ALL) ALL"),
            ("RETURN (COUNT min Max) 1:*", "RETURN (MIN MAX COUNT) 1:*"),
            ("RETURN (SAVE) CHARSET UTF-8 SEEN", "RETURN (SAVE) CHARSET UTF-8 SEEN"),
            ("RETURN (PARTIAL 1:500 SAVE) ALL", "RETURN (SAVE PARTIAL 1:500) ALL"),
            ("RETURN (partial -500:-400) ALL", "RETURN (PARTIAL -500:-400) ALL"),
            (
                "BEFORE 1-Jan-2025 ON 1-Jan-2025 SENTON 1-Jan-2025 SENTSINCE 1-Jan-2025",
                "BEFORE 1-Jan-2025 ON 1-Jan-2025 SENTON 1-Jan-2025 SENTSINCE 1-Jan-2025",
            ),
            (
                "DELETED UNDELETED DRAFT UNDRAFT FLAGGED UNFLAGGED RECENT SEEN UNSEEN",
                "DELETED UNDELETED DRAFT UNDRAFT FLAGGED UNFLAGGED RECENT SEEN UNSEEN",
            ),
        ] {
            known(&format!("a SEARCH {text}"), &format!("a SEARCH {canonical}"));
            known(&format!("a uid search {text}"), &format!("a UID SEARCH {canonical}"));
        }
    }

    #[test]
    fn what_is_no_search_is_refused() {
        for wrong in [
            "",
            " ",
            " FOO",
            " ALL ",
            " ALL  ALL",
            " CHARSET",
            " CHARSET UTF-8",
            " CHARSET UTF-8 ",
            " ()",
            " (ALL",
            " ALL)",
            " NOT",
            " OR ALL",
            " FROM",
            " FROM a b",
            " KEYWORD \\Seen",
            " SINCE 30-Feb-2025",
            " SINCE x",
            " SINCE \"1-Feb-2025",
            " LARGER x",
            " UID",
            " UID x",
            " 0",
            " 1:",
            " HEADER a",
            " ALL CHARSET UTF-8 ALL",
            " TEXT {1}\r\n\0",
            " EMAILID",
            " EMAILID a.b",
            " THREADID ()",
            " SAVEDON",
            " SAVEDATESUPPORTED x",
            " OLDER 0",
            " YOUNGER",
            " YOUNGER 4294967296",
            " $,1",
            " UID 1,$",
            " RETURN",
            " RETURN ()",
            " RETURN () CHARSET UTF-8",
            " RETURN MIN ALL",
            " RETURN (MIN,MAX) ALL",
            " RETURN (FOO) ALL",
            " RETURN (ALL PARTIAL 1:2) ALL",
            " RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL",
            " RETURN (PARTIAL 0:2) ALL",
            " RETURN (PARTIAL 1:*) ALL",
            " RETURN (PARTIAL -1:2) ALL",
            " RETURN (PARTIAL 1:-2) ALL",
            " RETURN (PARTIAL 1) ALL",
            " CHARSET UTF-8 RETURN () ALL",
        ] {
            refused(&format!("a SEARCH{wrong}"));
        }
    }

    /// RFC 7162 §7
    #[test]
    fn mod_seqs() {
        for (text, canonical) in [
            ("modseq 0 NOT MODSEQ 12", "MODSEQ 0 NOT MODSEQ 12"),
            ("MODSEQ \"/flags/\\\\draft\" all 7 ALL", "MODSEQ 7 ALL"),
        ] {
            known(&format!("a SEARCH {text}"), &format!("a SEARCH {canonical}"));
        }
        for wrong in [
            " MODSEQ",
            " MODSEQ x",
            " MODSEQ \"/flags/x\" 7",
            " MODSEQ \"/flags/x\" none 7",
            " MODSEQ \"x\" all 7",
            " MODSEQ 9223372036854775808",
        ] {
            refused(&format!("a SEARCH{wrong}"));
        }
    }

    #[test]
    fn t06_depth_and_number_of_keys_are_bounded() {
        let max = Search::MAX_DEPTH;
        let not = |depth| format!("a SEARCH {}ALL", "NOT ".repeat(depth - 1));
        let or = |depth| format!("a SEARCH {}ALL", "OR ALL ".repeat(depth - 1));
        let and = |depth: usize| {
            format!("a SEARCH {}ALL{}", "(".repeat(depth - 1), ")".repeat(depth - 1))
        };
        let many = |count| format!("a SEARCH{}", " ALL".repeat(count));
        for (good, bad) in [
            (not(max), not(max + 1)),
            (or(max), or(max + 1)),
            (and(max), and(max + 1)),
            (many(Search::MAX_KEYS), many(Search::MAX_KEYS + 1)),
        ] {
            known(&good, &good);
            refused(&bad);
        }
        for opening in ["(", "NOT ", "OR "] {
            refused(&format!("a SEARCH {}", opening.repeat(100_000)));
        }
    }

    /// RFC 5182 §2.3: what uses `$` waits for what saves it; ESEARCH names its command.
    #[test]
    fn a_saved_result_orders_what_uses_it() {
        use crate::effects::{Conflict, conflicts};
        let effects = |text: &str| parse(format!("a {text}").as_bytes()).unwrap().body.effects();
        let save = effects("UID SEARCH RETURN (SAVE) FROM x");
        assert_eq!(save.answers, None);
        for uses in ["UID FETCH $ UID", "UID SEARCH OR $ UID 1", "UID SEARCH RETURN (SAVE) ALL"] {
            assert_eq!(conflicts(&save, &effects(uses), None), Some(Conflict::SAVED_RESULT));
        }
        assert_eq!(conflicts(&save, &effects("UID SEARCH RETURN () FROM y"), None), None);
        assert!(effects("UID SEARCH ALL").answers.is_some());
    }

    #[test]
    fn a_set_narrows_what_is_read() {
        let effects = |text: &str| match parse(text.as_bytes()) {
            Ok(Command { body: CommandBody::Search(search), .. }) => {
                let effects = search.effects();
                (effects.uses.len(), effects.numbers, format!("{:?}", effects.uses[2].resource))
            }
            other => panic!("{other:?}"),
        };
        let (uses, numbers, existence) = effects("a UID SEARCH UID 5 SEEN");
        assert!(uses == 4 && !numbers && existence.contains("Uid"), "{existence}");
        let (uses, numbers, existence) = effects("a UID SEARCH OR UID 5 3 FROM x");
        assert!(uses == 3 && numbers && existence.contains("All"), "{existence}");
    }
}
