//! Where a running command and its connection meet: blocks and prompts one way, lines the other.
//!
//! Commands are polled by their connection only, so what a command leaves here is found when the
//! poll returns; nothing needs to wake the connection.

use bytes::Bytes;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// One command's meeting place.
#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
}

/// Octets that wait here; beyond it the command waits. While they do, it may build the next block.
const ROOM: usize = 64 * 1024;

/// Pieces that a meeting place which is used again may keep room for.
const KEPT: usize = 4;

/// A block, or a part of a response that the command's next block ends.
pub(super) struct Piece {
    pub(super) octets: Bytes,
    pub(super) ends: bool,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Piece>,
    /// Octets in `pieces`.
    octets: usize,
    prompt: Option<Bytes>,
    /// A prompt was given and no line has come since.
    prompted: bool,
    lines: VecDeque<Bytes>,
    waker: Option<Waker>,
}

impl Slot {
    /// Whether it is as good as new for another command.
    pub(super) fn is_unused(&mut self) -> bool {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let waits = state.prompt.is_some() || state.prompted || state.waker.is_some();
        let empty = state.pieces.is_empty() && state.pieces.capacity() <= KEPT;
        empty && state.lines.capacity() == 0 && !waits
    }

    /// Gives a block of whole responses to be sent, or the end of one of which parts were given;
    /// waits while enough was not taken.
    pub(crate) async fn send(&self, block: impl Into<Bytes>) {
        self.give(Piece { octets: block.into(), ends: true }).await;
    }

    /// Gives a part of a response. If the command ends before it has sent the rest, the
    /// connection is closed.
    pub(crate) async fn send_part(&self, part: impl Into<Bytes>) {
        self.give(Piece { octets: part.into(), ends: false }).await;
    }

    async fn give(&self, piece: Piece) {
        let mut piece = Some(piece);
        poll_fn(|cx| {
            let mut state = self.state();
            if state.octets >= ROOM {
                state.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if let Some(piece) = piece.take() {
                state.octets += piece.octets.len();
                state.pieces.push_back(piece);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Sends `+ text` and waits for the client's line, without its CRLF.
    pub(crate) async fn prompt(&self, text: impl Into<Bytes>) -> Bytes {
        self.state().prompt = Some(text.into());
        poll_fn(|cx| {
            let mut state = self.state();
            if let Some(line) = state.lines.pop_front() {
                return Poll::Ready(line);
            }
            state.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    pub(super) fn take_piece(&self) -> Option<Piece> {
        let mut state = self.state();
        let piece = state.pieces.pop_front()?;
        state.octets -= piece.octets.len();
        wake(state);
        Some(piece)
    }

    pub(super) fn take_prompt(&self) -> Option<Bytes> {
        let mut state = self.state();
        let prompt = state.prompt.take();
        state.prompted |= prompt.is_some();
        prompt
    }

    /// Whether the command waits for the client to say something.
    pub(super) fn waits_for_line(&self) -> bool {
        self.state().prompted
    }

    pub(super) fn push_line(&self, line: Bytes) {
        let mut state = self.state();
        state.lines.push_back(line);
        state.prompted = false;
        wake(state);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the command once the lock is free.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
