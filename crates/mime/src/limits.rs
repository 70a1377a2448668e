//! Every bound of this crate, in one place, with its unit and its reason.
//!
//! All work here is linear in the message; these keep the *results* small as well. What lies
//! beyond a bound is left out of the parsed data and `truncated` is set; the bytes themselves are
//! always there to be fetched.

/// Levels of the part tree, the root being level 1. A part at this level is a leaf, whatever it
/// says it is. Deep trees have crashed recursive readers, in servers and in clients.
pub const MAX_DEPTH: usize = 100;

/// Parts of one message. Further parts stay inside the body of the last one.
pub const MAX_PARTS: usize = 10_000;

/// Parameters of one Content-Type or Content-Disposition field, RFC 2231 sections each counting.
pub const MAX_PARAMETERS: usize = 128;

/// Addresses and group markers of one ENVELOPE member.
pub const MAX_ADDRESSES: usize = 10_000;

/// Language tags of one Content-Language field.
pub const MAX_LANGUAGES: usize = 128;

/// Octets of one header field that are looked at for ENVELOPE, BODYSTRUCTURE and SEARCH (1 MiB).
pub const MAX_FIELD: usize = 1 << 20;

/// Octets of one header block that are looked at for ENVELOPE, BODYSTRUCTURE and SEARCH (8 MiB).
pub const MAX_HEADER: usize = 8 << 20;

/// Octets of a Date value that are looked at; a date takes some thirty.
pub const MAX_DATE: usize = 256;

/// Octets of a character set's name in an encoded word; the longest registered has 45.
pub const MAX_CHARSET: usize = 64;

/// Octets of the text of an encoded word with its end. RFC 2047 §2 allows 75 for the whole word, but
/// writers go far beyond. The bound keeps a field of many beginnings without an end linear.
pub const MAX_ENCODED_TEXT: usize = 4096;

/// Octets of a message. A longer one cannot be described by [`Span`](crate::Span); the store's
/// own limit is far lower.
pub const MAX_MESSAGE: usize = u32::MAX as usize;
