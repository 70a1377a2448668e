//! Work that keeps a core busy: looking through bodies, sorting, threading. As much at once as there
//! are cores, for all accounts together, so that neither the async threads nor memory pay for many
//! searches.
//!
//! Work comes in slices of some milliseconds. Accounts take turns, and within one account the
//! slices run in the order in which they came: a user with a hundred searches has no larger share
//! than one with a single search.

use crate::{AccountId, Error};
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::sync::oneshot;

/// The turns of this process.
static TURNS: LazyLock<Arc<Turns>> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Turns::new(cores))
});

/// Who may work now, and who is next.
struct Turns {
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Accounts for which something waits, the next one first.
    waiting: VecDeque<(AccountId, VecDeque<oneshot::Sender<Turn>>)>,
    /// How many turns are taken.
    taken: usize,
}

/// The right to keep a core busy; the next one has it when it is dropped.
struct Turn(Arc<Turns>);

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
    TURNS.run(account, work).await
}

impl Turns {
    fn new(most: usize) -> Self {
        Self { most, state: Mutex::default() }
    }

    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        account: AccountId,
        work: impl FnOnce(&Wanted<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.turn(account).await?;
        let (reply, answer) = oneshot::channel();
        // On the runtime's own threads, so that a simulated clock stands still meanwhile.
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            if !reply.is_closed() {
                let result = work(&Wanted(&|| !reply.is_closed()));
                // Nobody may wait any more.
                let _ = reply.send(result);
            }
        });
        answer.await.map_err(|_| Error::bug("a slice of work panicked"))?
    }

    async fn turn(self: &Arc<Self>, account: AccountId) -> Result<Turn, Error> {
        let waits = {
            let mut state = self.lock();
            if state.taken < self.most {
                state.taken += 1;
                return Ok(Turn(Arc::clone(self)));
            }
            let (sender, waits) = oneshot::channel();
            match state.waiting.iter_mut().find(|(other, _)| *other == account) {
                Some((_, senders)) => senders.push_back(sender),
                None => state.waiting.push_back((account, VecDeque::from([sender]))),
            }
            waits
        };
        waits.await.map_err(|_| Error::bug("a turn was lost"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.lock();
            let next = state.next();
            state.taken -= usize::from(next.is_none());
            next
        };
        if let Some(next) = next {
            // If nobody waits there any more, the turn comes back here and is dropped again.
            let _ = next.send(Turn(Arc::clone(&self.0)));
        }
    }
}

impl State {
    /// Who is next and still waits; the account goes behind the others.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        loop {
            let (account, mut senders) = self.waiting.pop_front()?;
            let next = senders.pop_front();
            if !senders.is_empty() {
                self.waiting.push_back((account, senders));
            }
            if let Some(next) = next.filter(|next| !next.is_closed()) {
                return Some(next);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::mpsc;

    /// Holds the only turn.
    async fn held(turns: &Arc<Turns>) -> Turn {
        turns.turn(AccountId(99)).await.unwrap()
    }

    /// One account with many slices does not keep another's waiting.
    #[tokio::test]
    async fn accounts_take_turns() {
        let turns = Arc::new(Turns::new(1));
        let turn = held(&turns).await;
        let (done, order) = mpsc::channel();
        let mut slices = Vec::new();
        for (account, name) in [(1, 'a'), (1, 'b'), (1, 'c'), (2, 'x'), (2, 'y'), (3, 'z')] {
            let done = done.clone();
            let mut slice = Box::pin(turns.run(AccountId(account), move |_| {
                done.send(name).unwrap();
                Ok(())
            }));
            assert!((&mut slice).now_or_never().is_none());
            slices.push(slice);
        }
        drop((turn, done));
        for slice in futures_util::future::join_all(slices).await {
            slice.unwrap();
        }
        assert_eq!(order.iter().collect::<String>(), "axzbyc");
    }

    /// What nobody waits for any more is not begun, and its turn goes on.
    #[tokio::test]
    async fn a_dropped_slice_is_not_begun() {
        let turns = Arc::new(Turns::new(1));
        let turn = held(&turns).await;
        let mut slice = Box::pin(turns.run(AccountId(1), |_| -> Result<(), Error> { panic!() }));
        assert!((&mut slice).now_or_never().is_none());
        drop(slice);
        drop(turn);
        assert_eq!(turns.run(AccountId(1), |_| Ok(1)).await.unwrap(), 1);
    }

    /// A panic costs its own slice.
    #[tokio::test]
    async fn a_panic_ends_one_slice() {
        let turns = Arc::new(Turns::new(1));
        let failed = turns.run(AccountId(1), |_| -> Result<(), Error> { panic!("on purpose") });
        assert!(matches!(failed.await, Err(Error::Bug { .. })));
        assert_eq!(turns.run(AccountId(1), |_| Ok(1)).await.unwrap(), 1);
    }

    /// A simulated clock stands still while a slice is done: a search's time does not run out.
    #[tokio::test(start_paused = true)]
    async fn simulated_time_waits_for_the_work() {
        let turns = Arc::new(Turns::new(1));
        let (open, gate) = mpsc::channel::<()>();
        let work = turns.run(AccountId(1), move |_| Ok(gate.recv().is_err()));
        let limit = std::time::Duration::from_secs(30);
        let opened = async {
            tokio::task::yield_now().await;
            drop(open);
        };
        let (done, ()) = tokio::join!(tokio::time::timeout(limit, work), opened);
        assert!(done.unwrap().unwrap());
    }
}
