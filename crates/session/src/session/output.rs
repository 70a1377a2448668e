//! What goes out next: updates under way, replies whose turn it is, then blocks, fairly.

use super::complete::Tail;
use super::{Phase, Session};
use crate::entry::Kind;
use crate::selection::Occasion;
use crate::updates::Updates;
use crate::{Host, TraceStep};
use bytes::Bytes;
use peregrine_proto::number::UidRanges;
use std::time::Instant;

/// Updates that are being sent, and what goes directly behind them.
pub(super) struct Telling<S> {
    pub updates: Updates<S>,
    pub tail: Tail,
}

impl<H: Host> Session<H> {
    /// Octets to send, in this order. Report them with [`Session::handle_sent`]; no more are
    /// given while many are on their way, so that later answers can still overtake.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        if self.wire.in_flight >= self.limits.transmit {
            return None;
        }
        self.schedule_lone();
        while self.proceed() {}
        let idle = self.wire.in_flight == 0;
        let octets = self.wire.take()?;
        if idle {
            self.clock.progressed = self.clock.now;
        }
        self.clock.spoke = self.clock.now;
        Some(octets)
    }

    /// So many octets of what was handed out have been taken by the network.
    pub fn handle_sent(&mut self, now: Instant, octets: usize) {
        self.clock.now = now;
        if octets > 0 {
            self.clock.progressed = now;
        }
        self.wire.in_flight = self.wire.in_flight.saturating_sub(octets);
        self.rest();
    }

    /// Puts in order for sending what may go, starts what that has set free and reads on; `false`
    /// where nothing came of it.
    pub(super) fn proceed(&mut self) -> bool {
        if self.wire.in_flight >= self.limits.transmit {
            return false;
        }
        while self.wire.pending() < self.limits.chunk && self.step() {}
        self.settle() && self.wire.pending() < self.limits.chunk
    }

    /// Starts what the last replies have set free, and reads on; whether anything came of it.
    fn settle(&mut self) -> bool {
        let (arrived, started) = (self.schedule.last(), self.start_waiting());
        self.read();
        started || self.schedule.last() != arrived
    }

    /// Puts the next thing in order for sending; `false` where there is none.
    fn step(&mut self) -> bool {
        // It is for the next layer.
        if self.phase == Phase::Switching {
            return false;
        }
        if let Some(telling) = &mut self.telling {
            if telling.updates.write(self.wire.buffer(), self.limits.chunk) {
                let tail = std::mem::take(&mut telling.tail);
                self.telling = None;
                self.put_tail(tail);
            }
            return true;
        }
        if self.dialogue.is_some() && self.schedule.open().is_none() && self.step_dialogue() {
            return true;
        }
        let put = self.wire.put_so_far();
        if let Some(place) = self.schedule.overdue(put, self.limits.patience) {
            return self.send_piece(place);
        }
        if let Some(place) = self.schedule.completable(self.limits.chunk) {
            self.complete(place);
            return true;
        }
        match self.schedule.next_piece() {
            Some(place) => self.send_piece(place),
            None => false,
        }
    }

    /// During IDLE changes are told at once; what has changed before is told before its prompt,
    /// for the client waits in silence from then on (RFC 2177 §3).
    fn step_dialogue(&mut self) -> bool {
        let Some(dialogue) = &mut self.dialogue else { return false };
        let prompt = std::mem::take(&mut dialogue.prompt);
        if dialogue.idle
            && let Some(selection) = &mut self.selection
        {
            let expunge = self.schedule.allows_expunge(dialogue.job, Kind::Idle);
            let occasion = Occasion {
                expunge,
                uid: false,
                enabled: self.enabled,
                shown: None,
                own: &[],
                // Nothing else is in progress.
                changing: &UidRanges::new,
            };
            if let Some(updates) = selection.update(&occasion) {
                let tail = Tail::line(prompt);
                self.telling = Some(Box::new(Telling { updates, tail }));
                return true;
            }
        }
        self.wire.buffer().extend_from_slice(&prompt);
        !prompt.is_empty()
    }

    /// Sends the rest of a response that has been begun; `false` where its job has not given it.
    pub(super) fn end_response(&mut self) -> bool {
        while self.schedule.open().is_some() {
            let Some(place) = self.schedule.next_piece() else { return false };
            self.send_piece(place);
        }
        true
    }

    fn send_piece(&mut self, place: usize) -> bool {
        let begins = self.schedule.open().is_none();
        let Some(piece) = self.schedule.pop_piece(place, self.wire.put_so_far()) else {
            return false;
        };
        let octets = piece.octets.len() as u64;
        let Some(entry) = self.schedule.at_mut(place) else { return false };
        let first = entry.blocks.sent == 0;
        entry.blocks.sent += octets;
        entry.last_word = self.clock.now;
        let stores = matches!(entry.kind, Kind::Store { .. });
        if first && self.trace.is_some() {
            let (id, tag) = (entry.id, entry.tag.clone());
            self.note(id, tag.as_ref(), || TraceStep::FirstByte);
        }
        // A STORE may have made the keyword that its answer names.
        if stores
            && begins
            && let Some(selection) = &mut self.selection
        {
            selection.announce(self.wire.buffer());
        }
        self.wire.put_piece(piece.octets, piece.ends);
        true
    }
}
