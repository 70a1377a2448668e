//! The start of a command: only then is it decided whether it is legal in the state and what its
//! numbers mean.

use super::Session;
use crate::entry::{Behind, Ending, Kind, Stage};
use crate::{Context, Host, Job, JobId, Outcome, TraceStep};
use peregrine_proto::command::State;
use peregrine_proto::{Code, CommandBody, Status};

impl<H: Host> Session<H> {
    /// Starts every command that may start; whether any did.
    pub(super) fn start_waiting(&mut self) -> bool {
        let mut started = false;
        let mut place = 0;
        while self.schedule.has_waiting() && place < self.schedule.len() {
            started |= self.try_start(place);
            place += 1;
        }
        started
    }

    /// Starts the command at this place if nothing stands in its way; whether it did.
    pub(super) fn try_start(&mut self, place: usize) -> bool {
        let Some(entry) = self.schedule.at(place) else { return false };
        let Stage::Waiting { behind } = entry.stage else { return false };
        if behind.is_some_and(|behind| self.schedule.is_behind(behind)) {
            return false;
        }
        // The oldest may always start, so that what the others hold back can come to its turn.
        if place > 0 && self.schedule.output() >= self.limits.output {
            return false;
        }
        if let Some(obstacle) = self.schedule.obstacle(place, self.selection.as_deref()) {
            self.wait(place, obstacle.behind, obstacle.resource);
            return false;
        }
        if let Some(job) = self.starves_expunge(place) {
            let why = "an EXPUNGE has waited for long, and can be told once nothing uses numbers";
            self.wait(place, Behind { job, started: true }, why);
            return false;
        }
        self.start(place);
        true
    }

    /// Where a command at this place would keep an EXPUNGE from being told that has waited for long:
    /// one that does so already. A command that names sequence numbers may start all the same: the
    /// client means those that it knows.
    fn starves_expunge(&self, place: usize) -> Option<JobId> {
        let withheld = self.selection.as_ref().map_or(0, |selection| selection.withheld());
        let entry = self.schedule.at(place).filter(|_| withheld >= self.limits.withheld)?;
        self.schedule.numbering().filter(|_| entry.kind.only_answers_numbers())
    }

    fn wait(&mut self, place: usize, behind: Behind, resource: &'static str) {
        if self.trace.is_some() {
            let tag = self.schedule.get(behind.job).and_then(|entry| entry.tag.clone());
            let later = self.schedule.at(place).map(|entry| (entry.id, entry.tag.clone()));
            if let Some((id, own)) = later {
                self.note(id, own.as_ref(), || TraceStep::Waiting {
                    behind: behind.job,
                    tag,
                    resource,
                });
            }
        }
        if let Some(entry) = self.schedule.at_mut(place) {
            entry.stage = Stage::Waiting { behind: Some(behind) };
        }
    }

    fn start(&mut self, place: usize) {
        let Some(entry) = self.schedule.at(place) else { return };
        let Some(body) = &entry.body else { return };
        if let Some(why) = self.refusal(entry.kind, body) {
            let ending = Ending { outcome: Box::new(Outcome::bad(why)), selection: None };
            return self.schedule.start(place, Stage::Finishing(ending));
        }
        if self.enabled.uid_only && body.names_sequence_numbers() {
            // RFC 9586 §3
            let text = "Sequence numbers are off since ENABLE UIDONLY; use UIDs";
            let outcome = Outcome::new(Status::Bad, Some(Code::UidRequired), text);
            let ending = Ending { outcome: Box::new(outcome), selection: None };
            return self.schedule.start(place, Stage::Finishing(ending));
        }
        let Some(entry) = self.schedule.at_mut(place) else { return };
        entry.last_word = self.clock.now;
        let id = entry.id;
        let tag = self.trace.is_some().then(|| entry.tag.clone()).flatten();
        self.schedule.start(place, Stage::Running);
        self.note(id, tag.as_ref(), || TraceStep::Started);
        self.jobs.push_back(id);
    }

    /// What the caller is to run. Between the start and this, no number has changed its meaning:
    /// a command that has started keeps the selection, and its numbers, as they are.
    pub(super) fn job(&mut self, id: JobId) -> Option<Job<H>> {
        let place = self.schedule.place(id)?;
        let context = self.context();
        let entry = self.schedule.at_mut(place)?;
        if entry.flagged().is_some() {
            entry.started_with = context.selected().map(|selected| selected.view.clone());
        }
        // From here on they are the job's.
        entry.spooled.clear();
        let (tag, body) = (entry.tag.clone()?, entry.body.take()?);
        Some(Job { id, tag, body, context, enabled: self.enabled })
    }

    pub(super) fn context(&mut self) -> Context<H> {
        match (&self.account, &mut self.selection) {
            (None, _) => Context::NotAuthenticated,
            (Some(account), None) => Context::Authenticated(account.clone()),
            (Some(account), Some(selection)) => {
                Context::Selected(account.clone(), selection.selected())
            }
        }
    }

    /// Why a command is not legal in the present state (RFC 3501 §3), in words that help.
    pub(super) fn refusal(&self, kind: Kind, body: &CommandBody) -> Option<&'static str> {
        if kind == Kind::StartTls && self.secure {
            return Some("TLS is on already");
        }
        let states = body.allowed();
        let state = match (&self.account, &self.selection) {
            (None, _) => State::NotAuthenticated,
            (Some(_), None) => State::Authenticated,
            (Some(_), Some(_)) => State::Selected,
        };
        if states.contains(state) {
            return None;
        }
        Some(match state {
            State::NotAuthenticated => "Log in first",
            _ if states.contains(State::Selected) => "SELECT a mailbox first",
            _ => "You are logged in already",
        })
    }
}
