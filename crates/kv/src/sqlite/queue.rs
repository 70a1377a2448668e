//! The transactions that wait for the writer.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{CommitError, Committed, Error, MAX_TRANSACTION, Transaction};

/// Most KiB that wait for the writer or are written; who comes then waits at the door.
const QUEUE_KIB: u32 = 2 * (MAX_TRANSACTION / 1024) as u32;
/// Bytes at which a group is complete, so that the first of it does not wait for too much.
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// Most transactions in a group.
const GROUP: usize = 1024;

/// A transaction that waits for its answer.
pub(super) struct Request {
    pub(super) transaction: Transaction,
    reply: oneshot::Sender<Result<Committed, CommitError>>,
    _room: OwnedSemaphorePermit,
}

impl Request {
    /// Answers; nobody may be there any more to hear it.
    pub(super) fn answer(self, result: Result<Committed, CommitError>) {
        drop(self.reply.send(result));
    }
}

/// What the writer is to do next.
pub(super) enum Work {
    /// Commit these together.
    Group(Vec<Request>),
    /// Nothing came in time.
    Idle,
    /// Nothing will come any more.
    Closed,
}

pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    woken: bool,
    closed: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            room: Arc::new(Semaphore::new(QUEUE_KIB as usize)),
        }
    }

    /// Hands a transaction to the writer and waits for its answer.
    pub(super) async fn commit(&self, transaction: Transaction) -> Result<Committed, CommitError> {
        let kib = u32::try_from(transaction.size() / 1024 + 1).unwrap_or(QUEUE_KIB);
        let room = Arc::clone(&self.room).acquire_many_owned(kib.min(QUEUE_KIB));
        let room = room.await.map_err(|_| Error::Stopped)?;
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.closed {
                return Err(Error::Stopped.into());
            }
            state.waiting.push_back(Request { transaction, reply, _room: room });
        }
        self.filled.notify_one();
        // An answer that never comes: the writer is gone.
        answer.await.unwrap_or(Err(CommitError::Failed(Error::Stopped)))
    }

    /// All that waits, up to a group; waits at most `patience` for it (`None`: until it comes).
    pub(super) fn next(&self, patience: Option<Duration>) -> Work {
        let mut state = self.lock();
        let idle = |state: &mut State| {
            state.waiting.is_empty() && !state.closed && !std::mem::take(&mut state.woken)
        };
        state = match patience {
            None => self.filled.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                let waited = self.filled.wait_timeout_while(state, patience, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        if state.waiting.is_empty() {
            return if state.closed { Work::Closed } else { Work::Idle };
        }
        let mut bytes = 0;
        let mut group = Vec::new();
        while group.len() < GROUP && bytes < GROUP_BYTES {
            let Some(request) = state.waiting.pop_front() else { break };
            bytes += request.transaction.size();
            group.push(request);
        }
        Work::Group(group)
    }

    /// Lets the writer look around although no transaction has come.
    pub(super) fn wake(&self) {
        self.lock().woken = true;
        self.filled.notify_one();
    }

    /// Takes no more; what waits is still written.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
