//! A simulated client: what it has sent, what it waits for, and what it believes.

use super::command::{Command, How, What};
use super::flags;
use super::history::{Change, History, Origin, Removal, Time};
use super::view::View;
use bytes::Bytes;
use peregrine_proto::Response;
use peregrine_proto::response::{Code, ResponseFramer, ResponseLimits};
use std::collections::{BTreeSet, VecDeque};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, WriteHalf};
use tokio::sync::mpsc;

/// A command that is not answered.
pub struct Pending {
    pub origin: Origin,
    pub tag: String,
    pub command: Command,
    pub sent: Option<Time>,
    /// By the view at the time when the client made it up.
    pub uids: BTreeSet<u32>,
    pub others: bool,
    /// Each of its numbers had a message.
    pub covers: bool,
    pub selection: Option<u64>,
    pub validity: u32,
    pub read_only: bool,
    /// EXPUNGE came since, so its numbers may mean other messages.
    pub renumbered: bool,
    /// Messages whose answer came.
    pub answered: BTreeSet<u32>,
    /// SEARCH has been answered.
    pub found: bool,
    /// Messages whose flags were told meanwhile.
    pub told: BTreeSet<u32>,
}

/// What is still to be written.
enum Unit {
    Octets(VecDeque<u8>),
    /// The client waits for `+`.
    Wait,
    /// The last octet of a command is written.
    End(u64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Idle {
    No,
    /// The command is on its way.
    Asked,
    /// `+` has come.
    Idling,
    /// DONE is on its way.
    Done,
}

pub struct Client {
    pub number: usize,
    writer: WriteHalf<DuplexStream>,
    arrived: mpsc::UnboundedReceiver<Vec<u8>>,
    framer: ResponseFramer,
    outbox: VecDeque<Unit>,
    plus: usize,
    pub idle: Idle,
    pub pending: Vec<Pending>,
    pub view: Option<View>,
    pub orders: u64,
    pub selections: u64,
    /// The last command that was answered, in order of sending.
    pub replied: u64,
    /// Since the last tagged reply: untagged data, EXPUNGEs, MOVE's COPYUID.
    pub group: Vec<Response>,
    pub expunges: bool,
    pub copy_uid: Option<Code>,
    pub closed: bool,
}

impl Client {
    pub fn new(number: usize, stream: DuplexStream) -> Self {
        let (mut reader, writer) = tokio::io::split(stream);
        let (sender, arrived) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut octets = vec![0; 4096];
            // An empty piece is the end.
            while let Ok(read) = reader.read(&mut octets).await {
                if sender.send(octets[..read].to_vec()).is_err() || read == 0 {
                    break;
                }
            }
        });
        Self {
            number,
            writer,
            arrived,
            framer: ResponseFramer::new(ResponseLimits::default()),
            outbox: VecDeque::new(),
            plus: 0,
            idle: Idle::No,
            pending: Vec::new(),
            view: None,
            orders: 0,
            selections: 0,
            replied: 0,
            group: Vec::new(),
            expunges: false,
            copy_uid: None,
            closed: false,
        }
    }

    /// Lines up a command behind those that wait to be written.
    pub fn queue(&mut self, command: Command, history: &mut History) {
        self.orders += 1;
        let origin = Origin { client: self.number, order: self.orders };
        let tag = format!("c{}n{}", self.number, self.orders);
        for (place, piece) in command.write(&tag).into_iter().enumerate() {
            if place > 0 {
                self.outbox.push_back(Unit::Wait);
            }
            history.note(self.number, '>', piece.as_bytes());
            self.outbox.push_back(Unit::Octets(piece.into_bytes().into()));
        }
        self.outbox.push_back(Unit::End(self.orders));
        if command == Command::Idle {
            self.idle = Idle::Asked;
        }
        let view = self.view.as_ref();
        let (uids, others) = match (view, command.set(), &command) {
            (Some(view), Some(set), _) => view.resolve(set),
            (Some(view), None, Command::Search { .. }) => (view.uids().into_iter().collect(), true),
            _ => (BTreeSet::new(), false),
        };
        let pending = Pending {
            origin,
            tag,
            sent: None,
            uids,
            others,
            covers: command.set().is_none_or(|set| view.is_some_and(|view| view.covers(set))),
            selection: view.map(|view| view.number),
            validity: view.map_or(0, |view| view.validity),
            read_only: view.is_some_and(|view| view.read_only),
            renumbered: false,
            answered: BTreeSet::new(),
            found: false,
            told: BTreeSet::new(),
            command,
        };
        pending.intend(history);
        self.pending.push(pending);
    }

    pub fn done_idling(&mut self, history: &mut History) {
        history.note(self.number, '>', b"DONE\r\n");
        self.outbox.push_back(Unit::Octets(b"DONE\r\n".to_vec().into()));
        self.idle = Idle::Done;
    }

    pub fn has_unsent(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Writes up to so many octets, as one piece; whether any could be written.
    pub async fn write(&mut self, most: usize, history: &mut History) -> bool {
        let mut piece = Vec::new();
        while let Some(unit) = self.outbox.front_mut() {
            match unit {
                Unit::Octets(octets) => {
                    let take = octets.len().min(most - piece.len());
                    piece.extend(octets.drain(..take));
                    if !octets.is_empty() {
                        break;
                    }
                }
                Unit::Wait if self.plus > 0 => self.plus -= 1,
                Unit::Wait => break,
                Unit::End(order) => {
                    let (order, now) = (*order, history.tick());
                    self.mark_sent(order, now, history);
                }
            }
            self.outbox.pop_front();
        }
        let wrote = !piece.is_empty();
        // A closed connection is seen when reading.
        let _ = self.writer.write_all(&piece).await;
        wrote
    }

    fn mark_sent(&mut self, order: u64, now: Time, history: &mut History) {
        let origin = Origin { client: self.number, order };
        for pending in self.pending.iter_mut().filter(|pending| pending.origin == origin) {
            pending.sent = Some(now);
        }
        for change in history.changes.iter_mut().filter(|change| change.origin == origin) {
            change.sent = Some(now);
        }
    }

    /// Takes all that has come; what is wrong with it.
    pub fn read(&mut self, history: &mut History) -> Result<(), String> {
        while let Ok(octets) = self.arrived.try_recv() {
            if octets.is_empty() {
                self.lose(history)?;
            }
            self.framer.push(&octets);
            while let Some(response) = self.framer.next_response().map_err(|e| e.to_string())? {
                history.note(self.number, '<', &response);
                history.tick();
                self.take(&response, history)
                    .map_err(|error| format!("client {}: {error}", self.number))?;
            }
        }
        Ok(())
    }

    fn take(&mut self, octets: &Bytes, history: &mut History) -> Result<(), String> {
        let response = Response::parse(octets).map_err(|error| error.to_string())?;
        match response {
            Response::Continuation(_) => {
                match self.idle {
                    Idle::Asked if !matches!(self.outbox.front(), Some(Unit::Wait)) => {
                        self.idle = Idle::Idling;
                    }
                    _ => self.plus += 1,
                }
                Ok(())
            }
            Response::Bye(_) => {
                self.closed = true;
                self.lose(history)?;
                match history.deletes {
                    0 => Err("BYE, though nobody deleted a mailbox".to_owned()),
                    _ => Ok(()),
                }
            }
            Response::Tagged { tag, status, text } => {
                self.tagged(&tag.to_string(), status, text.code, history)
            }
            other => self.untagged(other, history),
        }
    }

    /// The connection is gone: what was not answered may have been done or not.
    fn lose(&mut self, history: &mut History) -> Result<(), String> {
        if !self.closed {
            return Err(format!("client {}: cut off", self.number));
        }
        for pending in std::mem::take(&mut self.pending) {
            if let Some(change) = history.change(pending.origin) {
                change.others = true;
                change.uids.clear();
            }
            let keys = (pending.validity, 0)..=(pending.validity, u32::MAX);
            let tokens = history.messages.range(keys).filter_map(|(_, m)| m.token.clone());
            let mut tokens: Vec<String> = tokens.collect();
            if let Command::Append { token, .. } = pending.command {
                tokens.push(token);
            }
            history.excused.extend(tokens);
        }
        self.outbox.clear();
        self.view = None;
        Ok(())
    }
}

impl Pending {
    /// Notes what the command may do from now on.
    fn intend(&self, history: &mut History) {
        let (set, clear) = match &self.command {
            Command::Store { how: How::Add, flags, .. } => (*flags, 0),
            Command::Store { how: How::Remove, flags, .. } => (0, *flags),
            Command::Store { how: How::Replace, flags, .. } => (*flags, !flags & flags::ALL),
            Command::Fetch { what: What::Body | What::BodyAndFlags, .. } => (flags::SEEN, 0),
            _ => (0, 0),
        };
        // I24: a mailbox that was opened with EXAMINE is never changed.
        if (set | clear) != 0 && !self.read_only {
            history.changes.push(Change {
                origin: self.origin,
                sent: None,
                done: None,
                validity: self.validity,
                uids: self.uids.clone(),
                others: self.others,
                set,
                clear,
            });
        }
        let uids = match &self.command {
            Command::UidExpunge(set) => Some(set.clone()),
            Command::Move { set, .. } if set.uid => Some(set.clone()),
            Command::Expunge | Command::Close | Command::Move { .. } => None,
            Command::Delete(_) => {
                history.deletes += 1;
                return;
            }
            _ => return,
        };
        if !self.read_only {
            let (origin, validity) = (self.origin, self.validity);
            let moves = matches!(self.command, Command::Move { .. });
            history.removals.push(Removal { origin, validity, uids, moves });
        }
    }
}
