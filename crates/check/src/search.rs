//! Looks for an order in which everything that was answered and told is right.
//!
//! In the manner of Wing and Gong, with Lowe's memory of what was tried: from the first moment on,
//! something is done of which everything that must come before is done. What changes nothing is
//! put as early as it fits; what has nothing to do with anything left is put at once; only where
//! neither is left, the different possibilities are tried.

use crate::bits::Bits;
use crate::dialogue::Message;
use crate::graph::{Graph, Kind};
use crate::model::{Context, Doing, Next, State, Why};
use std::collections::HashSet;

/// Moments that are tried before the search gives up.
pub(crate) const MOST_MOMENTS: usize = 20_000;

/// What came of a search.
pub(crate) enum Outcome {
    /// An order that explains everything.
    Found(Vec<usize>),
    /// There is none.
    None,
    /// Too many possibilities.
    GaveUp,
}

/// The moment at which most was explained.
pub(crate) struct Nearest {
    pub order: Vec<usize>,
    /// What could be done next, and why its answer is not right.
    pub stuck: Vec<(usize, Why)>,
}

pub(crate) struct Search<'a> {
    graph: &'a Graph,
    context: Context<'a>,
    /// Its answer is not looked at.
    ignored: Option<usize>,
    seen: HashSet<(Bits, u64)>,
    moments: usize,
    order: Vec<usize>,
    pub nearest: Nearest,
}

impl<'a> Search<'a> {
    pub fn new(graph: &'a Graph, context: Context<'a>, ignored: Option<usize>) -> Self {
        let nearest = Nearest { order: Vec::new(), stuck: Vec::new() };
        let (seen, order) = (HashSet::new(), Vec::new());
        Self { graph, context, ignored, seen, moments: 0, order, nearest }
    }

    pub fn run(&mut self) -> Outcome {
        let state = State::new(self.context.dialogues);
        let done = Bits::new(self.graph.things.len());
        if self.explore(state, done) {
            return Outcome::Found(std::mem::take(&mut self.order));
        }
        if self.moments >= MOST_MOMENTS { Outcome::GaveUp } else { Outcome::None }
    }

    /// Whether all the rest can be explained from here on; `order` is then complete, and else as it
    /// was.
    fn explore(&mut self, mut state: State, mut done: Bits) -> bool {
        let begun = self.order.len();
        if self.advance(&mut state, &mut done) {
            if done.count() == self.graph.things.len() {
                return true;
            }
            self.moments += 1;
            if self.moments < MOST_MOMENTS && self.seen.insert((done.clone(), state.digest())) {
                let mut ready = self.ready(&done);
                ready.sort_by_key(|thing| self.graph.things[*thing].at);
                if ready.into_iter().any(|thing| self.branch(&state, &done, thing)) {
                    return true;
                }
                self.note(&state, &done);
            }
        } else {
            self.note(&state, &done);
        }
        self.order.truncate(begun);
        false
    }

    fn branch(&mut self, state: &State, done: &Bits, thing: usize) -> bool {
        let Ok(next) = self.attempt(state, thing) else { return false };
        let mut done = done.clone();
        done.add(thing);
        self.order.push(thing);
        let states = match next {
            Next::Same => vec![state.clone()],
            Next::Made(states) => states,
        };
        if states.into_iter().any(|state| self.explore(state, done.clone())) {
            return true;
        }
        self.order.pop();
        false
    }

    /// Does all that may be done without a choice; `false` where something can never be right.
    fn advance(&mut self, state: &mut State, done: &mut Bits) -> bool {
        loop {
            let mut moved = false;
            for thing in self.ready(done) {
                // Nothing that is left can change what comes of it.
                let graph = self.graph;
                let alone = |others: &Bits| !others.has_outside(done, &graph.after[thing]);
                let reads = graph.things[thing].only_reads;
                let settled = alone(&graph.changers[thing]);
                if !reads && !alone(&graph.rivals[thing]) {
                    continue;
                }
                match self.attempt(state, thing) {
                    Ok(Next::Same) => {}
                    Ok(Next::Made(mut states)) if states.len() == 1 => {
                        if let Some(only) = states.pop() {
                            *state = only;
                        }
                    }
                    Ok(Next::Made(_)) => continue,
                    Err(_) if settled => return false,
                    Err(_) => continue,
                }
                done.add(thing);
                self.order.push(thing);
                moved = true;
            }
            if !moved {
                return true;
            }
        }
    }

    /// What may come next.
    fn ready(&self, done: &Bits) -> Vec<usize> {
        let things = 0..self.graph.things.len();
        let ready = |thing: &usize| !done.has(*thing) && self.graph.before[*thing].is_within(done);
        things.filter(ready).collect()
    }

    fn attempt(&self, state: &State, thing: usize) -> Result<Next, Why> {
        if self.ignored == Some(thing) {
            return Ok(Next::Same);
        }
        let (connection, context) = (self.graph.things[thing].connection, self.context);
        let dialogue = &context.dialogues[connection];
        match &self.graph.things[thing].kind {
            Kind::Command(ready) => {
                let told = ready.told.iter().filter_map(|place| dialogue.told(*place));
                let told: Vec<&Message> = told.collect();
                let asked = &dialogue.asked[ready.place];
                Doing { context, connection, asked, views: &ready.views, told: &told }.apply(state)
            }
            Kind::Told(place) => {
                let told = &dialogue.observations[*place];
                context.observe(state, connection, told.selection, &told.kind)
            }
            Kind::Settled(selection, view) => context.settled(state, connection, *selection, view),
        }
    }

    fn note(&mut self, state: &State, done: &Bits) {
        if !self.context.words || self.order.len() < self.nearest.order.len() {
            return;
        }
        let ready = self.ready(done).into_iter();
        let stuck = ready.filter_map(|thing| Some((thing, self.attempt(state, thing).err()?)));
        self.nearest = Nearest { order: self.order.clone(), stuck: stuck.collect() };
    }
}
