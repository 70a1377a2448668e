//! IMAP's words: the grammar of RFC 3501 in both directions, types that cannot be wrong,
//! and what each command touches.
//!
//! No I/O, no clock, no runtime: bytes in, values out, and back.
//!
//! # Map
//! - [`frame`]: where a client's command ends, without understanding it; all limits on size.
//! - [`command`]: one file for each command: fields, grammar, writing, effects, known answers.
//! - [`response`]: one file for each kind of response, and where a server's response ends.
//! - [`deflate`]: compression of a connection, to the octet.
//! - [`effects`]: what a command touches, and whether two may run at once.
//! - [`encoding`]: whether names and quoted strings are in UTF-8.
//! - [`CommandBody::redacted`]: a command as it may be shown to others than its client.
//! - [`token`], [`mod@write`], [`writer`]: the primitives that all of these are made of.
//! - [`tag`], [`number`], [`object_id`], [`flag`], [`mailbox`], [`section`], [`date`], [`secret`]: their values.
//!
//! Values are slices of the frame that they were read from: keep one for long, and it keeps the
//! whole piece of input alive; copy it instead.
//!
//! ```
//! use peregrine_proto::{Command, CommandBody, FrameEvent, FrameLimits, Framer};
//!
//! let mut framer = Framer::new(FrameLimits::AFTER_LOGIN);
//! framer.push("a1 UID FETCH 7:* (FLAGS)\r\na2 SELEKT x\r\n".into());
//!
//! let Some(FrameEvent::Frame(frame)) = framer.next() else { panic!() };
//! let command = Command::parse(&frame)?;
//! assert_eq!((command.tag.as_str(), command.body.name()), ("a1", "UID FETCH"));
//! assert!(matches!(command.body, CommandBody::Fetch(fetch) if fetch.messages.is_uid()));
//!
//! let Some(FrameEvent::Frame(frame)) = framer.next() else { panic!() };
//! let error = Command::parse(&frame).unwrap_err();
//! assert_eq!(error.message, "unknown command `SELEKT`: did you mean SELECT? (column 4)");
//! assert_eq!(framer.next(), None);
//! # Ok::<(), peregrine_proto::ParseError>(())
//! ```

#![warn(missing_docs)]

pub mod command;
pub mod date;
pub mod deflate;
pub mod effects;
pub mod encoding;
pub mod error;
pub mod flag;
mod form;
pub mod frame;
pub mod mailbox;
pub mod number;
pub mod object_id;
mod parse;
mod redacted;
pub mod response;
pub mod secret;
pub mod section;
mod sequence_numbers;
mod suggest;
pub mod tag;
pub mod token;
pub mod utf7;
pub mod write;
pub mod writer;

pub use command::{Command, CommandBody};
pub use date::{Date, DateTime};
pub use encoding::Encoding;
pub use error::ParseError;
pub use flag::{Flag, Keyword};
pub use frame::{Frame, FrameError, FrameEvent, FrameLimits, Framer};
pub use mailbox::{ListPattern, MailboxName};
pub use number::{ModSeq, SequenceNumber, SequenceSet, Uid, UidSet, UidValidity};
pub use object_id::ObjectId;
pub use response::{Code, Response, Status};
pub use secret::Secret;
pub use section::{PartPath, Partial, Section, SectionText};
pub use tag::Tag;
pub use writer::{CommandWriter, LiteralMode};
