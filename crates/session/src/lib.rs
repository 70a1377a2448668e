//! One server connection as a deterministic machine: framing, state, scheduler, view, output.
//!
//! Sans-I/O: input comes by `handle_*` (octets, what a job has to say, a new version of the
//! mailbox, time), output by `poll_*` (jobs to run, octets to send, the next deadline). Nothing in
//! here waits, reads a clock or spawns, so every run can be repeated octet by octet.
//!
//! # Map
//!
//! - [`Session`]: the face. `session/input.rs` frames and parses, `session/admission.rs` starts
//!   commands, `session/complete.rs` answers them, `session/output.rs` decides what goes out next,
//!   `session/clock.rs` has the deadlines, `session/close.rs` the ways to end.
//!   `session/lone.rs` is the way of a command that comes while no other is unfinished.
//! - `schedule.rs`: the unfinished commands and who waits for whom; `entry.rs`: one of them.
//! - [`View`]: what the client has been told of its mailbox, with ghosts (messages expunged of
//!   which it has not been told); `selection.rs` decides what to tell, `own.rs` what it knows by
//!   its own changes, `updates.rs` writes it.
//! - `wire.rs`: octets on their way to the socket.
//! - [`Enabled`]: the extensions that change what is told, and which commands turn them on.
//! - [`Host`] and [`Snapshot`]: what the caller's mail must offer. [`Job`], [`Outcome`],
//!   [`Transition`], [`Layer`], [`Spool`]: what goes between the machine and the caller.
//! - [`Limits`]: every bound. [`TraceEvent`]: what happened to each command and why.
//!
//! # Example
//!
//! ```
//! use peregrine_proto::{ModSeq, Uid, response::ResponseText};
//! use peregrine_session::{Difference, Host, Limits, Outcome, Session, Snapshot, Transition};
//! use std::time::Instant;
//!
//! /// A mailbox that is always empty.
//! #[derive(Clone)]
//! struct Empty;
//! impl Snapshot for Empty {
//!     fn exists(&self) -> u32 { 0 }
//!     fn uid_at(&self, _: u32) -> Option<Uid> { None }
//!     fn index_of(&self, _: Uid) -> Result<u32, u32> { Err(0) }
//!     fn mod_seq(&self) -> ModSeq { ModSeq(1) }
//!     fn mod_seq_of(&self, _: Uid) -> Option<ModSeq> { None }
//!     fn difference(&self, _: &Self) -> Difference { Difference::default() }
//!     fn write_flags(&self, _: Uid, _: bool, out: &mut Vec<u8>) { out.extend(b"()") }
//!     fn write_flag_names(&self, out: &mut Vec<u8>) { out.extend(b"()") }
//! }
//! struct Mail;
//! impl Host for Mail {
//!     type Account = &'static str;
//!     type Mailbox = ();
//!     type Snapshot = Empty;
//! }
//!
//! let now = Instant::now();
//! let greeting = ResponseText { code: None, text: "Welcome".into() };
//! let mut session = Session::<Mail>::new(Limits::default(), greeting, true, now);
//! assert_eq!(session.poll_transmit().as_deref(), Some(&b"* OK Welcome\r\n"[..]));
//! session.handle_sent(now, 14);
//!
//! session.handle_bytes(now, "a LOGIN fred secret\r\nb FETCH 1 FLAGS\r\n".into());
//! let job = session.poll_job().ok_or("LOGIN has started")?;
//! assert!(session.poll_job().is_none(), "FETCH waits for it");
//! let outcome = Outcome::ok("Logged in").with_transition(Transition::Authenticated("fred"));
//! session.handle_outcome(now, job.id, outcome);
//! assert_eq!(
//!     session.poll_transmit().as_deref(),
//!     Some(&b"a OK Logged in\r\nb BAD SELECT a mailbox first\r\n"[..]),
//! );
//! # Ok::<(), &str>(())
//! ```

#![warn(missing_docs)]

mod enabled;
mod entry;
mod host;
mod job;
mod limits;
mod outcome;
mod own;
mod schedule;
mod selection;
mod session;
mod spool;
mod trace;
mod updates;
mod view;
mod wire;

pub use enabled::Enabled;
pub use host::{Difference, Host, Snapshot};
pub use job::{Context, Job, JobId, Selected};
pub use limits::{Limits, ZeroLimit};
pub use outcome::{Layer, Outcome, OwnChange, Transition};
pub use session::Session;
pub use spool::Spool;
pub use trace::{TraceEvent, TraceStep};
pub use view::{BeyondEnd, Run, View};
