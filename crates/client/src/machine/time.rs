//! Deadlines.

use super::{InFlight, Machine};
use crate::error::Lost;
use crate::settings::Settings;
use peregrine_proto::CommandBody;
use std::time::Instant;

impl Machine {
    /// When [`Machine::handle_timeout`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        if self.lost.is_some() {
            return None;
        }
        let Settings { silence, patience, .. } = self.settings;
        let due = self.expects_reply().then(|| self.active.checked_add(silence)).flatten();
        let unanswered = self.unanswered().and_then(|(_, since)| since.checked_add(patience));
        [due, unanswered, self.idle.at].into_iter().flatten().min()
    }

    /// A deadline may have passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.lost.is_some() {
            return;
        }
        if self.expects_reply() && now.duration_since(self.active) >= self.settings.silence {
            return self.fail(Lost::Silence(self.settings.silence));
        }
        let patience = self.settings.patience;
        if let Some((command, since)) = self.unanswered()
            && now.duration_since(since) >= patience
        {
            return self.fail(Lost::Unanswered { command, patience });
        }
        if self.idle.at.is_some_and(|at| now >= at) {
            self.idle_now(now);
        }
    }

    /// Octets of a large message were written to the connection, and more are to come: that is no
    /// silence, and what stands behind the message has not gone out yet.
    pub fn written(&mut self, now: Instant) {
        self.active = now;
        let long =
            |one: &InFlight| matches!(one.body, CommandBody::Append(_) | CommandBody::Replace(_));
        for one in self.flying.iter_mut().skip_while(|one| !long(one)) {
            one.since = now;
        }
    }

    /// Nothing has to come while IDLE is in progress, until DONE was said.
    fn expects_reply(&self) -> bool {
        !self.greeted || self.flying.iter().any(|one| !self.is_quiet_idle(one))
    }

    fn unanswered(&self) -> Option<(&'static str, Instant)> {
        let due = self.flying.iter().filter(|one| !self.is_quiet_idle(one));
        due.map(|one| (one.body.name(), one.since)).min_by_key(|(_, since)| *since)
    }

    fn is_quiet_idle(&self, one: &InFlight) -> bool {
        self.idle.idling == Some(one.id) && !self.output.holds(one.id)
    }
}
