//! The client's side of a run, without I/O: what to write next, and what came.

use crate::command::Command;
use crate::history::{History, Received, Sent};
use crate::plan::Step;
use peregrine_proto::Response;
use peregrine_proto::response::{ResponseFramer, ResponseLimits};
use std::collections::VecDeque;

/// One connection that plays its steps. It is logged in, and nothing of that is left to read.
pub struct Player {
    number: usize,
    steps: VecDeque<Step>,
    outbox: VecDeque<Unit>,
    framer: ResponseFramer,
    /// Tags without a reply.
    pending: Vec<String>,
    idle: Idle,
    /// Prompts for a literal that were not used.
    plus: usize,
    closed: bool,
}

/// What is still to be written.
enum Unit {
    /// Octets of a command, or DONE; the command begins with the first of them.
    Octets { octets: Vec<u8>, written: usize, begins: Option<(String, Command)>, shown: String },
    /// The client waits for `+`; the literal of the command of this tag follows.
    Wait(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Idle {
    No,
    /// The command is on its way.
    Asked,
    /// `+` has come.
    Idling,
}

/// What a connection can do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Write these octets.
    Write(Vec<u8>),
    /// Read.
    Read,
    /// Do nothing for so many milliseconds, but read.
    Pause(u64),
    /// Wait for the other connections.
    Meet,
    /// All is done.
    Done,
}

impl Player {
    /// A connection of this number in the history.
    pub fn new(number: usize, steps: Vec<Step>) -> Self {
        Self {
            number,
            steps: steps.into(),
            outbox: VecDeque::new(),
            framer: ResponseFramer::new(ResponseLimits::default()),
            pending: Vec::new(),
            idle: Idle::No,
            plus: 0,
            closed: false,
        }
    }

    /// What to do next; at most so many octets (one or more) are given to be written.
    pub fn next(&mut self, most: usize, history: &mut History) -> Next {
        if self.closed {
            // The others still wait for this one.
            let meets = |step: &Step| *step == Step::Meet;
            let skipped = self.steps.iter().position(meets).map(|place| self.steps.drain(..=place));
            return if skipped.is_some() { Next::Meet } else { Next::Done };
        }
        self.fill(history);
        let piece = self.take(most, history);
        if !piece.is_empty() {
            return Next::Write(piece);
        }
        if !self.outbox.is_empty() {
            return Next::Read;
        }
        match self.steps.front() {
            Some(Step::Pause(_)) if self.idle == Idle::Asked => Next::Read,
            Some(Step::Pause(time)) => {
                let time = *time;
                self.steps.pop_front();
                Next::Pause(time)
            }
            Some(Step::Meet) if self.pending.is_empty() => {
                self.steps.pop_front();
                Next::Meet
            }
            None if self.pending.is_empty() => Next::Done,
            _ => Next::Read,
        }
    }

    /// Octets that came; an empty slice is the end of the connection.
    pub fn read(&mut self, octets: &[u8], history: &mut History) {
        if octets.is_empty() {
            self.close();
            let at = history.tick();
            history.connections[self.number].closed = Some(at);
            return;
        }
        self.framer.push(octets);
        // Octets that are no responses end the dialogue: what is missing then is judged.
        loop {
            match self.framer.next_response() {
                Ok(Some(response)) => self.take_response(response, history),
                Ok(None) => return,
                Err(_) => return self.close(),
            }
        }
    }

    /// Nothing has come for too long: the connection is given up.
    pub fn give_up(&mut self, history: &mut History) {
        self.close();
        let at = history.tick();
        history.connections[self.number].gave_up = Some(at);
    }

    /// The connection is over.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn close(&mut self) {
        self.closed = true;
        self.outbox.clear();
        self.pending.clear();
    }

    /// Lines up what may be written now.
    fn fill(&mut self, history: &mut History) {
        loop {
            match self.steps.front() {
                Some(Step::Send(_) | Step::Settle | Step::Meet) | None
                    if self.idle == Idle::Idling =>
                {
                    self.idle = Idle::No;
                    self.push("DONE\r\n".into(), None, "DONE".into());
                }
                Some(Step::Send(_) | Step::Settle) if self.idle == Idle::Asked => return,
                Some(Step::Send(_)) => {
                    if let Some(Step::Send(command)) = self.steps.pop_front() {
                        self.send(command, history);
                    }
                }
                Some(Step::Settle) if self.pending.is_empty() && self.outbox.is_empty() => {
                    self.steps.pop_front();
                }
                _ => return,
            }
        }
    }

    fn send(&mut self, command: Command, history: &History) {
        let waiting =
            self.outbox.iter().filter(|unit| matches!(unit, Unit::Octets { begins: Some(_), .. }));
        let order = history.connections[self.number].commands.len() + waiting.count() + 1;
        let tag = format!("{}{order}", char::from(b'a' + (self.number % 26) as u8));
        if command == Command::Idle {
            self.idle = Idle::Asked;
        }
        let waits = matches!(command, Command::Oversize(_));
        let pieces = command.write(&tag);
        let mut begins = Some((tag.clone(), command));
        for (place, piece) in pieces.into_iter().enumerate() {
            if place > 0 {
                self.outbox.push_back(Unit::Wait(tag.clone()));
            }
            let shown = if place > 0 { "(the literal)".into() } else { String::new() };
            self.push(piece.into_bytes(), begins.take(), shown);
        }
        if waits {
            self.outbox.push_back(Unit::Wait(tag));
        }
    }

    fn push(&mut self, octets: Vec<u8>, begins: Option<(String, Command)>, shown: String) {
        self.outbox.push_back(Unit::Octets { octets, written: 0, begins, shown });
    }

    fn take(&mut self, most: usize, history: &mut History) -> Vec<u8> {
        let mut piece = Vec::new();
        while let Some(unit) = self.outbox.front_mut() {
            match unit {
                Unit::Octets { octets, written, begins, shown } => {
                    if piece.len() == most {
                        break;
                    }
                    if let Some((tag, command)) = begins.take() {
                        let begun = history.tick();
                        self.pending.push(tag.clone());
                        let commands = &mut history.connections[self.number].commands;
                        commands.push(Sent { tag, command, begun });
                    }
                    if *written == 0 && !shown.is_empty() {
                        let at = history.tick();
                        let record = &mut history.connections[self.number];
                        record.written.push((at, std::mem::take(shown)));
                    }
                    let end = octets.len().min(written.saturating_add(most - piece.len()));
                    piece.extend_from_slice(&octets[*written..end]);
                    *written = end;
                    if end < octets.len() {
                        break;
                    }
                }
                Unit::Wait(_) if self.plus > 0 => self.plus -= 1,
                Unit::Wait(_) => break,
            }
            self.outbox.pop_front();
        }
        piece
    }

    fn take_response(&mut self, octets: bytes::Bytes, history: &mut History) {
        let at = history.tick();
        match Response::parse(&octets) {
            Ok(Response::Continuation(_)) => match self.outbox.front() {
                Some(Unit::Wait(_)) => self.plus += 1,
                _ if self.idle == Idle::Asked => self.idle = Idle::Idling,
                _ => self.plus += 1,
            },
            Ok(Response::Tagged { tag, .. }) => {
                self.forget(tag.as_str());
                // The server closes now, and nothing more is to be sent.
                let sent = &history.connections[self.number].commands;
                let logout =
                    |sent: &Sent| sent.tag == tag.as_str() && sent.command == Command::Logout;
                self.closed |= sent.iter().any(logout);
            }
            _ => {}
        }
        history.connections[self.number].received.push(Received { at, octets });
    }

    /// A command has its reply.
    fn forget(&mut self, tag: &str) {
        self.pending.retain(|pending| pending != tag);
        // Its literal was refused (RFC 3501 §4.3): it is not sent.
        while matches!(self.outbox.front(), Some(Unit::Wait(waiting)) if waiting == tag) {
            self.outbox.pop_front();
            if matches!(self.outbox.front(), Some(Unit::Octets { begins: None, .. })) {
                self.outbox.pop_front();
            }
        }
        // IDLE was refused.
        if self.pending.is_empty() && self.idle == Idle::Asked && self.outbox.is_empty() {
            self.idle = Idle::No;
        }
    }
}
