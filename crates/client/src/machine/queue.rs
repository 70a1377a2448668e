//! Commands that wait, and commands in progress.

use super::{CommandId, Event, Machine, Request, hold};
use crate::error::Error;
use crate::machine::Epoch;
use bytes::Bytes;
use peregrine_proto::command::append::Literal;
use peregrine_proto::effects::Effects;
use peregrine_proto::{CommandBody, Tag};
use std::time::Instant;

/// A command that has not been sent.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: CommandId,
    pub(super) body: CommandBody,
    pub(super) effects: Effects,
    pub(super) epoch: Option<Epoch>,
    /// The earlier command that it was found to wait for: it need not be judged again before that
    /// one has ended.
    pub(super) behind: Option<CommandId>,
}

/// A command that is being sent or was sent.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: CommandId,
    pub(super) tag: Tag,
    pub(super) body: CommandBody,
    pub(super) effects: Effects,
    /// When it was sent, or when the last octet came that was for it.
    pub(super) since: Instant,
    /// Of the machine's own making (IDLE, NOOP): nobody waits for it.
    pub(super) internal: bool,
    /// An answer to it could not be read.
    pub(super) damaged: Option<Error>,
    pub(super) told_capabilities: bool,
    pub(super) told_enabled: bool,
}

impl Waiting {
    pub(super) fn new(id: CommandId, request: Request) -> Self {
        let Request { body, epoch } = request;
        Self { id, effects: body.effects(), body, epoch, behind: None }
    }
}

impl Machine {
    /// Sends what need not wait, in order of submission.
    pub(super) fn start(&mut self, now: Instant) {
        if !self.greeted || self.lost.is_some() {
            return;
        }
        if !self.waiting.is_empty() {
            self.leave_idle(now);
        }
        let mut index = 0;
        while index < self.waiting.len() && self.flying.len() < self.settings.in_flight {
            if self.must_wait(index) {
                index += 1;
                continue;
            }
            let Some(waiting) = self.waiting.remove(index) else { break };
            let id = waiting.id;
            if let Err(error) = self.send(now, waiting) {
                self.events.push_back(Event::Done(id, Err(error)));
                self.release(id);
            }
        }
        self.idle_later(now);
    }

    /// Whether an earlier unfinished command keeps the one at `index` from being sent.
    fn must_wait(&mut self, index: usize) -> bool {
        let later = &self.waiting[index];
        if later.behind.is_some() {
            return true;
        }
        let name = self.selected.name.as_ref();
        let ordering = self.settings.ordering;
        let judge = |id: CommandId, body: &CommandBody, effects: &Effects| {
            let pair =
                hold::Pair { earlier: (body, effects), later: (&later.body, &later.effects) };
            pair.must_wait(name, ordering).then_some(id)
        };
        let behind = self
            .flying
            .iter()
            // IDLE is left before anything is sent; its OK comes in its own time.
            .filter(|earlier| !matches!(earlier.body, CommandBody::Idle(_)))
            .find_map(|earlier| judge(earlier.id, &earlier.body, &earlier.effects))
            .or_else(|| {
                let mut before = self.waiting.iter().take(index);
                before.find_map(|earlier| judge(earlier.id, &earlier.body, &earlier.effects))
            });
        self.waiting[index].behind = behind;
        behind.is_some()
    }

    /// Those that waited for this command are to be judged again.
    pub(super) fn release(&mut self, id: CommandId) {
        for waiting in &mut self.waiting {
            if waiting.behind == Some(id) {
                waiting.behind = None;
            }
        }
    }

    fn send(&mut self, now: Instant, waiting: Waiting) -> Result<(), Error> {
        let Waiting { id, body, effects, epoch, .. } = waiting;
        let command = body.name();
        if epoch.is_some_and(|epoch| epoch != self.selected.epoch) {
            return Err(Error::MailboxChanged { command });
        }
        if !body.allowed().contains(self.state) {
            return Err(Error::WrongState { command, state: self.state });
        }
        self.dispatch(now, id, body, effects, false);
        Ok(())
    }

    pub(super) fn dispatch(
        &mut self,
        now: Instant,
        id: CommandId,
        mut body: CommandBody,
        effects: Effects,
        internal: bool,
    ) {
        let tag = match id.0.checked_sub(CommandId::OWN) {
            None => format!("{}{}", self.prefix, id.0),
            Some(own) => format!("{}i{own}", self.prefix),
        };
        // The prefix and digits are tag characters.
        let Some(tag) = Tag::new(tag.as_bytes()) else { return };
        if matches!(body, CommandBody::Select(_) | CommandBody::Examine(_)) {
            self.opening(&body);
        }
        let known = &self.capabilities;
        body = self.output.command(id, &tag, body, (known.literal_mode(), known.encoding()));
        // The octets of a message are needed for sending alone.
        match &mut body {
            CommandBody::Append(append) => append.message = Literal::Inline(Bytes::new()),
            CommandBody::Replace(replace) => replace.new.message = Literal::Inline(Bytes::new()),
            _ => {}
        }
        if self.flying.is_empty() {
            self.active = now;
        }
        self.flying.push(InFlight {
            id,
            tag,
            body,
            effects,
            since: now,
            internal,
            damaged: None,
            told_capabilities: false,
            told_enabled: false,
        });
    }

    /// All that have not ended, with their names and whether anything of them was sent.
    pub(super) fn unfinished(&self) -> Vec<(CommandId, &'static str, bool)> {
        let flying = self
            .flying
            .iter()
            .filter(|one| !one.internal)
            .map(|one| (one.id, one.body.name(), true));
        let waiting = self.waiting.iter().map(|one| (one.id, one.body.name(), false));
        flying.chain(waiting).collect()
    }
}
