//! Response codes (RFC 3501 §7.1, RFC 4315, RFC 5530, RFC 6154, RFC 7162, RFC 7889).

mod progress;

pub use progress::Progress;

use super::{capability, string};
use crate::number::{Number, NumberSet, UidRanges};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::write::{self, number};
use crate::{Flag, ModSeq, ObjectId, SequenceNumber, SequenceSet, Uid, UidSet, UidValidity};
use bytestring::ByteString;
use std::num::NonZeroU32;

/// What stands in brackets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Code {
    /// `ALERT`: must be shown to the user.
    Alert,
    /// `BADCHARSET (…)`: those that are known.
    BadCharset(Vec<ByteString>),
    /// `CAPABILITY …`
    Capability(Vec<ByteString>),
    /// `PARSE`: a message's header could not be read.
    Parse,
    /// `PERMANENTFLAGS (…)`; `new_keywords` stands for `\*`.
    PermanentFlags {
        /// Flags that can be changed for good.
        flags: Vec<Flag>,
        /// New keywords may be made.
        new_keywords: bool,
    },
    /// `READ-ONLY`
    ReadOnly,
    /// `READ-WRITE`
    ReadWrite,
    /// `TRYCREATE`
    TryCreate,
    /// `UIDNEXT n`
    UidNext(Uid),
    /// `UIDVALIDITY n`
    UidValidity(UidValidity),
    /// `UNSEEN n`: the first message without \Seen.
    Unseen(SequenceNumber),
    /// `APPENDUID` (RFC 4315 §3)
    AppendUid {
        /// Of the target.
        uid_validity: UidValidity,
        /// The new message's UID (several after MULTIAPPEND); not empty.
        uids: UidRanges,
    },
    /// `COPYUID` (RFC 4315 §3): the sets pair by position and are equally long. As ranges, since
    /// they are never expanded.
    CopyUid {
        /// Of the target.
        uid_validity: UidValidity,
        /// UIDs in the source, in the order in which they were copied; without `*`.
        source: UidSet,
        /// UIDs in the target; without `*`.
        target: UidSet,
    },
    /// `MAILBOXID (…)` (RFC 8474)
    MailboxId(ObjectId),
    /// `UIDNOTSTICKY` (RFC 4315 §3)
    UidNotSticky,
    /// `CLOSED` (RFC 7162 §3.2.11)
    Closed,
    /// `HIGHESTMODSEQ n` (RFC 7162 §3.1.2); not 0.
    HighestModSeq(ModSeq),
    /// `NOMODSEQ`
    NoModSeq,
    /// `MODIFIED set` (RFC 7162 §3.1.3): sequence numbers, after UID STORE UIDs; without `*`.
    Modified(SequenceSet),
    /// `UNAVAILABLE` (RFC 5530 §3, as all up to NONEXISTENT)
    Unavailable,
    /// `AUTHENTICATIONFAILED`
    AuthenticationFailed,
    /// `AUTHORIZATIONFAILED`
    AuthorizationFailed,
    /// `EXPIRED`
    Expired,
    /// `PRIVACYREQUIRED`
    PrivacyRequired,
    /// `CONTACTADMIN`
    ContactAdmin,
    /// `NOPERM`
    NoPerm,
    /// `INUSE`
    InUse,
    /// `EXPUNGEISSUED`
    ExpungeIssued,
    /// `CORRUPTION`
    Corruption,
    /// `SERVERBUG`
    ServerBug,
    /// `CLIENTBUG`
    ClientBug,
    /// `CANNOT`
    Cannot,
    /// `LIMIT`
    Limit,
    /// `OVERQUOTA`
    OverQuota,
    /// `ALREADYEXISTS`
    AlreadyExists,
    /// `NONEXISTENT`
    NonExistent,
    /// `HASCHILDREN` (RFC 9051 §7.1)
    HasChildren,
    /// `NOTSAVED` (RFC 5182)
    NotSaved,
    /// `UNKNOWN-CTE` (RFC 3516)
    UnknownCte,
    /// `TOOBIG` (RFC 7889)
    TooBig,
    /// `USEATTR` (RFC 6154)
    UseAttr,
    /// `COMPRESSIONACTIVE` (RFC 4978)
    CompressionActive,
    /// `INPROGRESS …` (RFC 9585); `None` where nothing more is said.
    InProgress(Option<Progress>),
    /// `MESSAGELIMIT n uid` (RFC 9738): no more messages than that in one command.
    MessageLimit {
        /// How many.
        limit: NonZeroU32,
        /// The lowest UID that was worked on, where some were.
        lowest: Option<Uid>,
    },
    /// `UIDREQUIRED` (RFC 9586)
    UidRequired,
    /// Any other: its name, an atom, and what follows it, not empty and without `]`. Also a code
    /// above whose argument makes no sense, such as a COPYUID of unequal sets: nobody acts on it.
    Other(ByteString, Option<ByteString>),
}

/// The codes that are a word alone.
static WORDS: [(&str, Code); 32] = [
    ("ALERT", Code::Alert),
    ("PARSE", Code::Parse),
    ("READ-ONLY", Code::ReadOnly),
    ("READ-WRITE", Code::ReadWrite),
    ("TRYCREATE", Code::TryCreate),
    ("UIDNOTSTICKY", Code::UidNotSticky),
    ("CLOSED", Code::Closed),
    ("NOMODSEQ", Code::NoModSeq),
    ("UNAVAILABLE", Code::Unavailable),
    ("AUTHENTICATIONFAILED", Code::AuthenticationFailed),
    ("AUTHORIZATIONFAILED", Code::AuthorizationFailed),
    ("EXPIRED", Code::Expired),
    ("PRIVACYREQUIRED", Code::PrivacyRequired),
    ("CONTACTADMIN", Code::ContactAdmin),
    ("NOPERM", Code::NoPerm),
    ("INUSE", Code::InUse),
    ("EXPUNGEISSUED", Code::ExpungeIssued),
    ("CORRUPTION", Code::Corruption),
    ("SERVERBUG", Code::ServerBug),
    ("CLIENTBUG", Code::ClientBug),
    ("CANNOT", Code::Cannot),
    ("LIMIT", Code::Limit),
    ("OVERQUOTA", Code::OverQuota),
    ("ALREADYEXISTS", Code::AlreadyExists),
    ("NONEXISTENT", Code::NonExistent),
    ("HASCHILDREN", Code::HasChildren),
    ("NOTSAVED", Code::NotSaved),
    ("UNKNOWN-CTE", Code::UnknownCte),
    ("TOOBIG", Code::TooBig),
    ("USEATTR", Code::UseAttr),
    ("COMPRESSIONACTIVE", Code::CompressionActive),
    ("UIDREQUIRED", Code::UidRequired),
];

impl Code {
    /// Appends the code without its brackets.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::BadCharset(charsets) => write_charsets(out, charsets),
            Self::Capability(names) => {
                out.extend_from_slice(b"CAPABILITY");
                capability::write_names(out, names);
            }
            Self::PermanentFlags { flags, new_keywords } => {
                out.extend_from_slice(b"PERMANENTFLAGS ");
                let flags = flags.iter().map(Some).chain(new_keywords.then_some(None));
                write::list(out, flags, |out, flag| match flag {
                    Some(flag) => write::flag(out, flag),
                    None => out.extend_from_slice(b"\\*"),
                });
            }
            Self::UidNext(uid) => numbered(out, "UIDNEXT ", u64::from(uid.get())),
            Self::UidValidity(value) => numbered(out, "UIDVALIDITY ", u64::from(value.get())),
            Self::Unseen(message) => numbered(out, "UNSEEN ", u64::from(message.get())),
            Self::HighestModSeq(mod_seq) => numbered(out, "HIGHESTMODSEQ ", mod_seq.0),
            Self::Modified(set) => modified(out, set),
            Self::MessageLimit { limit, lowest } => {
                numbered(out, "MESSAGELIMIT ", u64::from(limit.get()));
                lowest.iter().for_each(|uid| numbered(out, " ", u64::from(uid.get())));
            }
            Self::InProgress(progress) => progress::write(out, progress.as_ref()),
            Self::AppendUid { uid_validity, uids } => {
                numbered(out, "APPENDUID ", u64::from(uid_validity.get()));
                out.push(b' ');
                uids.write(out);
            }
            Self::CopyUid { uid_validity, source, target } => {
                numbered(out, "COPYUID ", u64::from(uid_validity.get()));
                out.push(b' ');
                source.write(out);
                out.push(b' ');
                target.write(out);
            }
            Self::MailboxId(id) => {
                out.extend_from_slice(b"MAILBOXID ");
                id.write_in_parentheses(out);
            }
            Self::Other(name, rest) => {
                out.extend_from_slice(name.as_bytes());
                if let Some(rest) = rest {
                    out.push(b' ');
                    string::text(out, rest.as_bytes(), |octet| octet == b']');
                }
            }
            word => {
                let name = WORDS.iter().find(|(_, code)| code == word).map(|(name, _)| *name);
                out.extend_from_slice(name.unwrap_or_default().as_bytes());
            }
        }
    }

    /// Reads a code with its closing bracket.
    ///
    /// ```abnf
    /// resp-text-code = "ALERT" / … / atom [SP 1*<any TEXT-CHAR except "]">]
    /// ```
    pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let at = reader.offset();
        let name = reader.atom("a response code")?;
        let mut ahead = *reader;
        if let Ok(Some(code)) = known(name, &mut ahead)
            && ahead.accept(b']')
        {
            *reader = ahead;
            return Ok(code);
        }
        let name = reader.share_text(name, at)?;
        if reader.accept(b']') {
            return Ok(Self::Other(name, None));
        }
        reader.space()?;
        let at = reader.offset();
        let rest = reader.rest();
        let length = memchr::memchr(b']', rest).unwrap_or(0);
        if length == 0 {
            return reader.expected("the argument of a response code, and `]`");
        }
        reader.advance(length + 1);
        let rest = reader.share_text(&rest[..length], at)?;
        Ok(Self::Other(name, Some(rest)))
    }
}

fn write_charsets(out: &mut Vec<u8>, charsets: &[ByteString]) {
    out.extend_from_slice(b"BADCHARSET");
    // No literal may stand in a response of words.
    let fits = |name: &&ByteString| write::is_quotable(name.as_bytes());
    if charsets.iter().any(|name| fits(&name)) {
        out.push(b' ');
        write::list(out, charsets.iter().filter(fits), |out, name| {
            write::astring(out, name.as_bytes());
        });
    }
}

fn modified(out: &mut Vec<u8>, set: &SequenceSet) {
    out.extend_from_slice(b"MODIFIED ");
    set.write(out);
}

fn numbered(out: &mut Vec<u8>, word: &str, value: u64) {
    out.extend_from_slice(word.as_bytes());
    number(out, value);
}

/// The code of this name with its argument; `None` for a name that we don't know.
fn known(name: &[u8], reader: &mut Reader<'_>) -> Parsed<Option<Code>> {
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    if let Some((_, code)) = WORDS.iter().find(|(word, _)| is(word)) {
        return Ok(Some(code.clone()));
    }
    let code = if is("BADCHARSET") {
        bad_charset(reader)?
    } else if is("MAILBOXID") {
        reader.space()?;
        Code::MailboxId(ObjectId::parse_in_parentheses(reader)?)
    } else if is("CAPABILITY") {
        Code::Capability(capability::parse(reader)?)
    } else if is("PERMANENTFLAGS") {
        permanent_flags(reader)?
    } else if is("UIDNEXT") {
        Code::UidNext(positive(reader)?)
    } else if is("UIDVALIDITY") {
        Code::UidValidity(positive(reader)?)
    } else if is("UNSEEN") {
        Code::Unseen(positive(reader)?)
    } else if is("HIGHESTMODSEQ") {
        reader.space()?;
        Code::HighestModSeq(ModSeq::parse(reader)?)
    } else if is("MODIFIED") {
        Code::Modified(number_set(reader)?)
    } else if is("MESSAGELIMIT") {
        message_limit(reader)?
    } else if is("INPROGRESS") {
        let more = reader.accept(b' ');
        Code::InProgress(more.then(|| Progress::parse(reader)).transpose()?)
    } else if is("APPENDUID") {
        append_uid(reader)?
    } else if is("COPYUID") {
        copy_uid(reader)?
    } else {
        return Ok(None);
    };
    Ok(Some(code))
}

// "MESSAGELIMIT" SP message-limit [SP uniqueid]
fn message_limit(reader: &mut Reader<'_>) -> Parsed<Code> {
    reader.space()?;
    let at = reader.offset();
    let limit = NonZeroU32::new(reader.nz_number("a number from 1")?);
    let limit = limit.ok_or(SyntaxError::expected(at, "a number from 1"))?;
    let lowest = if reader.peek() == Some(b' ') { Some(positive(reader)?) } else { None };
    Ok(Code::MessageLimit { limit, lowest })
}

// "BADCHARSET" [SP "(" astring *(SP astring) ")" ]
fn bad_charset(reader: &mut Reader<'_>) -> Parsed<Code> {
    let mut charsets = Vec::new();
    if reader.accept(b' ') {
        reader.list(|reader| {
            charsets.push(reader.astring_text("a charset")?);
            Ok(())
        })?;
    }
    Ok(Code::BadCharset(charsets))
}

// "PERMANENTFLAGS" SP "(" [flag-perm *(SP flag-perm)] ")"
// flag-perm = flag / "\*"
fn permanent_flags(reader: &mut Reader<'_>) -> Parsed<Code> {
    reader.space()?;
    let mut flags = Vec::new();
    let mut new_keywords = false;
    reader.list_or_empty(|reader| {
        if reader.accept_prefix("\\*") {
            new_keywords = true;
        } else {
            flags.push(Flag::parse(reader)?);
        }
        Ok(())
    })?;
    Ok(Code::PermanentFlags { flags, new_keywords })
}

// resp-code-apnd = "APPENDUID" SP nz-number SP append-uid
// append-uid     = uniqueid / uid-set
fn append_uid(reader: &mut Reader<'_>) -> Parsed<Code> {
    let uid_validity = positive(reader)?;
    let uids = number_set(reader)?.resolve(None);
    Ok(Code::AppendUid { uid_validity, uids })
}

// resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set
fn copy_uid(reader: &mut Reader<'_>) -> Parsed<Code> {
    let uid_validity = positive(reader)?;
    let source = number_set(reader)?;
    let target = number_set(reader)?;
    if length(&source) != length(&target) {
        return reader.expected("as many UIDs in the target as in the source");
    }
    Ok(Code::CopyUid { uid_validity, source, target })
}

// uid-set   = (uniqueid / uid-range) *("," uid-set)
// uid-range = (uniqueid ":" uniqueid)
fn number_set<N: Number>(reader: &mut Reader<'_>) -> Parsed<NumberSet<N>> {
    reader.space()?;
    let at = reader.offset();
    let set = NumberSet::parse(reader)?;
    match set.names_largest() {
        true => Err(SyntaxError::wrong(at, "`*` is no number")),
        false => Ok(set),
    }
}

/// How many positions the set has, counting a number as often as it occurs.
fn length(set: &UidSet) -> u64 {
    use crate::number::Bound::Number;
    let ranges = set.ranges.iter().map(|range| match range {
        (Number(start), Number(end)) => u64::from(start.get().abs_diff(end.get())) + 1,
        _ => 0,
    });
    ranges.sum()
}

// SP nz-number
fn positive<N: Number>(reader: &mut Reader<'_>) -> Parsed<N> {
    reader.space()?;
    let at = reader.offset();
    let value = reader.nz_number("a number from 1")?;
    N::new(value).ok_or(SyntaxError::expected(at, "a number from 1"))
}
