//! The machine's face: what goes in by `handle_*`, what comes out by `poll_*`.

use crate::{Host, Job, JobId, Limits, Outcome, Spool, TraceEvent};
use bytes::Bytes;
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::ResponseText;
use std::time::Instant;

/// One connection. After each `handle_*`, call every `poll_*` until none gives anything more:
/// sending a reply can start the next job.
pub struct Session<H: Host> {
    _host: std::marker::PhantomData<H>,
}

#[rustfmt::skip]
impl<H: Host> Session<H> {
    pub fn new(_limits: Limits, _greeting: ResponseText, _secure: bool, _now: Instant) -> Self { Self { _host: std::marker::PhantomData } }
    pub fn handle_bytes(&mut self, _now: Instant, _bytes: Bytes) {}
    pub fn handle_end(&mut self, _now: Instant) {}
    pub fn handle_block(&mut self, _now: Instant, _job: JobId, _block: Bytes) {}
    pub fn handle_prompt(&mut self, _now: Instant, _job: JobId, _text: Bytes) {}
    pub fn handle_outcome(&mut self, _now: Instant, _job: JobId, _outcome: Outcome<H>) {}
    pub fn handle_snapshot(&mut self, _now: Instant, _snapshot: H::Snapshot, _recent: UidRanges) {}
    pub fn handle_mailbox_gone(&mut self, _now: Instant) {}
    pub fn handle_timeout(&mut self, _now: Instant) {}
    pub fn handle_sent(&mut self, _now: Instant, _octets: usize) {}
    pub fn handle_shutdown(&mut self, _now: Instant, _text: ResponseText) {}
    pub fn poll_job(&mut self) -> Option<Job<H>> { None }
    pub fn poll_line(&mut self) -> Option<(JobId, Bytes)> { None }
    pub fn poll_cancel(&mut self) -> Option<JobId> { None }
    pub fn poll_spool(&mut self) -> Option<Spool> { None }
    pub fn poll_transmit(&mut self) -> Option<Bytes> { None }
    pub fn poll_deadline(&self) -> Option<Instant> { None }
    pub fn poll_starttls(&mut self) -> bool { false }
    pub fn poll_trace(&mut self) -> Option<TraceEvent> { None }
    pub fn set_tracing(&mut self, _on: bool) {}
    pub fn wants_block(&self, _job: JobId) -> bool { false }
    pub fn wants_bytes(&self) -> bool { false }
    pub fn is_closed(&self) -> bool { false }
    pub fn selected(&self) -> Option<&H::Mailbox> { None }
}
