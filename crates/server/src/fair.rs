//! A bounded number of places, given to sources in turn: who floods waits behind himself, not others
//! behind him.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Places for work that costs much, and those who wait for one, by where they come from.
pub(crate) struct Places {
    state: Mutex<State>,
    /// How many may wait.
    queue: usize,
    /// How long one waits at most.
    patience: Duration,
}

struct State {
    free: usize,
    waiting: usize,
    queues: HashMap<IpAddr, Queue>,
    /// Each source that waits, once; the first is the next to get a place.
    turns: VecDeque<IpAddr>,
}

/// Those of one source who wait, in order.
type Queue = VecDeque<oneshot::Sender<Place>>;

/// A place that was taken; free again when it is dropped.
pub(crate) struct Place(Option<Arc<Places>>);

/// No place in time, or too many wait already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crowded;

impl Places {
    /// So many places, so many who may wait, and how long.
    pub(crate) fn new(places: usize, queue: usize, patience: Duration) -> Arc<Self> {
        let state =
            State { free: places, waiting: 0, queues: HashMap::new(), turns: VecDeque::new() };
        Arc::new(Self { state: Mutex::new(state), queue, patience })
    }

    /// Takes a place for somebody from this source; waits for its turn where there is none.
    ///
    /// # Errors
    /// [`Crowded`] at once where too many wait and no other source has more of them, and when the
    /// wait was too long. One of the source that has most gives way to one of another.
    pub(crate) async fn take(self: &Arc<Self>, source: IpAddr) -> Result<Place, Crowded> {
        let (turn, pushed_out) = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Place(Some(Arc::clone(self))));
            }
            let pushed_out = state.make_room(self.queue, source)?;
            (state.enqueue(source), pushed_out)
        };
        // Wakes the one who gave way, without the lock.
        drop(pushed_out);
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Crowded),
        }
    }

    /// Gives a place that is free now to whoever is next.
    fn pass_on(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                match state.next() {
                    Some(next) => next,
                    None => {
                        state.free += 1;
                        return;
                    }
                }
            };
            match next.send(Place(Some(Arc::clone(self)))) {
                Ok(()) => return,
                // Gone meanwhile; the place is not given back, it is given to the next one.
                Err(mut place) => drop(place.0.take()),
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enqueue(&mut self, source: IpAddr) -> oneshot::Receiver<Place> {
        let (sender, receiver) = oneshot::channel();
        let queue = self.queues.entry(source).or_default();
        if queue.is_empty() {
            self.turns.push_back(source);
        }
        queue.push_back(sender);
        self.waiting += 1;
        receiver
    }

    /// Sees to it that one more of this source may wait; whom it pushed out.
    fn make_room(
        &mut self,
        most: usize,
        source: IpAddr,
    ) -> Result<Option<oneshot::Sender<Place>>, Crowded> {
        if self.waiting >= most {
            self.forget_gone();
        }
        if self.waiting < most {
            return Ok(None);
        }
        let own = self.queues.get(&source).map_or(0, VecDeque::len);
        let longest = self.queues.iter().max_by_key(|(_, queue)| queue.len());
        // With one less it must still have as many as this source has then.
        let longest = longest.filter(|(_, queue)| queue.len() > own + 1);
        let longest = longest.map(|(key, _)| *key);
        let queue = longest.and_then(|key| self.queues.get_mut(&key)).ok_or(Crowded)?;
        // The last one: the others have waited longer.
        let pushed_out = queue.pop_back();
        self.waiting -= 1;
        Ok(pushed_out)
    }

    /// Forgets those who wait no more: clients that have left, or lost patience.
    fn forget_gone(&mut self) {
        self.queues.retain(|_, queue| {
            queue.retain(|waiting| !waiting.is_closed());
            !queue.is_empty()
        });
        self.turns.retain(|source| self.queues.contains_key(source));
        self.waiting = self.queues.values().map(VecDeque::len).sum();
    }

    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        let source = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&source)?;
        let next = queue.pop_front();
        self.waiting -= usize::from(next.is_some());
        if queue.is_empty() {
            self.queues.remove(&source);
        } else {
            self.turns.push_back(source);
        }
        next
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = self.0.take() {
            places.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::{JoinHandle, yield_now};

    const PATIENCE: Duration = Duration::from_secs(20);

    impl Places {
        /// Free places, and those who wait.
        fn counts(&self) -> (usize, usize) {
            let state = self.state();
            (state.free, state.waiting)
        }
    }

    type Taken = JoinHandle<Result<Place, Crowded>>;

    fn from(source: u8) -> IpAddr {
        IpAddr::from([192, 0, source, 0])
    }

    async fn wait(places: &Arc<Places>, source: u8) -> Taken {
        let places = Arc::clone(places);
        let waiting = tokio::spawn(async move { places.take(from(source)).await });
        yield_now().await;
        waiting
    }

    /// T59: a source that floods is served as often as one that comes once.
    #[tokio::test(start_paused = true)]
    async fn sources_take_turns() {
        let places = Places::new(1, 100, PATIENCE);
        let mut held = places.take(from(b'a')).await.unwrap();
        let mut waiting: Vec<(u8, Taken)> = Vec::new();
        for source in *b"aaaabac" {
            waiting.push((source, wait(&places, source).await));
        }
        let mut order = String::new();
        while !waiting.is_empty() {
            drop(held);
            yield_now().await;
            let next = waiting.iter().position(|(_, turn)| turn.is_finished()).unwrap();
            let (source, turn) = waiting.remove(next);
            order.push(source.into());
            held = turn.await.unwrap().unwrap();
            assert!(!waiting.iter().any(|(_, turn)| turn.is_finished()), "one place only");
        }
        assert_eq!(order, "abcaaaa");
    }

    /// T59: n−1, n and n+1 who wait; who comes from elsewhere takes the place of one of the most.
    #[tokio::test(start_paused = true)]
    async fn a_flood_gives_way_when_the_queue_is_full() {
        let places = Places::new(1, 3, PATIENCE);
        let held = places.take(from(b'a')).await.unwrap();
        let (first, second) = (wait(&places, b'a').await, wait(&places, b'a').await);
        let third = wait(&places, b'a').await;
        assert!(!third.is_finished());
        assert!(matches!(places.take(from(b'a')).await, Err(Crowded)), "no room for the flood");
        let other = wait(&places, b'b').await;
        assert!(matches!(third.await.unwrap(), Err(Crowded)), "the last of the flood gave way");
        // Two of a and one of b: one more of b would only turn that around.
        assert!(matches!(places.take(from(b'b')).await, Err(Crowded)));
        drop(held);
        for served in [first, other, second] {
            drop(served.await.unwrap().unwrap());
        }
        assert_eq!(places.counts(), (1, 0));
    }

    /// Nobody waits for ever, and who has left or lost patience takes nobody's place.
    #[tokio::test(start_paused = true)]
    async fn those_who_left_hold_nothing() {
        let places = Places::new(2, 2, PATIENCE);
        let held = (places.take(from(b'a')).await.unwrap(), places.take(from(b'a')).await.unwrap());
        let begun = tokio::time::Instant::now();
        assert!(matches!(places.take(from(b'b')).await, Err(Crowded)));
        assert_eq!(begun.elapsed(), PATIENCE);
        for _ in 0..5 {
            let leaves = wait(&places, b'b').await;
            assert!(!leaves.is_finished());
            leaves.abort();
            yield_now().await;
        }
        let stays = wait(&places, b'c').await;
        // Behind it, so that its place is given to nobody.
        let leaves = wait(&places, b'b').await;
        leaves.abort();
        yield_now().await;
        drop(held);
        drop(stays.await.unwrap().unwrap());
        assert_eq!(places.counts(), (2, 0));
    }
}
