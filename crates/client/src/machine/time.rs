//! Deadlines.

use super::Machine;
use crate::error::Lost;
use peregrine_proto::CommandBody;
use std::time::Instant;

impl Machine {
    /// When [`Machine::handle_timeout`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        if self.lost.is_some() {
            return None;
        }
        let due = self.expects_reply().then(|| self.active + self.settings.silence);
        let unanswered = self.unanswered().map(|(_, since)| since + self.settings.patience);
        [due, unanswered, self.idle.at].into_iter().flatten().min()
    }

    /// A deadline may have passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.lost.is_some() {
            return;
        }
        if self.expects_reply() && now >= self.active + self.settings.silence {
            return self.fail(Lost::Silence(self.settings.silence));
        }
        let patience = self.settings.patience;
        if let Some((command, since)) = self.unanswered()
            && now >= since + patience
        {
            return self.fail(Lost::Unanswered { command, patience });
        }
        if self.idle.at.is_some_and(|at| now >= at) {
            self.idle_now(now);
        }
    }

    /// Octets of a large message were written to the connection, and more are to come: that is no
    /// silence.
    pub fn written(&mut self, now: Instant) {
        self.active = now;
        for one in &mut self.flying {
            if matches!(one.body, CommandBody::Append(_)) {
                one.since = now;
            }
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

    fn is_quiet_idle(&self, one: &super::InFlight) -> bool {
        self.idle.idling == Some(one.id) && !self.output.holds(one.id)
    }
}
