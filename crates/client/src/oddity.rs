//! What servers do wrong and we put up with: each by its name.
//!
//! A response that does not follow the grammar is [mended](mend) and read again; one that follows
//! it and is odd all the same is [looked at](inspect()). What cannot be mended is skipped, or
//! fails the one command that it was for.

mod address;
mod body;
mod inspect;
mod mend;
mod tree;

pub(crate) use inspect::inspect;
pub(crate) use mend::mend;

use bytes::Bytes;

/// A thing that a server does against the RFCs, and that mail programs have to live with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Oddity {
    /// BODYSTRUCTURE of a multipart without parts: `(NIL "alternative" …)`.
    EmptyMultipart,
    /// BODYSTRUCTURE describes a multipart like a single part.
    MultipartAsBasic,
    /// BODYSTRUCTURE describes a MESSAGE/RFC822 without envelope and body.
    MessageAsBasic,
    /// BODYSTRUCTURE with NIL for type and subtype: taken for APPLICATION/OCTET-STREAM.
    NilPart,
    /// BODYSTRUCTURE lacks fields of a part.
    ShortPart,
    /// A disposition without parentheses: `"inline"`.
    BareDisposition,
    /// NIL for a transfer encoding: taken for 7BIT.
    NilEncoding,
    /// A negative number where none can be: taken for 0.
    NegativeNumber,
    /// A number with a fraction, which is cut off.
    FractionalNumber,
    /// A quote within a quoted string without a backslash.
    UnescapedQuote,
    /// Lists of addresses in more parentheses than there should be.
    ExtraParentheses,
    /// NIL, or something else that is no address, among addresses.
    NilAddress,
    /// ENVELOPE ends early.
    ShortEnvelope,
    /// `MISSING_DOMAIN`, `.MISSING-HOST-NAME.` and such for an address's domain.
    MissingDomain,
    /// An address's name and mailbox are swapped.
    SwappedAddress,
    /// `* [CODE …]` without OK.
    CodeWithoutStatus,
    /// A code, and no text behind it.
    NoText,
    /// UIDNEXT, UIDVALIDITY or UNSEEN 0.
    ZeroCode,
    /// APPENDUID or COPYUID that makes no sense, such as sets of different length: not used.
    SenselessUids,
    /// ENABLE was answered OK without ENABLED: taken for enabled.
    NoEnabled,
    /// `LITERAL +` for LITERAL+.
    SpacedLiteral,
    /// Spaces where there should be none, or more than one.
    ExtraSpace,
    /// NUL octets around or within a line.
    NulPadding,
    /// Octets above 0x7F, or control characters, outside of strings or in quotes.
    RawOctets,
    /// `+` without a space behind it.
    BareContinuation,
    /// `+` while nothing waits for it.
    NeedlessContinuation,
    /// STATUS without any item.
    EmptyStatus,
    /// Data of a mailbox while none is selected, or before login: ignored.
    OutOfState,
    /// A response of a kind that we don't know, or beyond repair: skipped.
    Skipped,
    /// A message's octets are NIL or missing.
    MissingBody,
    /// More than one BYE.
    RepeatedBye,
    /// The server does not know LIST's options: asked again without.
    ListOptionsRefused,
    /// LIST with options was answered with nothing at all: asked again without.
    ListOptionsIgnored,
    /// The server does not know CHARSET: asked again without.
    CharsetRefused,
    /// NAMESPACE was not sent, since it ends the connection with this server.
    NamespaceAvoided,
    /// EXPUNGE while commands with sequence numbers were in progress.
    UntimelyExpunge,
}

/// An oddity where it occurred.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tolerated {
    /// What it is.
    pub oddity: Oddity,
    /// The first octets of the response, at most [`Unreadable::SHOWN`](crate::Unreadable::SHOWN).
    pub octets: Bytes,
    /// Where in all that the server sent the response begins, in octets.
    pub position: u64,
}

impl Oddity {
    /// What the server did, for a person.
    pub fn clause(self) -> &'static str {
        match self {
            Self::EmptyMultipart => "a multipart without parts",
            Self::MultipartAsBasic => "a multipart described as a single part",
            Self::MessageAsBasic => "a message within a message described without its envelope",
            Self::NilPart => "a part without a type",
            Self::ShortPart => "a part described with too few fields",
            Self::BareDisposition => "a disposition without parentheses",
            Self::NilEncoding => "NIL for a transfer encoding",
            Self::NegativeNumber => "a negative number",
            Self::FractionalNumber => "a number with a fraction",
            Self::UnescapedQuote => "a quote without a backslash in a quoted string",
            Self::ExtraParentheses => "addresses in too many parentheses",
            Self::NilAddress => "something that is no address among addresses",
            Self::ShortEnvelope => "an envelope that ends early",
            Self::MissingDomain => "a placeholder for an address's domain",
            Self::SwappedAddress => "an address with name and mailbox swapped",
            Self::CodeWithoutStatus => "a response code without OK before it",
            Self::NoText => "no text after a response code",
            Self::ZeroCode => "0 in a response code that counts from 1",
            Self::SenselessUids => "UIDs in a response code that make no sense",
            Self::NoEnabled => "ENABLE without ENABLED",
            Self::SpacedLiteral => "a space within LITERAL+",
            Self::ExtraSpace => "a space too many",
            Self::NulPadding => "NUL octets in a line",
            Self::RawOctets => "octets that may not stand there",
            Self::BareContinuation => "a `+` without a space",
            Self::NeedlessContinuation => "a `+` that nothing waits for",
            Self::EmptyStatus => "STATUS without items",
            Self::OutOfState => "data of a mailbox while none is selected",
            Self::Skipped => "a response that cannot be read",
            Self::MissingBody => "NIL for a message's octets",
            Self::RepeatedBye => "BYE more than once",
            Self::ListOptionsRefused => "LIST's options refused",
            Self::ListOptionsIgnored => "LIST with options answered with nothing",
            Self::CharsetRefused => "CHARSET refused",
            Self::NamespaceAvoided => "a server that ends the connection at NAMESPACE",
            Self::UntimelyExpunge => "EXPUNGE while sequence numbers are in use",
        }
    }
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.clause())
    }
}

impl std::fmt::Display for Tolerated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { oddity, octets, position } = self;
        write!(f, "{oddity} (octet {position}: `{}`)", octets.escape_ascii())
    }
}
