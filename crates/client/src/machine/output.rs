//! Octets to be sent, and the places where the server's `+` must come first.

use super::CommandId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use peregrine_proto::command::append::Literal;
use peregrine_proto::{Command, CommandBody, CommandWriter, Encoding, LiteralMode, Secret, Tag};
use std::collections::VecDeque;

/// A piece to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Transmit {
    /// Octets.
    Octets {
        /// What is sent.
        octets: Bytes,
        /// What a log may show in its place, where it is secret.
        shown: Option<&'static str>,
    },
    /// A message's octets, which lie elsewhere: exactly so many.
    Body {
        /// The APPEND that it is for.
        command: CommandId,
        /// The number that the command gave it.
        source: u64,
        /// Octets.
        length: u32,
    },
}

/// Messages from so many octets on are sent from where they are, not copied.
const COPIED: usize = 16 << 10;

/// The number of a message that is in memory. Other numbers are the caller's.
const IN_MEMORY: u64 = u64::MAX;

#[derive(Debug, Default)]
pub(super) struct Output {
    segments: VecDeque<Segment>,
}

#[derive(Debug)]
struct Segment {
    command: CommandId,
    what: What,
}

#[derive(Debug)]
enum What {
    Send(Transmit),
    /// Until `+` comes.
    Wait,
}

impl Output {
    /// Queues a command, written in this way. Gives it back, perhaps without the octets that are only sent.
    pub(super) fn command(
        &mut self,
        id: CommandId,
        tag: &Tag,
        body: CommandBody,
        (mode, encoding): (LiteralMode, Encoding),
    ) -> CommandBody {
        let mut body = body;
        let mut message = Bytes::new();
        if let CommandBody::Append(append) = &mut body
            && let Literal::Inline(octets) = &append.message
            && octets.len() > COPIED
            && let Ok(length) = u32::try_from(octets.len())
        {
            message = octets.clone();
            append.message = Literal::Spooled { id: IN_MEMORY, length };
        }
        let shown = match &body {
            CommandBody::Login(_) => Some("LOGIN …"),
            CommandBody::Authenticate(one) if one.initial_response.is_some() => {
                Some("AUTHENTICATE …")
            }
            _ => None,
        };
        let command = Command { tag: tag.clone(), body };
        let mut writer = CommandWriter::new(mode).encoded(encoding);
        command.write(&mut writer);
        self.written(id, writer, &message, shown);
        if matches!(command.body, CommandBody::Idle(_)) {
            self.push(id, What::Wait);
        }
        command.body
    }

    /// Cuts what was written at its waits and gaps.
    fn written(
        &mut self,
        id: CommandId,
        writer: CommandWriter,
        message: &Bytes,
        shown: Option<&'static str>,
    ) {
        let octets = Bytes::from(writer.octets);
        let mut from = 0;
        let mut gaps = writer.gaps.iter().peekable();
        let mut waits = writer.waits.iter().peekable();
        loop {
            let wait = waits.peek().map_or(usize::MAX, |at| **at);
            let gap = gaps.peek().map_or(usize::MAX, |gap| gap.at);
            let to = wait.min(gap).min(octets.len());
            if to > from {
                let octets = octets.slice(from..to);
                self.push(id, What::Send(Transmit::Octets { octets, shown }));
            }
            from = to;
            if wait == to {
                waits.next();
                self.push(id, What::Wait);
            } else if gap == to {
                let Some(gap) = gaps.next() else { return };
                let body = match gap.id {
                    IN_MEMORY => Transmit::Octets { octets: message.clone(), shown: None },
                    source => Transmit::Body { command: id, source, length: gap.length },
                };
                self.push(id, What::Send(body));
            } else {
                return;
            }
        }
    }

    /// Queues DONE behind the IDLE of this id.
    pub(super) fn done(&mut self, id: CommandId) {
        let octets = Bytes::from_static(b"DONE\r\n");
        self.push(id, What::Send(Transmit::Octets { octets, shown: None }));
    }

    /// Queues the answer to a challenge.
    pub(super) fn respond(&mut self, response: Option<&Secret>) {
        let mut line = match response {
            Some(secret) => STANDARD.encode(secret.reveal()),
            None => "*".to_owned(),
        };
        line.push_str("\r\n");
        // Nothing else is in progress beside AUTHENTICATE, so that no command's name is needed.
        let transmit = Transmit::Octets { octets: line.into(), shown: Some("…") };
        self.push(CommandId(u64::MAX), What::Send(transmit));
    }

    fn push(&mut self, command: CommandId, what: What) {
        self.segments.push_back(Segment { command, what });
    }

    pub(super) fn poll(&mut self) -> Option<Transmit> {
        match self.segments.front()?.what {
            What::Wait => None,
            What::Send(_) => match self.segments.pop_front()?.what {
                What::Send(transmit) => Some(transmit),
                What::Wait => None,
            },
        }
    }

    /// `+` has come. Whether something waited for it, and could have caused it: all before it was
    /// sent.
    pub(super) fn go_on(&mut self) -> bool {
        let waited = matches!(self.segments.front(), Some(Segment { what: What::Wait, .. }));
        if waited {
            self.segments.pop_front();
        }
        waited
    }

    /// Whether something of the command was not handed out yet.
    pub(super) fn holds(&self, id: CommandId) -> bool {
        self.segments.iter().any(|segment| segment.command == id)
    }

    /// The server refused the command. What waits for its `+` it does not want (RFC 3501 §7.5);
    /// what was announced without waiting it takes for a part of the command whatever it answers
    /// (RFC 7888 §3), so that is still to come.
    pub(super) fn cancel(&mut self, id: CommandId) {
        let mut waited = false;
        self.segments.retain(|segment| {
            let ours = segment.command == id;
            waited |= ours && matches!(segment.what, What::Wait);
            !(ours && waited)
        });
    }
}
