//! The scheduler: commands in order of arrival, and which of them may start.
//!
//! A command starts when no earlier unfinished command, running or waiting, conflicts with it
//! (`peregrine_proto::effects::conflicts` judges each pair). So independent commands overtake and
//! dependent ones never do.

use crate::entry::{Behind, Ending, Entry, Kind, Piece, Stage};
use crate::selection::Selection;
use crate::{Host, JobId};
use peregrine_proto::effects::{Situation, conflicts};
use peregrine_proto::number::UidRanges;
use std::collections::VecDeque;

/// All unfinished commands, in order of arrival.
pub(crate) struct Schedule<H: Host> {
    entries: VecDeque<Box<Entry<H>>>,
    last: u64,
    /// The turn of the block that was sent last.
    turn: u64,
    /// Until so many octets are put in order for sending, no stream has been passed by too many.
    patient_until: u64,
    /// The job of whose response a part has been sent, and its end has not.
    open: Option<JobId>,
    /// Octets of all entries.
    octets: usize,
    /// Octets of all answers that wait to be sent.
    output: usize,
    /// How many wait to start.
    waiting: usize,
    /// How many have ended and wait to be answered.
    finishing: usize,
    /// How many change the connection.
    barriers: usize,
    /// How many change anything.
    changing: usize,
    /// How many have started that use sequence numbers.
    numbering: usize,
    /// How many have started that change the selection.
    selecting: usize,
}

/// Why a command must wait: the earlier command, and what both touch.
pub(crate) struct Obstacle {
    pub behind: Behind,
    pub resource: &'static str,
}

impl<H: Host> Schedule<H> {
    pub fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            last: 0,
            turn: 0,
            patient_until: 0,
            open: None,
            octets: 0,
            output: 0,
            waiting: 0,
            finishing: 0,
            barriers: 0,
            changing: 0,
            numbering: 0,
            selecting: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Octets of blocks and data that wait to be sent.
    pub fn output(&self) -> usize {
        self.output
    }

    /// Whether an unfinished command changes the connection: nothing behind it is framed.
    pub fn has_barrier(&self) -> bool {
        self.barriers > 0
    }

    pub fn has_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// Whether a started command changes which mailbox is selected.
    pub fn is_selecting(&self) -> bool {
        self.selecting > 0
    }

    /// The number of the command that arrived last.
    pub fn last(&self) -> u64 {
        self.last
    }

    pub fn next_id(&mut self) -> JobId {
        self.last += 1;
        JobId(self.last)
    }

    pub fn push(&mut self, entry: Box<Entry<H>>) {
        self.octets += entry.octets;
        self.output += entry.output();
        self.barriers += usize::from(entry.is_barrier());
        self.changing += usize::from(entry.changes);
        match entry.stage {
            Stage::Waiting { .. } => self.waiting += 1,
            Stage::Finishing(_) => self.finishing += 1,
            Stage::Running => {}
        }
        self.entries.push_back(entry);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Entry<H>> {
        self.entries.iter().map(|entry| &**entry)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry<H>> {
        self.entries.iter_mut().map(|entry| &mut **entry)
    }

    pub fn back(&self) -> Option<&Entry<H>> {
        self.entries.back().map(|entry| &**entry)
    }

    pub fn place(&self, id: JobId) -> Option<usize> {
        self.entries.binary_search_by_key(&id, |entry| entry.id).ok()
    }

    pub fn at(&self, place: usize) -> Option<&Entry<H>> {
        self.entries.get(place).map(|entry| &**entry)
    }

    pub fn at_mut(&mut self, place: usize) -> Option<&mut Entry<H>> {
        self.entries.get_mut(place).map(|entry| &mut **entry)
    }

    pub fn get(&self, id: JobId) -> Option<&Entry<H>> {
        self.place(id).and_then(|place| self.at(place))
    }

    /// Whether what a command waits for stands as it did.
    pub fn is_behind(&self, behind: Behind) -> bool {
        self.get(behind.job).is_some_and(|earlier| earlier.is_started() == behind.started)
    }

    /// Marks a waiting command as started or, where it is refused, as ended.
    pub fn start(&mut self, place: usize, stage: Stage<H>) {
        let Some(entry) = self.entries.get_mut(place) else { return };
        debug_assert!(!entry.is_started());
        entry.stage = stage;
        self.waiting -= 1;
        self.finishing += usize::from(matches!(entry.stage, Stage::Finishing(_)));
        self.output += entry.output();
        self.numbering += usize::from(entry.effects.numbers);
        self.selecting += usize::from(entry.selects());
    }

    /// Marks a running command as ended.
    pub fn finish(&mut self, place: usize, ending: Ending<H>) {
        let Some(entry) = self.entries.get_mut(place) else { return };
        debug_assert!(matches!(entry.stage, Stage::Running));
        self.finishing += 1;
        self.output -= entry.output();
        entry.stage = Stage::Finishing(ending);
        self.output += entry.output();
    }

    /// Adds a piece to a running command's answer.
    pub fn push_piece(&mut self, place: usize, piece: Piece, put: u64) {
        let turn = self.turn;
        let Some(entry) = self.entries.get_mut(place) else { return };
        self.output += piece.octets.len();
        entry.blocks.push(piece, turn, put);
    }

    /// Takes the next piece of a command's answer, which is to be sent now.
    pub fn pop_piece(&mut self, place: usize, put: u64) -> Option<Piece> {
        let entry = self.entries.get_mut(place)?;
        self.turn = entry.blocks.turn;
        let piece = entry.blocks.pop(put)?;
        self.output -= piece.octets.len();
        self.open = (!piece.ends).then_some(entry.id);
        Some(piece)
    }

    /// The job in the middle of whose response the client is: nothing else may be sent.
    pub fn open(&self) -> Option<JobId> {
        self.open
    }

    /// Drops the response that a job has begun and will not end; `false` where a part of it has
    /// been sent.
    pub fn drop_unended(&mut self, place: usize) -> bool {
        let Some(entry) = self.entries.get_mut(place) else { return true };
        self.output -= entry.blocks.drop_unended();
        self.open != Some(entry.id) || !entry.blocks.queue.is_empty()
    }

    /// Takes a command out.
    pub fn remove(&mut self, place: usize) -> Option<Box<Entry<H>>> {
        let entry = self.entries.remove(place)?;
        self.octets -= entry.octets;
        self.output -= entry.output();
        self.barriers -= usize::from(entry.is_barrier());
        self.changing -= usize::from(entry.changes);
        if entry.is_started() {
            self.numbering -= usize::from(entry.effects.numbers);
            self.selecting -= usize::from(entry.selects());
        }
        match entry.stage {
            Stage::Waiting { .. } => self.waiting -= 1,
            Stage::Finishing(_) => self.finishing -= 1,
            Stage::Running => {}
        }
        Some(entry)
    }

    /// Gives memory back while nothing is unfinished.
    pub fn rest(&mut self) {
        debug_assert!(self.entries.is_empty());
        self.entries = VecDeque::new();
    }

    /// What an entry that waits must still wait for.
    pub fn obstacle(&self, place: usize, selection: Option<&Selection<H>>) -> Option<Obstacle> {
        let later = self.entries.get(place)?;
        if self.changing == 0 {
            return None;
        }
        let situation = selection.map(Selection::situation).unwrap_or_default();
        // The nearest one first: a chain of dependent commands is then judged once each.
        let judged = self.entries.iter().take(place).filter(|one| one.changes || later.changes);
        judged.rev().find_map(|earlier| {
            let started = earlier.is_started();
            let situation = Situation { started, ..situation };
            let conflict = conflicts(&earlier.effects, &later.effects, situation)?;
            let behind = Behind { job: earlier.id, started };
            Some(Obstacle { behind, resource: conflict.why })
        })
    }

    /// Whether EXPUNGE may be told just before the reply to a command that has been taken out
    /// already (RFC 3501 §7.4.1).
    ///
    /// No other started command may use sequence numbers. Nor may one that waits use them in its
    /// words: the client sent it by the numbers that it knew, and sets of numbers are compared by
    /// one numbering. Only behind a command that itself removes messages the client has to reckon
    /// with new numbers.
    pub fn allows_expunge(&self, id: JobId, kind: Kind) -> bool {
        if kind.forbids_expunge() || self.numbering > 0 {
            return false;
        }
        let removes = matches!(kind, Kind::Remove { .. });
        let keeps = |entry: &Entry<H>| {
            let says = entry.effects.numbers && !entry.kind.only_answers_numbers();
            says && !(removes && entry.id > id)
        };
        self.waiting == 0 || !self.iter().any(|entry| !entry.is_started() && keeps(entry))
    }

    /// A command that has started and uses sequence numbers.
    pub fn numbering(&self) -> Option<JobId> {
        let numbers = |entry: &&Entry<H>| entry.is_started() && entry.effects.numbers;
        (self.numbering > 0).then(|| self.iter().find(numbers))?.map(|entry| entry.id)
    }

    /// The messages whose flags commands in progress are changing.
    pub fn changing(&self) -> UidRanges {
        let all = self.iter().filter_map(Entry::changing);
        UidRanges::from_unordered(all.flat_map(|uids| uids.ranges().to_vec()).collect())
    }

    /// The first command that has ended and whose turn it is: of its own blocks no more than `small`
    /// octets are left, which go with its reply, and no earlier command owes data of the same kind.
    pub fn completable(&self, small: usize) -> Option<usize> {
        if self.finishing == 0 || self.open.is_some() {
            return None;
        }
        self.entries.iter().enumerate().find_map(|(place, entry)| {
            let ended = matches!(entry.stage, Stage::Finishing(_));
            // What a job with such data streams is held until its turn, and goes with its reply.
            let drained = entry.blocks.octets <= small || entry.effects.answers.is_some();
            (ended && drained && self.is_first_of_its_kind(place)).then_some(place)
        })
    }

    /// Whether no earlier unfinished command answers with data that could be taken for this one's.
    fn is_first_of_its_kind(&self, place: usize) -> bool {
        let Some(answers) = self.entries[place].effects.answers else { return true };
        let mut earlier = self.entries.iter().take(place);
        !earlier.any(|earlier| earlier.effects.answers.is_some_and(|other| other.meets(answers)))
    }

    /// The command that has been passed by most, where that is at least `patience`: its next piece
    /// goes before anything else. `put` is how much is in order for sending.
    pub fn overdue(&mut self, put: u64, patience: usize) -> Option<usize> {
        if self.output == 0 || self.open.is_some() || put < self.patient_until {
            return None;
        }
        let streams = self.entries.iter().enumerate().filter(|(_, entry)| entry.streams());
        let first = streams.min_by_key(|(_, entry)| entry.blocks.since);
        // Who begins to wait later is overdue later.
        let since = first.map_or(put, |(_, entry)| entry.blocks.since);
        self.patient_until = since + patience as u64;
        first.filter(|_| put >= self.patient_until).map(|(place, _)| place)
    }

    /// The command whose piece goes next: the one that is least ahead, the older one if equal;
    /// but none other before the end of a response.
    pub fn next_piece(&self) -> Option<usize> {
        if let Some(id) = self.open {
            return self.place(id).filter(|place| self.entries[*place].streams());
        }
        let candidates = self.entries.iter().enumerate().filter(|(_, entry)| entry.streams());
        candidates.min_by_key(|(_, entry)| entry.blocks.turn).map(|(place, _)| place)
    }
}
