//! Threads for work that keeps a core busy: looking through bodies, sorting, threading. As many as
//! there are cores, for all accounts together, so that neither the async threads nor memory pay for
//! many searches.
//!
//! Work comes in slices of some milliseconds. Accounts take turns, and within one account the
//! slices run in the order in which they came: a user with a hundred searches has no larger share
//! than one with a single search.

use crate::{AccountId, Error};
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::sync::oneshot;

/// The threads of this process.
static WORKERS: LazyLock<Arc<Workers>> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Workers::new(cores))
});

/// A slice of work, with the one who waits for it.
type Slice = Box<dyn FnOnce() + Send>;

/// Threads that take slices of work.
struct Workers {
    most: usize,
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    /// Accounts for which something waits, the next one first.
    turns: VecDeque<(AccountId, VecDeque<Slice>)>,
    /// How many slices wait.
    waiting: usize,
    threads: usize,
    idle: usize,
}

/// Whether somebody still waits for a slice of work.
pub(crate) struct Wanted<'a>(&'a dyn Fn() -> bool);

impl Wanted<'_> {
    /// To be asked every millisecond or so; where nobody waits any more, the work is best ended.
    pub(crate) fn still(&self) -> bool {
        (self.0)()
    }
}

/// Does a slice of work for an account when its turn has come. If the future is dropped, the
/// slice is not begun, or is told by [`Wanted`].
///
/// # Errors
/// What the work answers; [`Error::Bug`] where it panics.
pub(crate) async fn run<T: Send + 'static>(
    account: AccountId,
    work: impl FnOnce(&Wanted<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    WORKERS.run(account, work).await
}

impl Workers {
    fn new(most: usize) -> Self {
        Self { most, state: Mutex::default(), filled: Condvar::new() }
    }

    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        account: AccountId,
        work: impl FnOnce(&Wanted<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.push(
            account,
            Box::new(move || {
                if !reply.is_closed() {
                    let result = work(&Wanted(&|| !reply.is_closed()));
                    // Nobody may wait any more.
                    let _ = reply.send(result);
                }
            }),
        )?;
        answer.await.map_err(|_| Error::bug("a slice of work panicked"))?
    }

    fn push(self: &Arc<Self>, account: AccountId, slice: Slice) -> Result<(), Error> {
        let mut state = self.lock();
        match state.turns.iter_mut().find(|(other, _)| *other == account) {
            Some((_, slices)) => slices.push_back(slice),
            None => state.turns.push_back((account, VecDeque::from([slice]))),
        }
        state.waiting += 1;
        // An idle thread that was told of a slice may not have taken it yet.
        if state.waiting > state.idle && state.threads < self.most {
            state.threads += 1;
            let workers = Arc::clone(self);
            let named = thread::Builder::new().name("search".into());
            if let Err(error) = named.spawn(move || workers.work()) {
                state.threads -= 1;
                // Those that there are will do it.
                if state.threads == 0 {
                    return Err(Error::Unavailable { cause: error.to_string() });
                }
            }
        }
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// A thread's life.
    fn work(&self) {
        loop {
            let mut state = self.lock();
            while state.turns.is_empty() {
                state.idle += 1;
                state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
            let slice = state.next();
            drop(state);
            if let Some(slice) = slice {
                // Whoever waits is told by the channel that closes.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(slice));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next slice; its account goes behind the others.
    fn next(&mut self) -> Option<Slice> {
        let (account, mut slices) = self.turns.pop_front()?;
        let slice = slices.pop_front();
        self.waiting -= 1;
        if !slices.is_empty() {
            self.turns.push_back((account, slices));
        }
        slice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn one_thread() -> Arc<Workers> {
        Arc::new(Workers::new(1))
    }

    /// Holds the only thread until the sender is dropped; returns when it has begun.
    fn held(workers: &Arc<Workers>) -> mpsc::Sender<()> {
        let (open, gate) = mpsc::channel::<()>();
        let (begun, wait) = mpsc::channel();
        let slice = Box::new(move || {
            begun.send(()).unwrap();
            let _ = gate.recv();
        });
        workers.push(AccountId(99), slice).unwrap();
        wait.recv().unwrap();
        open
    }

    /// One account with many slices does not keep another's waiting.
    #[test]
    fn accounts_take_turns() {
        let workers = one_thread();
        let open = held(&workers);
        let (done, order) = mpsc::channel();
        for (account, name) in [(1, 'a'), (1, 'b'), (1, 'c'), (2, 'x'), (2, 'y'), (3, 'z')] {
            let done = done.clone();
            workers.push(AccountId(account), Box::new(move || done.send(name).unwrap())).unwrap();
        }
        drop((open, done));
        assert_eq!(order.iter().collect::<String>(), "axzbyc");
    }

    /// What nobody waits for any more is not begun.
    #[tokio::test]
    async fn a_dropped_slice_is_not_begun() {
        let workers = one_thread();
        let open = held(&workers);
        let (begun, wait) = mpsc::channel();
        let mut slice = Box::pin(
            workers.run(AccountId(1), move |_| begun.send(()).map_err(|_| Error::Expunged)),
        );
        assert!(is_pending(&mut slice).await);
        drop(slice);
        drop(open);
        assert!(wait.recv().is_err());
    }

    /// Whether a future waits.
    async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|cx| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_pending())
        })
        .await
    }

    /// A panic costs its own slice.
    #[tokio::test]
    async fn a_panic_ends_one_slice() {
        let workers = one_thread();
        let failed = workers.run(AccountId(1), |_| -> Result<(), Error> { panic!("on purpose") });
        assert!(matches!(failed.await, Err(Error::Bug { .. })));
        assert_eq!(workers.run(AccountId(1), |_| Ok(1)).await.unwrap(), 1);
    }
}
