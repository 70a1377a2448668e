//! Where a running command and its connection meet: blocks and prompts one way, lines the other.
//!
//! Commands are polled by their connection only, so what a command leaves here is found when the
//! poll returns; nothing needs to wake the connection.

use bytes::Bytes;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// One command's meeting place.
#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// At most one: while it waits here, the command may build the next one.
    block: Option<Bytes>,
    prompt: Option<Bytes>,
    /// A prompt was given and no line has come since.
    prompted: bool,
    lines: VecDeque<Bytes>,
    waker: Option<Waker>,
}

impl Slot {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Gives a block of whole responses to be sent; waits while the last one was not taken.
    pub(crate) async fn send(&self, block: impl Into<Bytes>) {
        let mut block = Some(block.into());
        poll_fn(|cx| {
            let mut state = self.state();
            if state.block.is_some() {
                state.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            state.block = block.take();
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

    pub(super) fn has_block(&self) -> bool {
        self.state().block.is_some()
    }

    pub(super) fn take_block(&self) -> Option<Bytes> {
        let mut state = self.state();
        let block = state.block.take();
        wake(state);
        block
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
