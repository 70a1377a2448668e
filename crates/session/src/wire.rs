//! Octets on their way to the socket: small answers gathered into one write, large ones passed on
//! without copying.

use bytes::Bytes;
use std::collections::VecDeque;

/// A block of at least so many octets is passed on as it is: copying it would cost more than a
/// write of its own.
const COPY_BELOW: usize = 4 * 1024;

/// Octets that a buffer has room for at first: a few replies.
const FIRST: usize = 512;

/// What has been put in order for sending.
#[derive(Default)]
pub(crate) struct Wire {
    /// Whole responses behind `chunks`.
    buffer: Vec<u8>,
    /// The response that was put last has not ended.
    open: bool,
    /// Whole responses that must wait for its end.
    held: Vec<u8>,
    chunks: VecDeque<Bytes>,
    /// Octets in `chunks`.
    sealed: usize,
    /// Octets handed out so far.
    handed: u64,
    /// Octets handed out that are not yet known to be sent.
    pub in_flight: usize,
}

impl Wire {
    /// Where whole responses are written.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        let buffer = if self.open { &mut self.held } else { &mut self.buffer };
        if buffer.capacity() == 0 {
            buffer.reserve(FIRST);
        }
        buffer
    }

    /// Adds whole responses.
    pub fn put(&mut self, octets: Bytes) {
        debug_assert!(!self.open);
        self.append(octets);
    }

    /// Adds whole responses, or the next part of one; what is written meanwhile waits for its end.
    pub fn put_piece(&mut self, octets: Bytes, ends: bool) {
        self.append(octets);
        self.open = !ends;
        if ends {
            self.buffer.append(&mut self.held);
        }
    }

    fn append(&mut self, octets: Bytes) {
        if octets.len() < COPY_BELOW {
            self.buffer.extend_from_slice(&octets);
        } else {
            self.seal();
            self.sealed += octets.len();
            self.chunks.push_back(octets);
        }
    }

    /// Octets that wait to be handed out.
    pub fn pending(&self) -> usize {
        self.sealed + self.buffer.len()
    }

    /// Octets put in order for sending so far.
    pub fn put_so_far(&self) -> u64 {
        self.handed + self.pending() as u64
    }

    /// Whether everything has been sent.
    pub fn is_drained(&self) -> bool {
        self.in_flight == 0 && self.pending() == 0 && self.held.is_empty()
    }

    /// Hands out the next octets.
    pub fn take(&mut self) -> Option<Bytes> {
        if self.chunks.is_empty() {
            self.seal();
        }
        let chunk = self.chunks.pop_front()?;
        self.sealed -= chunk.len();
        self.in_flight += chunk.len();
        self.handed += chunk.len() as u64;
        Some(chunk)
    }

    /// Gives memory back while nothing is to be sent.
    pub fn rest(&mut self) {
        debug_assert!(self.pending() == 0);
        self.buffer = Vec::new();
        self.held = Vec::new();
        self.chunks = VecDeque::new();
    }

    fn seal(&mut self) {
        if !self.buffer.is_empty() {
            self.sealed += self.buffer.len();
            self.chunks.push_back(std::mem::take(&mut self.buffer).into());
        }
    }
}
