//! What was sent and received on all connections, in one order of events.

use crate::command::Command;
use bytes::Bytes;
use std::fmt::{self, Display, Formatter};

/// The events of a run. Each has a number of its own; of two events, the one with the lower number
/// came first, on whatever connection.
#[derive(Clone, Debug, Default)]
pub struct History {
    clock: u64,
    /// By number of the connection.
    pub connections: Vec<Record>,
}

/// One connection's part.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Commands in order of sending.
    pub commands: Vec<Sent>,
    /// Responses in order of arrival, after the login.
    pub received: Vec<Received>,
    /// What else was written: DONE, literals that were asked for; for the transcript.
    pub written: Vec<(u64, String)>,
    /// When the server closed the connection.
    pub closed: Option<u64>,
    /// When the client gave up waiting.
    pub gave_up: Option<u64>,
}

/// A command that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its tag.
    pub tag: String,
    /// What it is.
    pub command: Command,
    /// Before its first octet was written.
    pub begun: u64,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Received {
    /// After its last octet was read.
    pub at: u64,
    /// Without its last CRLF.
    pub octets: Bytes,
}

impl History {
    /// An empty history of so many connections.
    pub fn new(connections: usize) -> Self {
        Self { clock: 0, connections: vec![Record::default(); connections] }
    }

    /// The number of an event that happens now.
    pub fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// All of it, one line an event. Lines longer than 200 characters are cut.
    pub fn transcript(&self) -> Vec<String> {
        self.lines().into_iter().map(|(_, line)| line).collect()
    }

    /// As [`History::transcript`], of these events only.
    pub fn excerpt(&self, wanted: impl Fn(u64) -> bool) -> Vec<String> {
        self.lines().into_iter().filter(|(at, _)| wanted(*at)).map(|(_, line)| line).collect()
    }

    fn lines(&self) -> Vec<(u64, String)> {
        let mut lines = Vec::new();
        let several = self.connections.len() > 1;
        for (number, record) in self.connections.iter().enumerate() {
            let name = if several { format!("{number} ") } else { String::new() };
            for Sent { tag, command, begun } in &record.commands {
                lines.push((*begun, format!("{name}C: {tag} {command}")));
            }
            for (at, text) in &record.written {
                lines.push((*at, format!("{name}C: {text}")));
            }
            for Received { at, octets } in &record.received {
                lines.push((*at, format!("{name}S: {}", Shown(octets))));
            }
            let end = |at: &u64| (*at, format!("{name}S: (closed)"));
            lines.extend(record.closed.as_ref().map(end));
            let end = |at: &u64| (*at, format!("{name}C: (nothing more comes; gave up)"));
            lines.extend(record.gave_up.as_ref().map(end));
        }
        lines.sort_by_key(|(at, _)| *at);
        lines
    }
}

/// Longest line that is shown, in characters.
const WIDTH: usize = 200;

/// Octets of a response for a person: one line, nothing that could drive a terminal.
pub(crate) struct Shown<'a>(pub &'a [u8]);

impl Display for Shown<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0);
        let mut characters = text.chars();
        for character in characters.by_ref().take(WIDTH) {
            match character {
                '\r' => {}
                '\n' => out.write_str("⏎")?,
                c if c.is_control() => write!(out, "{}", c.escape_default())?,
                c => write!(out, "{c}")?,
            }
        }
        if characters.next().is_some() { out.write_str("…") } else { Ok(()) }
    }
}
