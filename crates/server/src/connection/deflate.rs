//! Compression of a connection (RFC 4978), by DEFLATE (RFC 1951): what comes in is inflated, what
//! goes out deflated.
//!
//! Nothing here bounds how far a few octets may grow: what was inflated goes through the framer
//! like any other input, in pieces of a read's size and only while the session takes more, so a
//! bomb costs what the same octets sent plainly would.

use bytes::{Buf, Bytes};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;
use tokio::time::Sleep;

/// How hard we try, from 1 to 9: level 1 makes a body of text 2.4 times as small, level 6 2.9 times
/// for thrice the work.
const LEVEL: u32 = 1;

/// Plain octets that are deflated into one write at most, then flushed: as many as the session
/// hands out at once.
const BATCH: usize = 64 * 1024;

/// Room that the deflater is given at a time.
const ROOM: usize = 16 * 1024;

/// A deflater needs 270 KiB. After so long a silence it is given up; the next one begins without
/// what was sent before, which the client's inflater does not notice.
const REST: Duration = Duration::from_secs(5);

/// What ends a flush: an empty stored block, on an octet's boundary (RFC 1951 §3.2.4).
const MARKER: [u8; 4] = [0, 0, 0xff, 0xff];

/// The octets that came are no DEFLATE.
#[derive(Debug)]
pub(super) struct Damaged;

/// What goes out.
pub(super) struct Outgoing {
    /// `None` while nothing has been sent for [`REST`].
    deflater: Option<Compress>,
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
            self.deflated.clear();
            (self.written, self.plain, self.told) = (0, 0, 0);
            while let Some(front) = queue.front_mut()
                && self.plain < BATCH
            {
                let taken = front.len().min(BATCH - self.plain);
                let piece = front.split_to(taken);
                if front.is_empty() {
                    queue.pop_front();
                }
                self.deflate(&piece, FlushCompress::None);
                self.plain += taken;
            }
            if self.plain > 0 {
                // The client can read all of it now.
                self.deflate(&[], FlushCompress::Sync);
            }
        }
        &self.deflated[self.written..]
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

    fn deflate(&mut self, mut octets: &[u8], flush: FlushCompress) {
        let new = || Compress::new(Compression::new(LEVEL), false);
        let deflater = self.deflater.get_or_insert_with(new);
        loop {
            self.deflated.reserve(ROOM);
            let before = deflater.total_in();
            let ended = deflater.compress_vec(octets, &mut self.deflated, flush);
            debug_assert!(ended.is_ok(), "deflating cannot fail");
            octets = &octets[usize::try_from(deflater.total_in() - before).unwrap_or(0)..];
            // Room that is left says that nothing more is to come.
            if octets.is_empty() && self.deflated.len() < self.deflated.capacity() {
                return;
            }
        }
    }
}

/// What comes in.
pub(super) struct Incoming {
    /// Taken out of the socket and not inflated yet.
    input: Bytes,
    inflater: Decompress,
    /// The last inflated piece filled its room: there may be more without any input.
    more: bool,
    /// Octets of [`MARKER`] that came last.
    matched: usize,
    /// The client's last flush is complete, so that a plain octet can follow.
    flushed: bool,
    /// The client has ended the stream.
    finished: bool,
    /// It ends with the flush that is under way.
    ending: bool,
}

impl Incoming {
    /// Begins with what was read already.
    pub(super) fn new(input: Bytes) -> Self {
        Self {
            input,
            inflater: Decompress::new(false),
            more: false,
            matched: 0,
            flushed: true,
            finished: false,
            ending: false,
        }
    }

    /// Takes what was read from the socket; only where [`Incoming::inflate`] had nothing more.
    pub(super) fn take(&mut self, input: Bytes) {
        self.input = input;
    }

    /// The client compresses up to the end of its last command only (RFC 8437 §4.1).
    pub(super) fn end(&mut self) {
        self.ending = true;
    }

    /// What is left of the input, as it is, once the compressed part has ended.
    pub(super) fn ended(&mut self) -> Option<Bytes> {
        let ended = self.ending && !self.more && (self.flushed || self.finished);
        ended.then(|| std::mem::take(&mut self.input))
    }

    /// Inflates into `room`, as far as the next end of a flush; `None` where more input is needed.
    ///
    /// Behind the flush that ends UNAUTHENTICATE the client goes on in clear: what comes there must
    /// not be touched before the session has seen the command.
    pub(super) fn inflate(&mut self, room: &mut [u8]) -> Result<Option<usize>, Damaged> {
        while self.more || !self.input.is_empty() {
            if self.ending && !self.more && (self.flushed || self.finished) {
                return Ok(None);
            }
            if self.finished {
                return Err(Damaged);
            }
            let (piece, _) = self.input.split_at(self.next_flush());
            let (read, wrote) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self.inflater.decompress(piece, room, FlushDecompress::None);
            let status = status.map_err(|_| Damaged)?;
            let octets = |now: u64, then: u64| usize::try_from(now - then).unwrap_or(0);
            let read = octets(self.inflater.total_in(), read);
            let wrote = octets(self.inflater.total_out(), wrote);
            self.note(read);
            self.finished = status == Status::StreamEnd;
            self.more = wrote == room.len() && !self.finished;
            if wrote > 0 {
                return Ok(Some(wrote));
            }
            if read == 0 && !self.finished && !self.input.is_empty() {
                return Err(Damaged);
            }
        }
        Ok(None)
    }

    /// How much of the input there is up to the end of a flush.
    fn next_flush(&self) -> usize {
        let mut matched = self.matched;
        let ends = |octet: &u8| {
            matched = step(matched, *octet);
            matched == MARKER.len()
        };
        self.input.iter().position(ends).map_or(self.input.len(), |at| at + 1)
    }

    fn note(&mut self, read: usize) {
        for octet in &self.input[..read] {
            self.matched = step(self.matched, *octet);
            self.flushed = self.matched == MARKER.len();
        }
        self.input.advance(read);
    }
}

/// How many octets of [`MARKER`] have come, one octet later.
fn step(matched: usize, octet: u8) -> usize {
    let matched = matched % MARKER.len();
    match octet {
        octet if octet == MARKER[matched] => matched + 1,
        // Zeros before the two that count.
        0 if matched == 2 => 2,
        0 => 1,
        _ => 0,
    }
}
