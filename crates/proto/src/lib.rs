//! IMAP's words: the grammar of RFC 3501 in both directions, types that cannot be wrong,
//! and what each command touches.
//!
//! No I/O, no clock, no runtime: bytes in, values out, and back.

pub mod command;
pub mod date;
pub mod effects;
pub mod error;
pub mod flag;
pub mod frame;
pub mod mailbox;
pub mod number;
mod parse;
pub mod response;
pub mod secret;
pub mod section;
mod suggest;
pub mod tag;
pub mod token;
pub mod utf7;
pub mod write;
pub mod writer;

pub use command::{Command, CommandBody};
pub use date::{Date, DateTime};
pub use error::ParseError;
pub use flag::{Flag, Keyword};
pub use frame::{Frame, FrameError, FrameEvent, FrameLimits, Framer};
pub use mailbox::{ListPattern, MailboxName};
pub use number::{ModSeq, SequenceNumber, SequenceSet, Uid, UidSet, UidValidity};
pub use response::{Code, Response, Status};
pub use secret::Secret;
pub use section::{Partial, Section, SectionText};
pub use tag::Tag;
pub use writer::{CommandWriter, LiteralMode};
