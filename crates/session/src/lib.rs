//! One server connection as a deterministic machine: framing, state, scheduler, view, output.

mod entry;
mod host;
mod job;
mod limits;
mod outcome;
mod schedule;
mod selection;
mod session;
mod spool;
mod trace;
mod updates;
mod view;
mod wire;

pub use host::{Difference, Host, Snapshot};
pub use job::{Context, Job, JobId, Selected};
pub use limits::{Limits, ZeroLimit};
pub use outcome::{Outcome, Transition};
pub use session::Session;
pub use spool::Spool;
pub use trace::{TraceEvent, TraceStep};
pub use view::{BeyondEnd, Run, View};
