//! One connection as its client understands it: which reply and which data belong to which
//! command, and what each message number means at each moment. Whatever is wrong already there,
//! without regard to what mail there is, becomes a finding.

mod enabled;
mod read;
mod renames;
mod view;

pub(crate) use renames::{Moment, Renames, Span};

use crate::command::{Command, Extensions, STAR};
use crate::finding::Finding;
use crate::history::Record;
use peregrine_proto::number::{Bound, Number, NumberSet};
use peregrine_proto::response::{Code, SearchData, StatusData};
use peregrine_proto::{Response, Status};
use std::rc::Rc;

/// A message of one selection, from when it was told of to its EXPUNGE.
pub(crate) type EntryId = usize;

/// One connection, understood.
pub(crate) struct Dialogue {
    /// As in the record.
    pub asked: Vec<Asked>,
    pub entries: Vec<Entry>,
    pub selections: Vec<Selection>,
    pub observations: Vec<Observation>,
    pub findings: Vec<Finding>,
    /// It is not known which message a VANISHED meant: the client had not yet asked for its UID. Or
    /// which mailbox a DELETE: another session was renaming the one that was selected.
    pub unclear: bool,
}

/// What is known of a command.
pub(crate) struct Asked {
    pub command: Command,
    pub begun: u64,
    /// How many responses had come when it was sent.
    pub sent_at: usize,
    pub reply: Option<Reply>,
    /// It has no reply since the server has closed the connection, as it may: nobody knows whether
    /// it was done.
    pub lost: bool,
    /// What was enabled when it was sent.
    pub enabled: Extensions,
    /// The selection that it works in.
    pub selection: Option<usize>,
    /// That mailbox's name when the command was sent, where it is known.
    pub name: Option<String>,
    /// It deletes the selected mailbox.
    pub removes: bool,
    /// The selection that it opens.
    pub opens: Option<usize>,
    pub data: Data,
}

pub(crate) struct Reply {
    /// Among the responses.
    pub index: usize,
    pub at: u64,
    pub status: Status,
    pub code: Option<Code>,
}

/// Untagged data that was taken for a command's answer.
#[derive(Default)]
pub(crate) struct Data {
    /// SEARCH, SORT and THREAD.
    pub search: Vec<Vec<u32>>,
    /// ESEARCH.
    pub extended: Vec<SearchData>,
    /// Names of LIST and LSUB.
    pub names: Vec<String>,
    pub status: Vec<StatusData>,
    /// COPYUID of MOVE, APPENDUID of REPLACE.
    pub copied: Option<Code>,
    /// CLOSED, of SELECT.
    pub closed: bool,
    pub exists: u32,
    pub uid_next: Option<u32>,
    pub validity: Option<u32>,
    /// HIGHESTMODSEQ.
    pub highest: Option<u64>,
}

pub(crate) struct Entry {
    pub selection: usize,
    /// As FETCH has told.
    pub uid: Option<u32>,
}

/// A mailbox that was selected.
pub(crate) struct Selection {
    pub name: String,
    pub read_only: bool,
    /// Messages in their order, from this response on. The first is that of the SELECT.
    pub views: Vec<(usize, Rc<[EntryId]>)>,
    /// The SELECT.
    pub by: usize,
}

/// Something told of the selected mailbox.
pub(crate) struct Observation {
    /// Among the responses.
    pub index: usize,
    pub at: u64,
    pub selection: usize,
    pub kind: Told,
}

pub(crate) enum Told {
    /// EXISTS: these are new.
    More(Vec<EntryId>),
    /// EXPUNGE
    Gone(EntryId),
    /// BYE, since the mailbox was deleted (RFC 2180 §3.3).
    Deleted,
    /// FETCH
    Message(Message),
}

/// What FETCH told of a message.
pub(crate) struct Message {
    pub entry: EntryId,
    pub flags: Option<u16>,
    pub token: Option<String>,
    /// BINARY.SIZE
    pub size: Option<u64>,
    pub mod_seq: Option<u64>,
}

impl Dialogue {
    /// Whether the client was told, at some time, that the message is gone.
    pub fn is_expunged(&self, entry: EntryId) -> bool {
        self.observations.iter().any(|told| matches!(told.kind, Told::Gone(gone) if gone == entry))
    }

    /// Reads a record.
    pub fn read(number: usize, record: &Record, in_order: bool, renames: &Renames) -> Self {
        read::Reader::new(number, record, in_order, renames).read()
    }

    /// When a command was at work.
    pub fn moment(&self, place: usize) -> Moment {
        Moment { place, span: self.asked[place].span() }
    }

    /// Whether the command had been sent and was not replied to when this response came.
    pub fn is_pending(&self, command: usize, index: usize) -> bool {
        let asked = &self.asked[command];
        asked.sent_at <= index && asked.reply.as_ref().is_none_or(|reply| reply.index > index)
    }
}

impl Asked {
    /// Replied to with OK.
    pub fn is_ok(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| reply.status == Status::Ok)
    }

    /// From when it was sent to when it was answered.
    pub fn span(&self) -> Span {
        Span { begun: self.begun, at: self.reply.as_ref().map_or(u64::MAX, |reply| reply.at) }
    }

    pub fn code(&self) -> Option<&Code> {
        self.reply.as_ref()?.code.as_ref()
    }
}

impl Selection {
    /// The messages when this response came, itself not counted.
    pub fn view(&self, index: usize) -> &Rc<[EntryId]> {
        let later = self.views.iter().position(|(from, _)| *from >= index);
        &self.views[later.unwrap_or(self.views.len()).saturating_sub(1)].1
    }

    /// The different views from one response on up to another.
    pub fn views(&self, from: usize, to: usize) -> Vec<Rc<[EntryId]>> {
        let first = std::iter::once(self.view(from));
        let later = self.views.iter().filter(|(index, _)| (from..to).contains(index));
        let mut views: Vec<Rc<[EntryId]>> =
            first.chain(later.map(|(_, view)| view)).cloned().collect();
        views.dedup();
        views
    }
}

/// What a response is, where it can be read.
pub(crate) fn parse(octets: &bytes::Bytes) -> Result<Response, String> {
    Response::parse(octets).map_err(|error| error.to_string())
}

/// More messages than any pipeline makes; a server may say anything.
pub(crate) const MOST: usize = 10_000;

/// The numbers of a set without `*`, in its order.
pub(crate) fn plain<N: Number>(set: &NumberSet<N>) -> Vec<u32> {
    let end = |end: &Bound<N>| match end {
        Bound::Number(number) => number.get(),
        Bound::Largest => STAR,
    };
    let ranges = set.ranges.iter().map(|(first, last)| (end(first), end(last)));
    let numbers = ranges.flat_map(|(first, last)| first.min(last)..=first.max(last));
    numbers.take(MOST).collect()
}
