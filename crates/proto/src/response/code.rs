//! Response codes (RFC 3501 §7.1, RFC 4315, RFC 5530, RFC 6154, RFC 7162, RFC 7889).

use crate::number::UidRanges;
use crate::{Flag, ModSeq, SequenceNumber, Uid, UidSet, UidValidity};
use bytestring::ByteString;

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
        /// The new message's UID (several after MULTIAPPEND).
        uids: UidRanges,
    },
    /// `COPYUID` (RFC 4315 §3): the sets pair by position. As ranges, since they are never expanded.
    CopyUid {
        /// Of the target.
        uid_validity: UidValidity,
        /// UIDs in the source, in the order in which they were copied.
        source: UidSet,
        /// UIDs in the target.
        target: UidSet,
    },
    /// `UIDNOTSTICKY` (RFC 4315 §3)
    UidNotSticky,
    /// `CLOSED` (RFC 7162 §3.2.11)
    Closed,
    /// `HIGHESTMODSEQ n` (RFC 7162 §3.1.2)
    HighestModSeq(ModSeq),
    /// `NOMODSEQ`
    NoModSeq,
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
    /// `UNKNOWN-CTE` (RFC 3516)
    UnknownCte,
    /// `TOOBIG` (RFC 7889)
    TooBig,
    /// `USEATTR` (RFC 6154)
    UseAttr,
    /// Any other: its name, and what follows it.
    Other(ByteString, Option<ByteString>),
}
