//! One unfinished command: from its arrival to its tagged reply.

use crate::selection::Selection;
use crate::{Enabled, Host, JobId, Outcome, View};
use bytes::Bytes;
use peregrine_proto::command::Messages;
use peregrine_proto::effects::{Effects, Resource, Scope, Use};
use peregrine_proto::number::UidRanges;
use peregrine_proto::{CommandBody, Tag};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::time::Instant;

/// A command that has arrived and has not been answered.
pub(crate) struct Entry<H: Host> {
    pub id: JobId,
    /// `None` where the line's tag could not be read.
    pub tag: Option<Tag>,
    /// For traces.
    pub name: &'static str,
    pub kind: Kind,
    pub effects: Effects,
    /// What [`Effects::change`] says.
    pub changes: bool,
    pub stage: Stage<H>,
    /// What it asks, until the caller has fetched its job.
    pub body: Option<Box<CommandBody>>,
    /// Octets of the command as it came in.
    pub octets: usize,
    /// Messages in the caller's storage that this command brought, until a job owns them.
    pub spooled: SmallVec<[u64; 1]>,
    pub blocks: Blocks,
    /// When the client last saw that it goes on: its start, a piece of its answer, or word of it.
    pub last_word: Instant,
    /// The mailbox as its answers show it and its sequence set means it, where it touches flags.
    pub started_with: Option<View<H::Snapshot>>,
    /// ENABLE: what is on once it has been answered.
    pub enables: Enabled,
    /// It was the first that spoke of MODSEQs: its answer tells HIGHESTMODSEQ.
    pub first_of_mod_seqs: bool,
}

/// Where a command stands.
pub(crate) enum Stage<H: Host> {
    /// It has arrived. `behind` is what stood in its way when that was looked at last.
    Waiting { behind: Option<Behind> },
    /// The caller runs it.
    Running,
    /// It has ended and waits for its turn to be answered.
    Finishing(Ending<H>),
}

/// An earlier unfinished command that another one waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Behind {
    pub job: JobId,
    /// It had started: otherwise its start may set the other one free.
    pub started: bool,
}

/// What is left to do for a command that has ended.
pub(crate) struct Ending<H: Host> {
    pub outcome: Box<Outcome<H>>,
    /// What its `Transition::Selected` has become: it takes the new mailbox's updates until it
    /// is answered.
    pub selection: Option<Box<Selection<H>>>,
}

/// What one job gave and what waits to be sent.
#[derive(Default)]
pub(crate) struct Blocks {
    pub queue: VecDeque<Piece>,
    /// Octets in `queue`.
    pub octets: usize,
    /// Octets sent so far, data and reply included.
    pub sent: u64,
    /// The writer's clock for this job: grows with what it sends, so that the one that is least
    /// ahead goes next.
    pub turn: u64,
    /// How much had been put in order for sending when this job had its turn last, or began to wait
    /// for it.
    pub since: u64,
}

/// Octets that a job gave at once.
pub(crate) struct Piece {
    pub octets: Bytes,
    /// A response ends with it: other answers may follow.
    pub ends: bool,
}

/// What the machine must know of a command beyond its effects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// FETCH; `uid` for the UID form.
    Fetch { uid: bool },
    /// STORE; `silent` for .SILENT.
    Store { uid: bool, silent: bool },
    /// SEARCH, SORT and THREAD.
    Search { uid: bool },
    /// COPY.
    Copy { uid: bool },
    /// MOVE, REPLACE and EXPUNGE.
    Remove { uid: bool },
    /// LOGIN and AUTHENTICATE.
    LogIn,
    /// IDLE
    Idle,
    /// STARTTLS
    StartTls,
    /// COMPRESS and UNAUTHENTICATE: what follows may be in another layer.
    Layer,
    /// DELETE
    Delete,
    /// Any other.
    Plain,
}

impl Kind {
    /// What kind a command is of.
    pub fn of(body: &CommandBody) -> Self {
        match body {
            CommandBody::Fetch(fetch) => Self::Fetch { uid: fetch.messages.is_uid() },
            CommandBody::Store(store) => {
                Self::Store { uid: store.messages.is_uid(), silent: store.silent }
            }
            CommandBody::Search(search) => Self::Search { uid: search.uid },
            CommandBody::Sort(sort) => Self::Search { uid: sort.uid },
            CommandBody::Thread(thread) => Self::Search { uid: thread.uid },
            CommandBody::Copy(copy) => Self::Copy { uid: copy.messages.is_uid() },
            CommandBody::Move(r#move) => Self::Remove { uid: r#move.messages.is_uid() },
            CommandBody::Replace(replace) => Self::Remove { uid: replace.old.is_uid() },
            CommandBody::Expunge(expunge) => Self::Remove { uid: expunge.only.is_some() },
            CommandBody::Login(_) | CommandBody::Authenticate(_) => Self::LogIn,
            CommandBody::Idle(_) => Self::Idle,
            CommandBody::StartTls(_) => Self::StartTls,
            CommandBody::Compress(_) | CommandBody::Unauthenticate(_) => Self::Layer,
            CommandBody::Delete(_) => Self::Delete,
            _ => Self::Plain,
        }
    }

    /// RFC 3501 §7.4.1: no EXPUNGE while responding to FETCH, STORE or SEARCH; their UID forms
    /// may have it (§6.4.8).
    pub fn forbids_expunge(self) -> bool {
        matches!(
            self,
            Self::Fetch { uid: false }
                | Self::Store { uid: false, .. }
                | Self::Search { uid: false }
        )
    }

    /// Whether the client speaks in UIDs here, so that updates name them too.
    pub fn by_uid(self) -> bool {
        matches!(
            self,
            Self::Fetch { uid: true }
                | Self::Store { uid: true, .. }
                | Self::Search { uid: true }
                | Self::Copy { uid: true }
                | Self::Remove { uid: true }
        )
    }

    /// Whether sequence numbers occur in its answers only: it may as well be started with new ones.
    pub fn only_answers_numbers(self) -> bool {
        matches!(self, Self::Fetch { uid: true } | Self::Store { uid: true, .. })
    }

    /// Whether its data is numbered by the view that it started with.
    pub fn tells_messages(self) -> bool {
        matches!(self, Self::Fetch { .. } | Self::Store { .. })
    }
}

impl<H: Host> Entry<H> {
    /// Whether it has started and is not answered.
    pub fn is_started(&self) -> bool {
        !matches!(self.stage, Stage::Waiting { .. })
    }

    /// The messages whose flags it reads or changes, where FETCH or STORE names them.
    pub fn flagged(&self) -> Option<&Messages> {
        let messages = |used: &'_ Use| matches!(used.resource, Resource::Flags(Scope::Messages(_)));
        let used = self.effects.uses.iter().find(|used| messages(used))?;
        match &used.resource {
            Resource::Flags(Scope::Messages(messages)) if self.kind.tells_messages() => {
                Some(messages)
            }
            _ => None,
        }
    }

    /// The flags, or at least the MODSEQs where `mod_seqs`, that its answers showed: of which
    /// messages, as they were when it started.
    pub fn shown(&self, mod_seqs: bool) -> Option<(&View<H::Snapshot>, &Messages)> {
        if matches!(self.kind, Kind::Store { silent: true, .. }) && !mod_seqs {
            return None;
        }
        Some((self.started_with.as_ref()?, self.flagged()?))
    }

    /// The messages whose flags it is changing, where it has not said yet what came of it: a STORE
    /// that has not ended, a FETCH that sets \Seen and has not begun to answer. A long FETCH does
    /// not hold back news of flags for longer than that.
    pub fn changing(&self) -> Option<UidRanges> {
        let silent = self.blocks.sent == 0 && self.blocks.queue.is_empty();
        let changes = match self.kind {
            Kind::Store { .. } => true,
            Kind::Fetch { .. } => self.changes && silent,
            _ => false,
        };
        let running = matches!(self.stage, Stage::Running);
        let view = self.started_with.as_ref().filter(|_| changes && running)?;
        Some(view.uids(self.flagged()?))
    }

    /// Whether the client waits for it, and should hear that it goes on: not IDLE, which goes on as
    /// the client likes.
    pub fn is_awaited(&self) -> bool {
        matches!(self.stage, Stage::Running) && self.kind != Kind::Idle && self.tag.is_some()
    }

    /// Whether it changes the connection as a whole: what follows it cannot even be framed
    /// before it has ended.
    pub fn is_barrier(&self) -> bool {
        self.changes(|resource| matches!(resource, Resource::Connection))
    }

    /// Whether it changes which mailbox is selected.
    pub fn selects(&self) -> bool {
        self.changes(|resource| matches!(resource, Resource::Selection))
    }

    /// Whether it replaces what `$` means.
    pub fn saves_result(&self) -> bool {
        self.changes(|resource| matches!(resource, Resource::SavedResult))
    }

    /// What is left to do, where it has ended.
    pub fn ending_mut(&mut self) -> Option<&mut Ending<H>> {
        match &mut self.stage {
            Stage::Finishing(ending) => Some(ending),
            _ => None,
        }
    }

    /// Takes out what is left to do, where it has ended.
    pub fn take_ending(&mut self) -> Option<Ending<H>> {
        match std::mem::replace(&mut self.stage, Stage::Running) {
            Stage::Finishing(ending) => Some(ending),
            _ => None,
        }
    }

    /// Whether it has something to stream.
    pub fn streams(&self) -> bool {
        !self.blocks.queue.is_empty() && self.effects.answers.is_none()
    }

    /// Octets that wait to be sent for it.
    pub fn output(&self) -> usize {
        let ended = match &self.stage {
            Stage::Finishing(ending) => ending.outcome.before.len() + ending.outcome.data.len(),
            _ => 0,
        };
        self.blocks.octets + ended
    }

    fn changes(&self, which: impl Fn(&Resource) -> bool) -> bool {
        let changes = |used: &Use| used.access.changes() && which(&used.resource);
        self.effects.uses.iter().any(changes)
    }
}

impl Blocks {
    /// Adds a piece. A job that had none starts at the writer's present `turn`, so it neither
    /// jumps far ahead nor pays for the past. `put` is how much is in order for sending.
    pub fn push(&mut self, piece: Piece, turn: u64, put: u64) {
        if self.queue.is_empty() {
            self.turn = self.turn.max(turn);
            self.since = put;
        }
        self.octets += piece.octets.len();
        self.queue.push_back(piece);
    }

    /// Takes the next piece.
    pub fn pop(&mut self, put: u64) -> Option<Piece> {
        let piece = self.queue.pop_front()?;
        let octets = piece.octets.len();
        self.octets -= octets;
        self.turn += octets as u64;
        self.since = put + octets as u64;
        Some(piece)
    }

    /// Drops the parts at the end that no end follows; how many octets they had.
    pub fn drop_unended(&mut self) -> usize {
        let before = self.octets;
        while let Some(piece) = self.queue.pop_back_if(|piece| !piece.ends) {
            self.octets -= piece.octets.len();
        }
        before - self.octets
    }
}
