//! Messages by byte range: the part tree, ENVELOPE, BODYSTRUCTURE, sections, decoded text.
//!
//! A mail store keeps messages byte for byte; this crate tells where in those bytes things are. It
//! never changes a byte, never panics on any, and takes time linear in their number. It knows
//! nothing of IMAP's grammar: it gives plain data, whose bytes may be anything, for others to write.
//!
//! | file | what it holds |
//! |---|---|
//! | `parse` | from bytes to the part tree, in one pass |
//! | `structure` | the tree: spans, parts, and section paths |
//! | `section` | `BODY[section]` |
//! | `content` | the Content-* fields for BODY and BODYSTRUCTURE |
//! | `parameter` | their parameters |
//! | `envelope`, `address` | ENVELOPE and its addresses |
//! | `header`, `token` | header fields and their lexical pieces |
//! | `search` | decoded text, on top of `encoded_word` and `charset` |
//! | `transfer` | parts without their transfer encoding, piece by piece |
//! | `preview` | the first words |
//! | `date` | the Date field |
//! | `codec` | the stored form of the tree |
//! | [`limits`] | every bound |
//!
//! ```
//! use peregrine_mime::{SectionText, parse};
//!
//! let message = b"From: Ann <ann@example.org>\r\n\
//!     Content-Type: multipart/mixed; boundary=x\r\n\r\n\
//!     --x\r\n\r\nHello\r\n--x\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--x--\r\n";
//! let structure = parse(message);
//! assert_eq!(structure.parts.len(), 3);
//!
//! let envelope = structure.envelope(message, 0);
//! assert_eq!(envelope.from[0].mailbox.as_deref(), Some(&b"ann"[..]));
//!
//! let image = structure.find(&[2]).unwrap();
//! assert_eq!(&*structure.content(message, image.part).subtype, b"png");
//! let text = structure.section(message, &[1], SectionText::Whole).unwrap();
//! assert_eq!(&*text, b"Hello");
//! ```

pub mod limits;

mod address;
mod charset;
mod codec;
mod content;
mod date;
mod encoded_word;
mod envelope;
mod header;
mod parameter;
mod parse;
mod preview;
mod search;
mod section;
mod structure;
mod token;
mod transfer;

pub use address::Address;
pub use charset::charset_to_utf8;
pub use content::Content;
pub use date::{SentDate, sent_date};
pub use encoded_word::decode_header;
pub use envelope::Envelope;
pub use header::{Field, header_fields};
pub use parameter::{Parameters, extended_value};
pub use parse::parse;
pub use preview::PREVIEW_CHARACTERS;
pub use search::search_text;
pub use section::SectionText;
pub use structure::{Kind, Part, PartRef, Span, Structure};
pub use transfer::{PartCoding, PartDecoder};
