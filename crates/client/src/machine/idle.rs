//! IDLE when there is nothing else to do (RFC 2177); NOOP now and then where there is no IDLE.

use super::{CommandId, Machine};
use crate::settings::Settings;
use peregrine_proto::command::{Idle, Noop, State};
use peregrine_proto::{CommandBody, Status};
use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct IdleState {
    /// Somebody wants to hear of changes.
    pub(super) wanted: bool,
    /// The IDLE in progress, as long as DONE was not queued.
    pub(super) idling: Option<CommandId>,
    /// The server offers IDLE and refuses it.
    refused: bool,
    /// When to begin, to begin anew, or to send NOOP.
    pub(super) at: Option<Instant>,
}

impl Machine {
    /// From now on, idles whenever there is nothing else to do, or no longer. A new command ends
    /// IDLE, is sent at once, and IDLE begins again after it.
    pub fn want_idle(&mut self, now: Instant, wanted: bool) {
        self.idle.wanted = wanted;
        if wanted {
            self.idle_later(now);
        } else {
            self.leave_idle(now);
            self.idle.at = None;
        }
    }

    /// Whether an IDLE is in progress and its `+` has come.
    pub fn is_idling(&self) -> bool {
        self.idle.idling.is_some_and(|id| !self.output.holds(id))
    }

    fn can_idle(&self) -> bool {
        self.capabilities.has("IDLE") && !self.idle.refused
    }

    /// IDLE was answered without DONE: the server has had enough of it, or does not want it.
    pub(super) fn idle_ended(&mut self, status: Status) {
        self.idle.idling = None;
        self.idle.refused |= status != Status::Ok;
    }

    /// Ends IDLE. From here on an answer is due; that nothing came before was no silence.
    pub(super) fn leave_idle(&mut self, now: Instant) {
        let Some(id) = self.idle.idling.take() else { return };
        self.output.done(id);
        self.active = now;
        if let Some(one) = self.flying.iter_mut().find(|one| one.id == id) {
            one.since = now;
        }
    }

    /// Sets the time for the next step, if there is nothing else to do.
    pub(super) fn idle_later(&mut self, now: Instant) {
        let may = self.idle.wanted && self.lost.is_none() && self.state == State::Selected;
        if !may || !self.waiting.is_empty() || !self.flying.is_empty() {
            if self.idle.idling.is_none() {
                self.idle.at = None;
            }
            return;
        }
        let pause = match self.can_idle() {
            true => self.settings.idle_delay,
            false => self.settings.poll,
        };
        self.idle.at = now.checked_add(pause);
    }

    /// The time has come.
    pub(super) fn idle_now(&mut self, now: Instant) {
        self.idle.at = None;
        // The tagged OK to DONE shows that the link still works; then IDLE begins again.
        if self.idle.idling.is_some() {
            return self.leave_idle(now);
        }
        let body = match self.can_idle() {
            true => CommandBody::Idle(Idle),
            false => CommandBody::Noop(Noop),
        };
        let id = self.own_id();
        if matches!(body, CommandBody::Idle(_)) {
            self.idle.idling = Some(id);
            let longest = self.settings.idle_renewal.min(Settings::IDLE_LONGEST);
            self.idle.at = now.checked_add(longest);
        }
        let effects = body.effects();
        self.dispatch(now, id, body, effects, true);
    }
}
