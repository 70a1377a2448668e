//! The end of a connection, whoever wants it.

use super::Session;
use crate::entry::{Entry, Kind, Stage};
use crate::schedule::Schedule;
use crate::{Host, Layer};
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, Response};
use std::time::Instant;

/// Where a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Commands are taken.
    Open,
    /// Nothing is read any longer; what has been put in order is sent, then it is closed.
    Closing,
    /// The layer below changes behind what has been put in order: nothing is read, nor put in order
    /// behind it, until the caller has changed it.
    Switching,
    /// STARTTLS has been answered: nothing is read any longer, TLS begins when its OK is sent.
    Securing,
    /// Nothing is read or sent.
    Closed,
}

impl<H: Host> Session<H> {
    /// The client is gone, or its connection has failed.
    pub fn handle_end(&mut self, now: Instant) {
        self.clock.now = now;
        self.schedule_lone();
        self.end();
    }

    /// The selected mailbox was deleted. If another session did that: BYE (RFC 2180 §3.3); a DELETE
    /// of our own is answered, and no mailbox is selected then.
    pub fn handle_mailbox_gone(&mut self, now: Instant) {
        self.clock.now = now;
        self.schedule_lone();
        let deletes = |entry: &Entry<H>| entry.kind == Kind::Delete && entry.is_started();
        // A SELECT is answered first: until then the client knows of no mailbox that could be gone.
        self.gone_unopened = self.selecting.is_some();
        let known = self.selection.is_some() && !self.gone_unopened;
        self.gone = known && self.schedule.iter().any(deletes);
        if !self.gone && !self.gone_unopened {
            self.leave_deleted();
        }
    }

    /// After a DELETE that has been answered, while which the selected mailbox has gone.
    pub(super) fn forget_deleted(&mut self) {
        // Another DELETE of ours, which is not answered yet, may have done it.
        let deletes = |entry: &Entry<H>| entry.kind == Kind::Delete && entry.is_started();
        let selected = self.selection.is_some();
        if selected && self.schedule.iter().any(deletes) {
            return;
        }
        self.gone = false;
        if selected {
            self.leave_deleted();
        }
    }

    pub(super) fn leave_deleted(&mut self) {
        self.say_bye(None, "The selected mailbox has been deleted");
    }

    /// The server goes down, or does not want this client any longer: BYE with this text.
    pub fn handle_shutdown(&mut self, now: Instant, text: ResponseText) {
        self.clock.now = now;
        self.schedule_lone();
        self.bye(text);
    }

    /// Whether the socket is to be closed: everything that can be sent has been.
    pub fn is_closed(&self) -> bool {
        match self.phase {
            Phase::Closed => true,
            Phase::Closing => self.wire.is_drained(),
            Phase::Open | Phase::Switching | Phase::Securing => false,
        }
    }

    /// Whether the TLS handshake is to begin now: STARTTLS has been answered and the answer sent.
    /// What the client had sent behind it is dropped (RFC 3501 §6.2.1); a new session goes on.
    pub fn poll_starttls(&mut self) -> bool {
        self.phase == Phase::Securing && self.wire.is_drained()
    }

    /// The layer that begins now: what is handed out from here on, and what is read, is in it.
    pub fn poll_layer(&mut self) -> Option<Layer> {
        if self.phase != Phase::Switching || !self.wire.is_drained() {
            return None;
        }
        self.phase = Phase::Open;
        Some(match self.deflated {
            true => Layer::Deflate(self.framer.take_unread()),
            false => Layer::Plain,
        })
    }

    /// From here on the octets are `deflated` or not, once what stands before is sent.
    pub(super) fn switch(&mut self, deflated: bool) {
        if self.deflated != deflated {
            self.deflated = deflated;
            self.phase = Phase::Switching;
        }
    }

    pub(super) fn say_bye(&mut self, code: Option<Code>, text: &str) {
        self.bye(ResponseText { code, text: text.into() });
    }

    /// What BYE said, for the log; `None` where there was none, or only the answer to LOGOUT.
    pub fn last_words(&self) -> Option<&str> {
        self.last_words.as_deref()
    }

    /// Answers what has ended, then says BYE; drops everything else.
    fn bye(&mut self, text: ResponseText) {
        // Nobody knows in which layer the client would read it.
        if self.phase == Phase::Switching {
            return self.leave(Phase::Closing);
        }
        if self.phase != Phase::Open {
            return;
        }
        self.last_words = Some(Box::from(&*text.text));
        // In the middle of a literal there is no BYE.
        if !self.end_response() {
            return self.end();
        }
        if let Some(telling) = self.telling.take() {
            self.put_tail(telling.tail);
        }
        while let Some(place) = self.schedule.completable(self.limits.chunk) {
            let Some(entry) = self.schedule.remove(place) else { break };
            self.answer_plainly(entry);
        }
        // A job's prompt, so that what is said does not depend on how the input was cut.
        if let Some(dialogue) = &self.dialogue {
            self.wire.buffer().extend_from_slice(&dialogue.prompt);
        }
        self.write(&Response::Bye(text));
        self.leave(Phase::Closing);
    }

    /// Ends at once, without a word.
    pub(super) fn end(&mut self) {
        if self.phase != Phase::Closed {
            self.leave(Phase::Closed);
            self.wire = Default::default();
        }
    }

    /// Leaves everything behind but what has been put in order for sending.
    pub(super) fn leave(&mut self, phase: Phase) {
        self.phase = phase;
        self.framer.clear();
        self.dialogue = None;
        self.line = None;
        self.telling = None;
        self.selection = None;
        self.selecting = None;
        self.drop_arriving();
        self.jobs.clear();
        let mut schedule = std::mem::replace(&mut self.schedule, Schedule::new());
        while let Some(mut entry) = schedule.remove(0) {
            self.drop_spooled(std::mem::take(&mut entry.spooled));
            // Where the caller has not fetched it, there is nothing to cancel.
            if matches!(entry.stage, Stage::Running) && entry.body.is_none() {
                self.cancels.push_back(entry.id);
            }
        }
    }
}
