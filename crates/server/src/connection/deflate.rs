//! What COMPRESS (RFC 4978) puts before the socket: what goes out is deflated in batches. What comes
//! in is inflated by `proto`'s `Inflater`.
//!
//! Nothing bounds how far a few octets that come in may grow: what was inflated goes through the
//! framer like any other input, in pieces of a read's size and only while the session takes more,
//! so a bomb costs what the same octets sent plainly would.

use bytes::Bytes;
use peregrine_proto::deflate::Deflater;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;
use tokio::time::Sleep;

/// How hard we try, from 1 to 9.
const LEVEL: u32 = 1;

/// Plain octets that are deflated into one write at most, then flushed: as many as the session
/// hands out at once.
const BATCH: usize = 64 * 1024;

/// A deflater takes some hundred KiB. After so long a silence it is given up; the next one begins without
/// knowing what was sent before, which costs some octets.
const REST: Duration = Duration::from_secs(5);

/// What goes out.
pub(super) struct Outgoing {
    /// `None` while nothing has been sent for [`REST`].
    deflater: Option<Box<Deflater>>,
    rest: Pin<Box<Sleep>>,
    /// Deflated octets, the first `written` of which are sent.
    deflated: Vec<u8>,
    written: usize,
    /// Plain octets that are in `deflated`, and those of them that have been told as sent.
    plain: usize,
    told: usize,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            deflater: None,
            rest: Box::pin(tokio::time::sleep(REST)),
            deflated: Vec::new(),
            written: 0,
            plain: 0,
            told: 0,
        }
    }

    /// Deflated octets to be written, of the queue's next ones where all before are.
    pub(super) fn chunk(&mut self, queue: &mut VecDeque<Bytes>) -> &[u8] {
        if self.is_empty() {
            self.fill(queue);
        }
        &self.deflated[self.written..]
    }

    fn fill(&mut self, queue: &mut VecDeque<Bytes>) {
        self.deflated.clear();
        (self.written, self.plain, self.told) = (0, 0, 0);
        let deflater = self.deflater.get_or_insert_with(|| Box::new(Deflater::new(LEVEL)));
        while let Some(front) = queue.front_mut()
            && self.plain < BATCH
        {
            let piece = front.split_to(front.len().min(BATCH - self.plain));
            deflater.deflate(&piece, &mut self.deflated);
            self.plain += piece.len();
            if front.is_empty() {
                queue.pop_front();
            }
        }
        if self.plain > 0 {
            // The client can read all of it now.
            deflater.flush(&mut self.deflated);
        }
    }

    /// So many octets of the chunk are written; how many plain ones that makes, so that a client
    /// that takes little by little is seen to go on.
    pub(super) fn wrote(&mut self, octets: usize) -> usize {
        self.written += octets;
        let done = self.plain * self.written / self.deflated.len().max(1);
        let plain = done - self.told;
        self.told = done;
        if self.is_empty() {
            self.rest.as_mut().reset(tokio::time::Instant::now() + REST);
        }
        plain
    }

    pub(super) fn is_empty(&self) -> bool {
        self.written == self.deflated.len()
    }

    /// Gives memory back after a silence.
    pub(super) fn poll_rest(&mut self, cx: &mut Context<'_>) {
        if self.deflater.is_some() && self.is_empty() && self.rest.as_mut().poll(cx).is_ready() {
            self.deflater = None;
            self.deflated = Vec::new();
            self.written = 0;
        }
    }
}
