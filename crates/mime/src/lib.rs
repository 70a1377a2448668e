//! Messages by byte range: the part tree, ENVELOPE, BODYSTRUCTURE, sections, decoded text.

pub mod limits;

mod address;
mod charset;
mod codec;
mod content;
mod date;
mod envelope;
mod header;
mod parse;
mod search;
mod section;
mod structure;

pub use address::Address;
pub use charset::charset_to_utf8;
pub use content::{Content, Parameters};
pub use date::{SentDate, sent_date};
pub use envelope::Envelope;
pub use header::{Field, decode_header, header_fields};
pub use parse::parse;
pub use search::search_text;
pub use section::SectionText;
pub use structure::{Kind, Part, PartRef, Span, Structure};
